"""What lies on the disk of a node, and what a password, a wipe or silence does to it.

`container.py` is the file, `store.py` the keys and values inside one of its regions, `duress.py`
the log-in that both share. Start reading at `container.py`.
"""
