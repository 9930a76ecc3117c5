"""Statements to prove and to learn from.

In each module `air` returns the AIR, `witness` the columns of a trace that fits it and its public
inputs.
"""
