"""Models under the hash of their content, uploaded in proven chunks. See `store.py`."""
