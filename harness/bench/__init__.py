"""Speed and memory of our training steps, compared with RecBole's and with plainly written equations.

show.py             what ``intentbench bench`` prints and writes
rows.py             one row for each comparison of two implementations
growth.py           time and memory of a step on growing graphs
steps.py            a training step as a function, and measurements in their own processes
world.py            the graph that is measured: Amazon-book, or a random graph of its size
plain.py            the equations of every system, written plainly
plain_backbones.py  the same for every backbone
plain_promax.py     the same for ProMax
__main__.py         one measurement, as a process of its own
"""
