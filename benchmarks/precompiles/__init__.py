"""What the precompiles' computations take, beside their peers."""
