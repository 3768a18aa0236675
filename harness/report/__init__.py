"""The report of a plan, from the store alone.

sections/leaderboard.py  a dataset's table, its caption, its failures and skips
tuning.py       what each search spent and bought
comparisons.py  all pairs, and mean ranks across datasets
control_verdicts.py  whether text systems beat their controls
ablations.py    what each term is worth
grids.py        how much hyper-parameters matter
losses.py       each term's share of the loss
variants.py     densities, windows of time and twins side by side
strata.py       sparse and dense users apart, and popular and rare items
evidence.py     what a dataset's finished runs say, read once
document.py     the files
"""
