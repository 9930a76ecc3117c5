"""The Pars precompiles: bytes in, bytes out. They know no chain, no socket and no clock.

`precompile.py` says what an entry is, `registry.py` lists them, `zk/poseidon/` is one to imitate.
"""
