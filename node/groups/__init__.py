"""Groups without a central order: keys and membership on a graph of signed changes.

After the decentralised continuous group key agreement of Weidner, Kleppmann, Hugenroth and
Beresford (CCS 2021). `vertex.py` is a change, `history.py` the graph of them, `membership.py` who
is a member after any set of them, `epochs.py` the keys they bring, `post.py` what an observer
sees; `group.py` puts them together. No clock, no socket, no order of delivery is assumed.
"""
