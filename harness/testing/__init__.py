"""The conformance suite: what a backbone, an alignment or a classic must do to stand in a table.

Our own systems pass it in the tests of this project. ``intentbench check LINE`` runs it for a system from
outside, and the functions of ``conformance`` can be called from anybody's tests.
"""
