"""FROST signatures.

`contract.py` speaks ABI, `challenge.py` is RFC 9591's hash, `reference.py` the slow twin.
"""
