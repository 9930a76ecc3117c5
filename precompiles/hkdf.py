"""HKDF, RFC 5869, on any hash of hashlib by its name. Knows no use of it."""

import hmac

DIGEST_SIZE = {"sha256": 32, "sha384": 48, "sha512": 64}


def extract(digest: str, salt: bytes, secret: bytes) -> bytes:
    """Return a pseudo-random key, section 2.2. An empty salt is as one of zeros."""
    return hmac.digest(salt, secret, digest)


def expand(digest: str, key: bytes, info: bytes, size: int) -> bytes:
    """Return this many bytes, at most 255 digests, section 2.3."""
    output = block = b""
    for index in range(1, -(-size // DIGEST_SIZE[digest]) + 1):
        block = hmac.digest(key, block + info + bytes([index]), digest)
        output += block
    return output[:size]
