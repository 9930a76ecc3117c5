"""The key schedule of RFC 9180 section 5.1, and what a context does: seal, open, export.

A context is plain bytes, so that a caller can carry it from one call to the next:

    kem (2) || kdf (2) || aead (2) || key || base nonce || exporter secret

It holds all secrets of an encryption. Knows no mechanism and no ABI.
"""

from dataclasses import dataclass

from ...backends import aead
from ...hkdf import Hash
from .labeled import labeled_expand, labeled_extract
from .suites import AEADS, KDFS, KEMS

Suite = tuple[int, int, int]
"""The numbers of KEM, KDF and AEAD."""

PSK_FLAG, AUTH_FLAG = 1, 2  # Mode 0 is base, 3 has both.
SUITE_SIZE = 6
CONTEXT_SIZE_MAX = SUITE_SIZE + 32 + aead.NONCE_SIZE + 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What both sides know after the set-up. `cipher` is None where it only exports."""

    suite: bytes
    digest: Hash
    cipher: aead.Cipher | None
    key: bytes
    base_nonce: bytes
    exporter_secret: bytes


def schedule(
    suite: Suite, shared: bytes, mode: int, info: bytes, psk: bytes, psk_id: bytes
) -> bytes:
    """Return the context of a shared secret; the numbers of the suite are known."""
    _, kdf, number = suite
    digest, cipher = KDFS[kdf], AEADS[number]
    encoded = b"".join(each.to_bytes(2, "big") for each in suite)
    labels = b"HPKE" + encoded
    psk_id_hash = labeled_extract(digest, labels, b"", b"psk_id_hash", psk_id)
    info_hash = labeled_extract(digest, labels, b"", b"info_hash", info)
    seen = bytes([mode]) + psk_id_hash + info_hash
    secret = labeled_extract(digest, labels, shared, b"secret", psk)
    parts = [encoded]
    if cipher is not None:
        _, key_size = cipher
        parts.append(labeled_expand(digest, labels, secret, b"key", seen, key_size))
        parts.append(labeled_expand(digest, labels, secret, b"base_nonce", seen, aead.NONCE_SIZE))
    parts.append(labeled_expand(digest, labels, secret, b"exp", seen, digest.size))
    return b"".join(parts)


def parse_context(encoded: bytes) -> Context | None:
    """Return the parts of a context; None when it is none."""
    suite = encoded[:SUITE_SIZE]
    kem, kdf, number = (int.from_bytes(suite[at : at + 2], "big") for at in (0, 2, 4))
    if kem not in KEMS or kdf not in KDFS or number not in AEADS:
        return None
    digest, cipher = KDFS[kdf], AEADS[number]
    key_size = cipher[1] if cipher else 0
    nonce_end = SUITE_SIZE + key_size + (aead.NONCE_SIZE if cipher else 0)
    if len(encoded) != nonce_end + digest.size:
        return None
    return Context(
        suite=suite,
        digest=digest,
        cipher=cipher[0] if cipher else None,
        key=encoded[SUITE_SIZE : SUITE_SIZE + key_size],
        base_nonce=encoded[SUITE_SIZE + key_size : nonce_end],
        exporter_secret=encoded[nonce_end:],
    )


def nonce_of(context: Context, sequence: int) -> bytes:
    """Return the nonce of the message with this number, section 5.2."""
    mixed = int.from_bytes(context.base_nonce, "big") ^ sequence
    return mixed.to_bytes(aead.NONCE_SIZE, "big")


def export(context: Context, exporter_context: bytes, size: int) -> bytes:
    """Return a secret derived from the context, section 5.3. At most 255 digests."""
    labels = b"HPKE" + context.suite
    return labeled_expand(
        context.digest, labels, context.exporter_secret, b"sec", exporter_context, size
    )
