"""JSON-RPC: from the bytes on a socket to the chain, and back.

`server.py` moves bytes, `dispatch.py` speaks JSON-RPC 2.0, one module per namespace turns
parameters into a request to the chain. `methods.py` lists every method.
"""
