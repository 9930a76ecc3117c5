"""Poseidon over BN254: `contract.py` speaks ABI, `kernel.py` computes."""
