"""The prover: from a trace that fits an AIR to the bytes that `verifier.py` accepts. Off chain."""
