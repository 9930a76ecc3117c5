"""Claims about what a model answers, and how a wrong one is found out. See `contract.py`."""
