"""Statistics of a comparison. Frames and arrays in, frames and numbers out.

comparison.py     every system against a reference: means, intervals, gains, Holm, verdict
randomisation.py  the paired randomisation test, for all columns of a table at once
bootstrap.py      intervals over users, and over users and seeds
paired.py         one paired difference: t-test, effect size, Wilcoxon, smallest difference to be seen
pairs.py          all pairs: letters, wins, ties and losses
stratified.py     gains by stratum, trend and interaction
ranks.py          Friedman and Nemenyi across datasets
simulation.py     false alarms and power on simulated comparisons
"""
