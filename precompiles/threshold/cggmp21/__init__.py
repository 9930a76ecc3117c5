"""CGGMP21 threshold ECDSA.

`contract.py` speaks ABI, `algebra.py` holds the equations that name a cheater, `reference.py` is
the slow twin. `protocol/` is the protocol itself, which parties run off chain.
"""
