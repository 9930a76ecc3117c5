"""The light EVM node: headers under the validators' certificates, and proofs of all else.

It holds no chain. What a full node tells it, it believes only where a certificate, a hash or a
Merkle proof says the same; see docs/light.md. `certificate.py` is the file to open first.
"""
