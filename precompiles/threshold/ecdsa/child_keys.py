"""BIP-32 child keys of a public key: the half that needs no secret."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from ...backends import secp256k1_group as curve
from ...backends.secp256k1_group import ORDER, Point

HARDENED = 1 << 31


class NoChildError(Exception):
    """There is no child with this index: it needs the private key, or has no key at all."""

    def __init__(self, index: int) -> None:
        super().__init__(f"no public child {index}")
        self.index = index


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedKey:
    """A public key, and the chain code that its children take."""

    key: Point
    chain_code: bytes


def descend(root: ExtendedKey, path: Iterable[int]) -> ExtendedKey:
    """Return the key at the end of a path of indices."""
    for index in path:
        root, _ = child(root, index)
    return root


def child(parent: ExtendedKey, index: int) -> tuple[ExtendedKey, int]:
    """Return CKDpub(parent, index) of BIP-32, and what the child's private key has more.

    Raises NoChildError where there is none.
    """
    if index >= HARDENED:
        raise NoChildError(index)
    data = curve.encode(parent.key) + index.to_bytes(4, "big")
    digest = hmac.digest(parent.chain_code, data, "sha512")
    tweak = int.from_bytes(digest[:32], "big")
    key = curve.add((parent.key, curve.base(tweak))) if tweak < ORDER else None
    if key is None:
        raise NoChildError(index)
    return ExtendedKey(key=key, chain_code=digest[32:]), tweak
