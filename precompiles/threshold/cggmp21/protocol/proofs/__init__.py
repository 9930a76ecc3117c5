"""The zero-knowledge proofs of CGGMP21, one file each, made non-interactive by Fiat and Shamir.

A file has the statement, the proof, `prove` and `verify`. Everything is bound to a `Binding` and to
the whole statement. A range proof is made to one verifier, whose ring-Pedersen parameters are in
the statement: it convinces nobody who could have chosen them with the prover.
"""
