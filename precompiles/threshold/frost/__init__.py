"""FROST signatures.

`contract.py` speaks ABI, `suites.py` has the ciphersuites, `signing.py` what signers and verifiers
compute alike, `groups.py` the storage, `reference.py` the slow twin of the first suite.
"""
