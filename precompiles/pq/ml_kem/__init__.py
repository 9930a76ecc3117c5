"""ML-KEM, FIPS 203."""
