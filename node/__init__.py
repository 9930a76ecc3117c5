"""The Pars node: private sessions over links that are post-quantum or not there.

Protocols are sans-IO: bytes and the time go in, bytes and events come out. `daemon.py` brings
clock, chance and sockets to them; start reading there, or at `session/` for the records.
"""
