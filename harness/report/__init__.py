"""The report of a plan, made from the store only.

document.py   the files
page/         leaderboard.html, which is made of all sections, and index.html of several reports
sections/     leaderboard    a dataset's table, its caption, and the runs that are not in it
              questions      what is asked of each system that reads text, and the answers
              answers        who is best, and the answers on one dataset in words
              verdict        all answers side by side, across datasets too, and costs
              head_to_head   any two systems, by metric, train pairs and user
              published      published numbers beside ours
              tuning         what each search spent and gained
              comparisons    all pairs of systems, and mean ranks across datasets
              control_verdicts  whether systems with text beat their controls
              ablations      how much a system loses without a term
              grids          how much hyper-parameters matter
              losses         each term's share of the loss
              sweeps         densities, windows of time and other variants of a dataset
              strata         users with few and many train pairs, rare and popular items
              data_card      what the dataset is
              provenance     the plan, the code, the machines, and what to cite
evidence.py   the finished runs of one dataset
published.py  the file of published numbers
tables/, plots/  how tables and figures look
looks.py      the colour and marker of every system of a plan
calibration.py, explain.py, prototype_figures.py  for the commands ``calibrate`` and ``explain``
"""
