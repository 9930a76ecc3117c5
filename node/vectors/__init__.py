"""Interop vectors: what another implementation of the session layer is checked with."""
