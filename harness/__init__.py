"""The experiment: plans, data, training, evaluation, statistics and tables."""

PROTOCOL = 2
"""Version of the experimental protocol; part of every run's identity."""


class InputError(ValueError):
    """Input from outside that cannot be used: one sentence naming file, place and what was expected."""
