"""Linkable ring signatures: somebody of a group signed, nobody knows who, and only once.

`contract.py` speaks ABI, `scheme.py` is the scheme, `signing.py` makes signatures, `reference.py`
is the slow twin.
"""
