"""Queries, entity storage and oracle feeds."""
