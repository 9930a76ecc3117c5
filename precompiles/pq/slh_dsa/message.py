"""What becomes of a message before any tree is hashed: FIPS 205, sections 10.2, 11 and 9.2.

A handful of hashes over bytes of any length, which hashlib does best. Knows no tree.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256, sha512, shake_256
from typing import Any

from .parameters import ParameterSet

CONTEXT_SIZE_MAX = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where in the hypertree a message is signed, and with which leaves of the FORS trees."""

    fors_leaves: tuple[int, ...]
    tree: int
    leaf: int


def external(message: bytes, context: bytes) -> bytes:
    """Return M', what the pure interface signs. The context has at most 255 bytes."""
    return bytes([0, len(context)]) + context + message


def randomizer(chosen: ParameterSet, prf_key: bytes, addrnd: bytes, message: bytes) -> bytes:
    """Return R: PRF_msg."""
    if chosen.hash == "SHAKE":
        return shake_256(prf_key + addrnd + message).digest(chosen.n)
    return hmac.digest(prf_key, addrnd + message, sha2(chosen)().name)[: chosen.n]


def position(chosen: ParameterSet, r: bytes, public_key: bytes, message: bytes) -> Position:
    """Return what the digest of the message, H_msg, chooses."""
    digest = message_digest(chosen, r, public_key, message)
    fors, rest = digest[: chosen.fors_digest_size], digest[chosen.fors_digest_size :]
    tree, leaf = rest[: chosen.tree_digest_size], rest[chosen.tree_digest_size :]
    return Position(
        fors_leaves=digits(fors, chosen.a, chosen.k),
        tree=int.from_bytes(tree, "big") % (1 << (chosen.h - chosen.tree_height)),
        leaf=int.from_bytes(leaf, "big") % (1 << chosen.tree_height),
    )


def message_digest(chosen: ParameterSet, r: bytes, public_key: bytes, message: bytes) -> bytes:
    """Return H_msg: with SHA-2, MGF1 of R, PK.seed and a digest of all of it."""
    if chosen.hash == "SHAKE":
        return shake_256(r + public_key + message).digest(chosen.digest_size)
    new = sha2(chosen)
    seed = r + public_key[: chosen.n] + new(r + public_key + message).digest()
    blocks = (new(seed + i.to_bytes(4, "big")).digest() for i in range(2))
    return b"".join(blocks)[: chosen.digest_size]


def sha2(chosen: ParameterSet) -> Any:
    """Return the constructor of the SHA-2 hash that this strength uses for messages."""
    return sha256 if chosen.n == 16 else sha512


def digits(data: bytes, bits: int, count: int) -> tuple[int, ...]:
    """Return the first digits of `bits` bits each, the high bits first: base_2b."""
    number = int.from_bytes(data, "big")
    width = 8 * len(data)
    return tuple(number >> (width - bits * (i + 1)) & ((1 << bits) - 1) for i in range(count))
