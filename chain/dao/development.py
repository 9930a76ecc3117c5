"""Keys of a development DAO. They follow from public words, as the accounts of its chain do."""

import hashlib

from precompiles.backends.keccak import keccak256
from precompiles.pq.ml_dsa import kernel
from precompiles.pq.ml_dsa.parameters import BY_NUMBER

LEVEL = 5  # ML-DSA-87
SEATS = 21
GUARDIANS = 5


def key_pair(role: str, number: int) -> tuple[bytes, bytes]:
    """Return the public and the secret ML-DSA-87 key of a seat."""
    seed = hashlib.sha256(f"pars development {role} {number}".encode()).digest()
    return kernel.keygen(BY_NUMBER[LEVEL], seed)


def key_hashes(role: str, count: int) -> tuple[bytes, ...]:
    """Return the hashes of the public keys of the first seats."""
    return tuple(keccak256(key_pair(role, number)[0]) for number in range(count))
