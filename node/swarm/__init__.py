"""The swarm: blobs for who is offline, published keys, and the directory of nodes.

A service node stores what it cannot read under names that it cannot tie to anybody. Start with
`mailboxes.py` for the names, `requests.py` for what is said, `store.py` for who keeps it.
"""
