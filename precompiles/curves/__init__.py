"""Curves whose sums our kernels compute: encodings above them, and plain-integer twins."""
