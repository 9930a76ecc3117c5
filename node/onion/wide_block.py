"""A block cipher as wide as a packet's body: whoever changes one bit gets another body altogether.

LIONESS (Anderson and Biham, 1996): four Feistel rounds between a left part of 32 bytes and all the
rest, with ChaCha20 as the stream and BLAKE2b as the keyed hash. So a relay that marks a body finds
no mark further on, only noise.
"""

from hashlib import blake2b

from ..crypto import hkdf_expand, keystream

LEFT = 32

_LABEL = b"pars/onion-body/v1"


def encrypt(key: bytes, block: bytes) -> bytes:
    """Encrypt a block of more than 32 bytes."""
    first, second, third, fourth = _subkeys(key)
    left, right = block[:LEFT], block[LEFT:]
    right = _streamed(left, first, right)
    left = _hashed(left, second, right)
    right = _streamed(left, third, right)
    left = _hashed(left, fourth, right)
    return left + right


def decrypt(key: bytes, block: bytes) -> bytes:
    """Decrypt what `encrypt` made; any block is the encryption of some block."""
    first, second, third, fourth = _subkeys(key)
    left, right = block[:LEFT], block[LEFT:]
    left = _hashed(left, fourth, right)
    right = _streamed(left, third, right)
    left = _hashed(left, second, right)
    right = _streamed(left, first, right)
    return left + right


def xor(first: bytes, second: bytes) -> bytes:
    """Return the sum of two strings of the same length."""
    total = int.from_bytes(first, "big") ^ int.from_bytes(second, "big")
    return total.to_bytes(len(first), "big")


def _subkeys(key: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    keys = hkdf_expand(key, _LABEL, 128)
    return keys[:32], keys[32:64], keys[64:96], keys[96:]


def _streamed(left: bytes, key: bytes, right: bytes) -> bytes:
    return xor(right, keystream(xor(left, key), len(right)))


def _hashed(left: bytes, key: bytes, right: bytes) -> bytes:
    return xor(left, blake2b(right, key=key, digest_size=LEFT).digest())
