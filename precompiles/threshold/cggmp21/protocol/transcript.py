"""One canonical encoding of messages, their hashes, and Fiat and Shamir's challenges.

Every hash begins with its purpose, and every item with its kind and length, so that no two lists of
items have one encoding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import shake_256
from typing import Any

from ....backends.secp256k1_group import ORDER
from .parameters import Parameters

TAG = b"PARS-CGGMP21-V1"
DIGEST_SIZE = 32
LENGTH_SIZE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a proof is bound to besides its statement: where, by whom, for what."""

    session: bytes
    """Agreed on by all parties, never used twice, the same for all messages of one run."""
    prover: int
    purpose: str


def encode(item: Any) -> bytes:
    """Return the bytes of numbers, truths, bytes, text, sequences, mappings and dataclasses."""
    if isinstance(item, bool):
        return framed(b"?", b"\1" if item else b"\0")
    if isinstance(item, int):
        size = (abs(item).bit_length() + 7) // 8
        return framed(b"-" if item < 0 else b"+", abs(item).to_bytes(size, "big"))
    if isinstance(item, bytes):
        return framed(b"b", item)
    if isinstance(item, str):
        return framed(b"t", item.encode())
    if isinstance(item, Mapping):
        return framed(b"m", b"".join(encode(key) + encode(item[key]) for key in sorted(item)))
    if is_dataclass(item) and not isinstance(item, type):
        values = [getattr(item, field.name) for field in fields(item)]
        return framed(b"d", encode(type(item).__name__) + encode(values))
    return framed(b"l", b"".join(encode(each) for each in item))


def framed(kind: bytes, content: bytes) -> bytes:
    """Put kind and length before the content."""
    return kind + len(content).to_bytes(LENGTH_SIZE, "big") + content


def digest(purpose: str, *items: Any, size: int = DIGEST_SIZE) -> bytes:
    """Return a hash of items for a purpose."""
    return shake_256(TAG + encode(purpose) + encode(items)).digest(size)


def challenge(parameters: Parameters, binding: Binding, *items: Any) -> int:
    """Return a challenge, below the curve's order and 2**challenge_bits."""
    found = digest("challenge", parameters.name, binding, *items, size=64)
    return int.from_bytes(found, "big") % min(ORDER, 1 << parameters.challenge_bits)


def challenge_bits(parameters: Parameters, binding: Binding, *items: Any) -> list[int]:
    """Return as many bits as a proof has repetitions."""
    count = parameters.repetitions
    found = digest("bits", parameters.name, binding, *items, size=(count + 7) // 8)
    return [found[i // 8] >> i % 8 & 1 for i in range(count)]


def challenge_units(
    parameters: Parameters, binding: Binding, modulus: int, *items: Any
) -> list[int]:
    """Return as many numbers below the modulus as a proof has repetitions."""
    size = (modulus.bit_length() + 7) // 8 + 32
    count = parameters.repetitions
    found = digest("units", parameters.name, binding, modulus, *items, size=size * count)
    parts = (found[i * size : (i + 1) * size] for i in range(count))
    return [int.from_bytes(part, "big") % modulus for part in parts]
