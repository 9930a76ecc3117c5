"""STARK proofs over the 252-bit Stark field, by the protocol of the Stone prover.

`contract.py` speaks ABI and pays, `air.py` says what a statement is, `verifier.py` is the protocol;
`prover/` makes proofs off chain, for statements such as those of `examples/`.
"""
