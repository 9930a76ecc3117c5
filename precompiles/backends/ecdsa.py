"""ECDSA over secp256k1, by libsecp256k1 through coincurve. Verifies; makes no signature.

Refuses high s, as Bitcoin and Ethereum do, so that a signature has one form.
"""

from coincurve._libsecp256k1 import ffi, lib  # type: ignore[import-not-found]  # no stub
from coincurve.context import GLOBAL_CONTEXT

from .secp256k1 import Point

DIGEST_SIZE = 32
COMPACT_SIZE = 64


def verify(key: Point, digest: bytes, signature: bytes) -> bool:
    """Return whether the 64 bytes r || s sign the digest, with r and s in range and s low."""
    assert len(digest) == DIGEST_SIZE
    parsed = ffi.new("secp256k1_ecdsa_signature *")
    context = GLOBAL_CONTEXT.ctx
    if len(signature) != COMPACT_SIZE:
        return False
    if not lib.secp256k1_ecdsa_signature_parse_compact(context, parsed, signature):
        return False
    return bool(lib.secp256k1_ecdsa_verify(context, parsed, digest, key.public_key))


def recover(digest: bytes, signature: bytes, recovery_id: int) -> Point | None:
    """Return the key under which r || s signs the digest, or None.

    Accepts a high s. The recovery id, 0 or 1, says whether the y of the nonce's point is odd.
    """
    assert len(digest) == DIGEST_SIZE
    assert recovery_id in (0, 1)
    context = GLOBAL_CONTEXT.ctx
    parsed = ffi.new("secp256k1_ecdsa_recoverable_signature *")
    if len(signature) != COMPACT_SIZE:
        return None
    parse = lib.secp256k1_ecdsa_recoverable_signature_parse_compact
    if not parse(context, parsed, signature, recovery_id):
        return None
    key = ffi.new("secp256k1_pubkey *")
    if not lib.secp256k1_ecdsa_recover(context, key, parsed, digest):
        return None
    return Point(key)
