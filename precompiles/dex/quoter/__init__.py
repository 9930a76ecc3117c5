"""What a swap would give, and what the state of a pool is, for everybody who may only look."""
