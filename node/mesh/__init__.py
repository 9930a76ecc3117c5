"""Histories that several nodes share: signed vertices of a graph, carried by whoever holds its key.

`Mesh` is all of it that a node runs; docs/mesh.md has the formats and what each side can see.
"""
