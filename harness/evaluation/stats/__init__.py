"""Statistics of comparisons between systems. Functions take DataFrames and arrays, and return them.

sample.py         the scores of all runs, and estimates from them that allow for other users and other seeds
seeds.py          how much seeds move a system's mean
estimate.py       an estimate: interval, tests, power
smallest.py       the smallest difference that matters
comparison.py     every system against a reference system: mean, interval, gain, test, verdict
pairs.py          all pairs of systems: tests, letters, wins, ties and losses, what more data would decide
stratified.py     gains by stratum of users, their trend and their interaction with the stratum
swept.py          the same trends along a sweep of densities
ranks.py          Friedman's and Nemenyi's tests across datasets
bradley_terry.py  one strength for each system over several datasets
null_tables.py    false marks, coverage and power in simulated tables of equal systems

These take the runs as they are, and no verdict rests on them:
these_runs.py     the tests below for the rows of a table
randomisation.py  the paired randomisation test, for all columns of a table at once
paired.py         one paired difference: t-test, effect size, Wilcoxon's test
simulation.py     false alarms of these tests in simulated comparisons
"""
