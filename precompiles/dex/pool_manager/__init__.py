"""Uniswap v4's pool manager at one address. See `contract.py`."""
