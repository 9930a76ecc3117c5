"""Hybrid public-key encryption, RFC 9180.

`contract.py` speaks ABI, `kem.py` has the mechanisms that agree on a secret, `schedule.py` what is
derived from it and the messages under it, `xwing.py` the hybrid mechanism.
"""
