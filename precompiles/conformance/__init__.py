"""The portable suite: vectors that any implementation of the precompiles can be run against.

README.md describes the vector files. `embedded.py` is the smallest world that carries the
precompiles, for tests and for the command line; it is no chain.
"""
