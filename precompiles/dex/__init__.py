"""Pools, hooks and vaults."""
