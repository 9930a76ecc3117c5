"""AES-GCM and ChaCha20-Poly1305 with nonces of 12 bytes, by OpenSSL. Chooses no nonce."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

NONCE_SIZE = 12
TAG_SIZE = 16

Cipher = type[AESGCM] | type[ChaCha20Poly1305]

AES_GCM: Cipher = AESGCM
CHACHA20_POLY1305: Cipher = ChaCha20Poly1305


def seal(cipher: Cipher, key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """Return the ciphertext with its tag. The key has 16 or 32 bytes (AES), or 32 (ChaCha20)."""
    return cipher(key).encrypt(nonce, plaintext, aad)


def open_sealed(
    cipher: Cipher, key: bytes, nonce: bytes, aad: bytes, ciphertext: bytes
) -> bytes | None:
    """Return the plaintext, or None when the tag is wrong. There are at least 16 bytes."""
    try:
        return cipher(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        return None
