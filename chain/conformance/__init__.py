"""Lets the conformance suite of the precompiles run against this chain, in one process."""
