"""The page of a report: leaderboard.html, one file that opens anywhere and asks no other place for anything.

page.py         the file, from the sections of the report
markdown.py     the Markdown of a section as HTML
figures.py      figures as addresses that hold them
leaderboard.py  the columns and cells of a dataset's table
packing.py      the comparisons of all pairs of systems, made small
index.py        index.html: every report of a folder on one page
templates/      Jinja2 templates, styles and scripts; a page works without its scripts

Everything on the page comes from the Markdown and the frames of sections, and every frame is a CSV file too.
"""
