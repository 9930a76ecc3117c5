"""Documents that merge: what a space's history says, read as counters, sets, registers and texts.

The state of a document is a function of the set of operations, whatever order they came in. An
operation's name is (vertex id, index), which nobody can use twice. `documents.py` is the way in.
"""
