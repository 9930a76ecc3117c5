"""Answers of registered models, bit for bit the same everywhere."""
