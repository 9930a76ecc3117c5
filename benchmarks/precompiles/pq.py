"""ML-KEM, ML-DSA and the Keccak batches, beside the libraries that a package registry offers.

All sides take and give bytes, from Python. Peers keep their keys as objects, parsed beforehand, and
sign with randomness; ours parses at each call. Signatures are of 64 messages in turn, because how
long one takes depends on the message.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha3_256
from itertools import cycle
from typing import Any

import numpy as np

from precompiles.backends.keccak import keccak256
from precompiles.kernels.keccak import keccak256_rows
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import SETS as ML_DSA_SETS
from precompiles.pq.ml_dsa.parameters import formatted
from precompiles.pq.ml_kem import kernel as ml_kem
from precompiles.pq.ml_kem.parameters import SETS as ML_KEM_SETS

from .rows import Row, compare, peer

Work = Callable[[], object]
Operations = Mapping[str, Work]

GOAL = "less than the fastest wheel"
MESSAGES = [bytes([i]) * 32 for i in range(64)]
LEAVES = 4096


def rows() -> list[Row]:
    return [*hashes(), *key_encapsulation(), *signatures()]


def hashes() -> Iterator[Row]:
    messages = np.arange(64 * LEAVES, dtype=np.uint8).reshape(LEAVES, 64)
    one = messages[0].tobytes()
    yield compare(
        "Keccak-256 of 64 bytes, in a batch (one permutation)",
        lambda: keccak256_rows(messages),
        {"pysha3": lambda: keccak256(one), "hashlib (SHA3)": lambda: sha3_256(one).digest()},
        each=LEAVES,
        goal="at most 70 ns",
    )


def key_encapsulation() -> Iterator[Row]:
    for chosen in ML_KEM_SETS:
        d, z, m = bytes(32), bytes([1]) * 32, bytes([2]) * 32
        ek, dk = ml_kem.keygen(chosen.k, d, z)
        c, _ = ml_kem.encapsulate(ek, m)
        ours: Operations = {
            "keyGen": lambda k=chosen.k, d=d, z=z: ml_kem.keygen(k, d, z),
            "encapsulate": lambda ek=ek, m=m: (
                ml_kem.is_encapsulation_key(ek),
                ml_kem.encapsulate(ek, m),
            ),
            "decapsulate": lambda dk=dk, c=c: (
                ml_kem.is_decapsulation_key(dk),
                ml_kem.decapsulate(dk, c),
            ),
        }
        size = chosen.name.removeprefix("ML-KEM-")
        yield from together(
            chosen.name,
            ours,
            {
                "cryptography": cryptography_kem(size),
                "pqcrypto": pqcrypto_kem(peer(f"pqcrypto.kem.ml_kem_{size}")),
            },
        )


def signatures() -> Iterator[Row]:
    for chosen in ML_DSA_SETS:
        pk, sk = ml_dsa.keygen(chosen, bytes(32))
        turns = cycle(formatted(message, b"") for message in MESSAGES)
        first = formatted(MESSAGES[0], b"")
        signature, _ = ml_dsa.sign(sk, first, bytes(32), 814)
        ours: Operations = {
            "keyGen": lambda chosen=chosen: ml_dsa.keygen(chosen, bytes(32)),
            "sign": lambda sk=sk, turns=turns: (
                ml_dsa.is_secret_key(sk),
                ml_dsa.sign(sk, next(turns), bytes(32), 814),
            ),
            "verify": lambda pk=pk, m=first, s=signature: ml_dsa.verify(pk, m, s),
        }
        size = chosen.name.removeprefix("ML-DSA-")
        yield from together(
            chosen.name,
            ours,
            {
                "cryptography": cryptography_signature(size),
                "pqcrypto": pqcrypto_signature(peer(f"pqcrypto.sign.ml_dsa_{size}")),
            },
        )


def together(name: str, ours: Operations, peers: Mapping[str, Operations]) -> Iterator[Row]:
    """Yield a row for each operation, beside those of the peers that have it."""
    for operation, work in ours.items():
        others = {peer: each[operation] for peer, each in peers.items() if operation in each}
        yield compare(f"{name} {operation}", work, others, goal=GOAL)


def cryptography_kem(size: str) -> Operations:
    """OpenSSL through `cryptography`; it has no ML-KEM-512."""
    module = peer("cryptography.hazmat.primitives.asymmetric.mlkem")
    made: Any = getattr(module, f"MLKEM{size}PrivateKey", None)
    if made is None:
        return {}
    secret = made.generate()
    public = secret.public_key()
    # Returns the shared secret and the ciphertext, in the order of RFC 9180.
    ciphertext = max(public.encapsulate(), key=len)
    return {
        "keyGen": made.generate,
        "encapsulate": public.encapsulate,
        "decapsulate": lambda: secret.decapsulate(ciphertext),
    }


def cryptography_signature(size: str) -> Operations:
    """OpenSSL through `cryptography`."""
    module = peer("cryptography.hazmat.primitives.asymmetric.mldsa")
    made: Any = getattr(module, f"MLDSA{size}PrivateKey", None)
    if made is None:
        return {}
    secret = made.generate()
    public = secret.public_key()
    signature = secret.sign(MESSAGES[0])
    turns = cycle(MESSAGES)
    return {
        "keyGen": made.generate,
        "sign": lambda: secret.sign(next(turns)),
        "verify": lambda: public.verify(signature, MESSAGES[0]),
    }


def pqcrypto_kem(module: Any) -> Operations:
    """The Rust wheel `pqcrypto`."""
    if module is None:
        return {}
    public, secret = module.keygen()
    ciphertext = max(module.encaps(public), key=len)
    return {
        "keyGen": module.keygen,
        "encapsulate": lambda: module.encaps(public),
        "decapsulate": lambda: module.decaps(secret, ciphertext),
    }


def pqcrypto_signature(module: Any) -> Operations:
    """The Rust wheel `pqcrypto`."""
    if module is None:
        return {}
    public, secret = module.keygen()
    signature = module.sign(secret, MESSAGES[0])
    turns = cycle(MESSAGES)
    return {
        "keyGen": module.keygen,
        "sign": lambda: module.sign(secret, next(turns)),
        "verify": lambda: module.verify(public, MESSAGES[0], signature),
    }
