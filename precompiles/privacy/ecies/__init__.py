"""Public-key encryption as devp2p's RLPx handshake does it.

`contract.py` speaks ABI, `suite.py` is the scheme.
"""
