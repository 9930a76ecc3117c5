"""Pedersen commitments and Starknet's Pedersen hash."""
