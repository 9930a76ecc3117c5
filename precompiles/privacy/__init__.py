"""Ring signatures and public-key encryption."""
