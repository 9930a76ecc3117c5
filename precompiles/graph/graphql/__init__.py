"""Queries in GraphQL over what the chain holds. Start with `contract.py`."""
