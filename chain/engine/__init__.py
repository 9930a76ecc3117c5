"""Execution speed: what replaces a slow path, each with the slow twin that it is held to."""
