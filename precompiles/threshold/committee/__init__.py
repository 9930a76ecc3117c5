"""Committees that make a key together and decrypt with it.

`contract.py` speaks ABI, `state.py` knows the storage, `proofs.py` what members prove, `member.py`
is what a member computes off the chain.
"""
