"""X-Wing: ML-KEM-768 beside X25519, draft-connolly-cfrg-xwing-kem; it authenticates no sender.

A secret key is a seed of 32 bytes. Keys come of input keying material as draft-ietf-hpke-pq says.
The drafts let an X25519 key of low order pass; it is refused here, as OpenSSL refuses it: no
honest key is one, and what is agreed on would rest on ML-KEM alone.
"""

from hashlib import sha3_256, shake_256
from types import ModuleType

from ...backends.diffie_hellman import X25519, SecretKey
from .kem import Agreed, Kem, LowOrderPoint, WrongPublicKey, suite_of
from .labeled import VERSION

NUMBER = 0x647A
LABEL = bytes.fromhex("5c2e2f2f5e5c")
RANK = 3  # Of ML-KEM-768.

SEED_SIZE = 32
POINT_SIZE = 32
ML_KEM_PUBLIC_SIZE = 1184
ML_KEM_CIPHERTEXT_SIZE = 1088
RANDOMNESS_SIZE = 64


def ml_kem() -> ModuleType:
    """Return the kernel, loading the compiler at the first call only."""
    from ...pq.ml_kem import kernel

    return kernel


def expand(seed: bytes) -> tuple[bytes, bytes, SecretKey]:
    """Return the keys of ML-KEM and the secret key of X25519 that a seed stands for."""
    expanded = shake_256(seed).digest(96)
    public, secret = ml_kem().keygen(RANK, expanded[:32], expanded[32:64])
    return public, secret, X25519.load(expanded[64:])


def derive_key_pair(material: bytes) -> tuple[bytes, bytes]:
    """Return DeriveKeyPair: one labelled derivation by SHAKE256."""
    label = b"DeriveKeyPair"
    labeled = material + VERSION + suite_of(NUMBER)
    labeled += len(label).to_bytes(2, "big") + label + SEED_SIZE.to_bytes(2, "big")
    seed = shake_256(labeled).digest(SEED_SIZE)
    public, _, point_secret = expand(seed)
    return seed, public + X25519.public(point_secret)


def encapsulate(recipient: bytes, randomness: bytes, _sender: bytes | None) -> Agreed:
    """Return EncapsulateDerand: 32 bytes of randomness for each part."""
    public, point = recipient[:ML_KEM_PUBLIC_SIZE], recipient[ML_KEM_PUBLIC_SIZE:]
    if not ml_kem().is_encapsulation_key(public):
        raise WrongPublicKey
    ciphertext, lattice_secret = ml_kem().encapsulate(public, randomness[:32])
    ephemeral = X25519.load(randomness[32:])
    sent = X25519.public(ephemeral)
    return ciphertext + sent, combined(lattice_secret, exchange(ephemeral, point), sent, point)


def decapsulate(encapsulation: bytes, recipient: bytes, _sender: bytes | None) -> bytes:
    """Return Decapsulate."""
    ciphertext = encapsulation[:ML_KEM_CIPHERTEXT_SIZE]
    sent = encapsulation[ML_KEM_CIPHERTEXT_SIZE:]
    _, secret, point_secret = expand(recipient)
    lattice_secret = ml_kem().decapsulate(secret, ciphertext)
    shared = exchange(point_secret, sent)
    return combined(lattice_secret, shared, sent, X25519.public(point_secret))


def exchange(secret: SecretKey, point: bytes) -> bytes:
    """Return what X25519 agrees on."""
    shared = X25519.exchange(secret, X25519.parse(point))
    if shared is None:
        raise LowOrderPoint
    return shared


def combined(lattice_secret: bytes, shared: bytes, sent: bytes, point: bytes) -> bytes:
    """Return the shared secret of the two."""
    return sha3_256(lattice_secret + shared + sent + point + LABEL).digest()


XWING = Kem(
    public_size=ML_KEM_PUBLIC_SIZE + POINT_SIZE,
    secret_size=SEED_SIZE,
    encapsulation_size=ML_KEM_CIPHERTEXT_SIZE + POINT_SIZE,
    randomness_size=RANDOMNESS_SIZE,
    randomness_size_max=RANDOMNESS_SIZE,
    authenticates=False,
    derive_key_pair=derive_key_pair,
    encapsulate=encapsulate,
    decapsulate=decapsulate,
)
