"""Verifiable inference, model registry and AI mining."""
