"""ML-DSA, FIPS 204."""
