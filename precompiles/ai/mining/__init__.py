"""Rewards for useful work, and transfers that arrive from other chains. See `contract.py`."""
