"""Transports: what owns sockets and the clock, and carries the bytes of links."""
