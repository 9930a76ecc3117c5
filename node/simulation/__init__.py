"""The node's own protocols in a world of virtual time, where every run follows from its seed."""
