"""A table of nodes that no one keeps: who is there, and who holds what, found in a few steps.

`dht.py` is what a node runs; `docs/dht.md` has formats, limits and what an attacker can do.
"""
