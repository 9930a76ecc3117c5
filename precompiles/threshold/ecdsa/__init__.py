"""Threshold ECDSA groups: who holds a key together, by Feldman commitments.

`contract.py` speaks ABI, `groups.py` is their storage, `child_keys.py` BIP-32's public half, and
`reference.py` the slow twin.
"""
