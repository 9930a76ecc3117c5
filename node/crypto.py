"""Every primitive of the node: the one file that imports `cryptography` and `nacl`.

Both run constant-time code of OpenSSL and libsodium; our own kernels never touch a long-term key.
Key agreement is always X25519 together with ML-KEM-1024 and signatures are ML-DSA-87: there is no
other set and no parameter that chooses one. What comes from outside and is refused raises
`Refused`.
"""

import datetime
import hashlib
import hmac
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA87PrivateKey, MLDSA87PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM1024PrivateKey, MLKEM1024PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from .codec import Refused

Random = Callable[[int], bytes]

X25519_PUBLIC = 32
MLKEM_PUBLIC = 1568
MLKEM_CIPHERTEXT = 1568
HYBRID_SEED = 96  # X25519's 32, then the d and z of FIPS 203
HYBRID_PUBLIC = X25519_PUBLIC + MLKEM_PUBLIC
HYBRID_CIPHERTEXT = X25519_PUBLIC + MLKEM_CIPHERTEXT
SIGNING_PUBLIC = 2592
SIGNATURE = 4627
KEY = 32
TAG = 16
NONCE = 12  # ChaCha20-Poly1305: counters
LONG_NONCE = 24  # XChaCha20-Poly1305: random

_SUITE = b"/X25519+ML-KEM-1024/HKDF-SHA-256"
_SHA256 = hashes.SHA256()


class HybridKey:
    """A secret for both halves of the key agreement."""

    __slots__ = ("_kem", "_x25519", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._x25519 = X25519PrivateKey.from_private_bytes(seed[:32])
        self._kem = MLKEM1024PrivateKey.from_seed_bytes(seed[32:])
        self.public = (
            self._x25519.public_key().public_bytes_raw() + self._kem.public_key().public_bytes_raw()
        )

    @classmethod
    def from_seed(cls, seed: bytes) -> "HybridKey":
        """Derive the key pair."""
        if len(seed) != HYBRID_SEED:
            raise ValueError(f"a hybrid seed has {HYBRID_SEED} bytes")
        return cls(seed)

    def shared(self, ciphertext: bytes) -> bytes:
        """Return both secrets in a row, of which `decapsulate` makes one."""
        return _exchange(self._x25519, ciphertext[:32]) + self._kem.decapsulate(ciphertext[32:])


def encapsulate(public: bytes, label: bytes, context: bytes, random: Random) -> tuple[bytes, bytes]:
    """Return a secret and the ciphertext from which the holder of the key makes it again.

    ML-KEM's own randomness is the operating system's: the library takes no other.
    """
    if len(public) != HYBRID_PUBLIC:
        raise Refused("crypto: wrong length of a key")
    ephemeral = X25519PrivateKey.from_private_bytes(random(32))
    try:
        kem_secret, kem_ciphertext = MLKEM1024PublicKey.from_public_bytes(public[32:]).encapsulate()
    except ValueError:
        raise Refused("crypto: not a key") from None
    ciphertext = ephemeral.public_key().public_bytes_raw() + kem_ciphertext
    secrets = _exchange(ephemeral, public[:32]) + kem_secret
    return _combine(secrets, public, ciphertext, label, context), ciphertext


def decapsulate(key: HybridKey, ciphertext: bytes, label: bytes, context: bytes) -> bytes:
    """Return the secret; a ciphertext that was changed gives another one, and no error."""
    if len(ciphertext) != HYBRID_CIPHERTEXT:
        raise Refused("crypto: wrong length of a ciphertext")
    return _combine(key.shared(ciphertext), key.public, ciphertext, label, context)


def _combine(
    secrets: bytes, public: bytes, ciphertext: bytes, label: bytes, context: bytes
) -> bytes:
    transcript = sha256(public, ciphertext, context)
    return hkdf(secrets, transcript, label + _SUITE)


class SigningKey:
    """An ML-DSA-87 secret."""

    __slots__ = ("_key", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._key = MLDSA87PrivateKey.from_seed_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """Derive the key pair."""
        if len(seed) != KEY:
            raise ValueError(f"a signing seed has {KEY} bytes")
        return cls(seed)

    def sign(self, message: bytes, context: bytes = b"") -> bytes:
        """Return a signature, another one each time."""
        return self._key.sign(message, context)


def verify(public: bytes, message: bytes, signature: bytes, context: bytes = b"") -> bool:
    """Return whether this is the holder's ML-DSA-87 signature over the message."""
    if len(public) != SIGNING_PUBLIC or len(signature) != SIGNATURE:
        return False
    try:
        MLDSA87PublicKey.from_public_bytes(public).verify(signature, message, context)
    except InvalidSignature:
        return False
    return True


def x25519_public(secret: bytes) -> bytes:
    """Return the public half of an X25519 secret."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret: bytes, public: bytes) -> bytes:
    """Return what both sides compute; never the whole protection of anything."""
    return _exchange(X25519PrivateKey.from_private_bytes(secret), public)


def _exchange(secret: X25519PrivateKey, public: bytes) -> bytes:
    try:
        return secret.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:  # a point of low order, whose product says nothing about the secret
        raise Refused("crypto: not a key") from None


def ed25519_public(seed: bytes) -> bytes:
    """Return the public half of an Ed25519 seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """Return an Ed25519 signature, which stands only beside one of ML-DSA-87."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether this is an Ed25519 signature over the message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def aead_seal(key: bytes, nonce: bytes, plaintext: bytes, data: bytes = b"") -> bytes:
    """Encrypt by ChaCha20-Poly1305, for nonces that are counted."""
    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, data)


def aead_open(key: bytes, nonce: bytes, ciphertext: bytes, data: bytes = b"") -> bytes:
    """Decrypt what `aead_seal` made."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, data)
    except InvalidTag:
        raise Refused("crypto: not authentic") from None


def seal(key: bytes, nonce: bytes, plaintext: bytes, data: bytes = b"") -> bytes:
    """Encrypt by XChaCha20-Poly1305, whose nonces are long enough to be drawn."""
    return crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, data, nonce, key)


def unseal(key: bytes, nonce: bytes, ciphertext: bytes, data: bytes = b"") -> bytes:
    """Decrypt what `seal` made."""
    if len(ciphertext) < TAG:
        raise Refused("crypto: not authentic")
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, data, nonce, key)
    except CryptoError:
        raise Refused("crypto: not authentic") from None


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int = KEY) -> bytes:
    """Derive a key by HKDF-SHA-256."""
    return HKDF(_SHA256, length, salt, info).derive(secret)


