"""The experiment: plans, data, training, evaluation, statistics and reports."""
