"""Jobs that several reporters answer, and whose majority is recorded. See `contract.py`."""
