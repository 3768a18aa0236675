"""Statistics of comparisons between systems. Functions take DataFrames and arrays, and return them.

comparison.py     every system against a reference system: mean, interval, gain, tests, verdict
randomisation.py  the paired randomisation test, for all columns of a table at once
bootstrap.py      intervals over users, and over users and seeds
paired.py         one paired difference: t-test, effect size, Wilcoxon's test, power
pairs.py          all pairs of systems: tests, letters, wins, ties and losses
stratified.py     gains by stratum of users, their trend and their interaction with the stratum
swept.py          the same trends along a sweep of densities
ranks.py          Friedman's and Nemenyi's tests across datasets
simulation.py     false alarms and power of the tests in simulated comparisons
"""