def hkdf_expand(key: bytes, info: bytes, length: int = KEY) -> bytes:
    """Derive a key from one that is uniform already."""
    return HKDFExpand(_SHA256, length, info).derive(key)


def mac(key: bytes, data: bytes) -> bytes:
    """Return HMAC-SHA-256."""
    return hmac.digest(key, data, "sha256")


def sha256(*parts: bytes) -> bytes:
    """Hash the parts in a row."""
    return hashlib.sha256(b"".join(parts)).digest()


def sha3_256(*parts: bytes) -> bytes:
    """Hash the parts in a row."""
    return hashlib.sha3_256(b"".join(parts)).digest()


def blake2b_256(*parts: bytes) -> bytes:
    """Hash the parts in a row."""
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def keystream(key: bytes, length: int) -> bytes:
    """Return ChaCha20's stream from its beginning, for a key that is used once."""
    return Cipher(ChaCha20(key, bytes(16)), None).encryptor().update(bytes(length))


def equal(first: bytes, second: bytes) -> bool:
    """Compare secrets in a time that does not tell where they differ."""
    return hmac.compare_digest(first, second)


def argon2id(password: bytes, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    """Derive a key from a password, at a price (RFC 9106)."""
    return Argon2id(
        salt=salt, length=KEY, iterations=passes, lanes=lanes, memory_cost=memory_kib
    ).derive(password)


def throwaway_certificate() -> tuple[bytes, bytes]:
    """Return a certificate of nobody and its key, in PEM: TLS is not to be had without one.

    It is looked at by nobody: who answers is proved by the link inside.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    nobody = x509.Name([])
    certificate = (
        x509.CertificateBuilder(nobody, nobody, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.datetime(2000, 1, 1))
        .not_valid_after(datetime.datetime(2100, 1, 1))
        .sign(key, _SHA256)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), secret
