"""How an ECDSA signature of a threshold group is written and checked, at whichever address.

A signature is r || s, or r || s || v with v 27 or 28 as Solidity has it; s is at most half the
order. Anything else, of whatever length, does not hold.
"""

from ..backends import ecdsa
from ..backends import secp256k1_group as curve
from ..backends.keccak import keccak256
from ..backends.secp256k1_group import ORDER, Point

HALF_ORDER = ORDER // 2
COMPACT_SIZE = 64
RECOVERABLE_SIZE = 65
SIGNATURE_SIZE_MAX = 128  # Above both, so that a longer one, such as DER, is simply false.
VS = (27, 28)
ADDRESS_SIZE = 20


def verify(key: Point, digest: bytes, signature: bytes) -> bool:
    """Return whether the signature holds; with a v, whether it also recovers this key."""
    if len(signature) == COMPACT_SIZE:
        return ecdsa.verify(key, digest, signature)
    recovered = recover(digest, signature)
    return recovered is not None and curve.encode(recovered) == curve.encode(key)


def recover(digest: bytes, signature: bytes) -> Point | None:
    """Return the key that made a signature of 65 bytes, or None."""
    if len(signature) != RECOVERABLE_SIZE or signature[64] not in VS:
        return None
    if int.from_bytes(signature[32:64], "big") > HALF_ORDER:
        return None
    return ecdsa.recover(digest, signature[:64], signature[64] - VS[0])


def recover_account(digest: bytes, signature: bytes) -> bytes | None:
    """Return the account that made a signature of 65 bytes, or None."""
    key = recover(digest, signature)
    return None if key is None else account(key)


def account(key: Point) -> bytes:
    """Return the address of a key."""
    return keccak256(curve.encode_uncompressed(key)[1:])[-ADDRESS_SIZE:]
