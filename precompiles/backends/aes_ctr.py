"""AES in counter mode, by OpenSSL. Authenticates nothing: a MAC belongs around it."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR


def apply_aes_ctr(key: bytes, counter: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt: the same. The key has 16, 24 or 32 bytes, the first counter 16."""
    stream = Cipher(AES(key), CTR(counter)).encryptor()
    return stream.update(data) + stream.finalize()
