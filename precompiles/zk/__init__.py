"""Zero-knowledge hashes, commitments and proofs."""
