"""Tables of rows that contracts write and anybody pages through. See `store.py`."""
