"""The bridge between sessions and a chain: anchors their roots, answers contracts, relays events.

The only part of Pars that knows both layers. It speaks to a chain by JSON-RPC alone.
"""
