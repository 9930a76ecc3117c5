"""Threshold signatures and key generation."""
