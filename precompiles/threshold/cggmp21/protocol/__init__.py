"""CGGMP21 as its parties run it: ePrint 2021/060, for secp256k1, off chain.

Pure step functions: a state and the messages received go in, the next state and message come out.
No socket, no clock, no randomness of its own: what carries messages, signs them and agrees on a
session id is the caller's. Read in this order: `parameters.py`, `keygen.py`, `auxiliary.py`,
`presign.py`, `abort.py`, `sign.py`, `refresh.py`; below them `sharing.py`, `paillier.py`,
`ring_pedersen.py` and `proofs/`.

Python's integers are not constant in time: who can measure a party's computer closely may learn its
secrets. Use this to make what the precompiles check, in tests and where that is no danger.
"""
