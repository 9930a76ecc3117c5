"""The bridge of the two layers: anchors session roots, answers oracle requests, relays events.

It reaches any chain by JSON-RPC (`chain_client.py`) and the session layer by `sessiond`'s control
API; of our own code it knows the session formats alone.
"""
