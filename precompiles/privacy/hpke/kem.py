"""What a key encapsulation mechanism is, and DHKEM of RFC 9180 section 4.1 on any group.

A mechanism takes and returns encoded keys of the right sizes; what is wrong with one is an
exception of this file, which the contract translates. Knows no ABI.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ...backends.diffie_hellman import Group, PublicKey, SecretKey
from ...hkdf import Hash
from .labeled import labeled_expand, labeled_extract


class WrongPublicKey(Exception):
    """Bytes of the right length that are no public key."""


class WrongSecretKey(Exception):
    """Bytes of the right length that are no secret key."""


class LowOrderPoint(Exception):
    """A public key with which every secret key agrees on zeros."""


RANDOMNESS_SIZE_MAX = 128

Agreed = tuple[bytes, bytes]
"""The encapsulation and the shared secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kem:
    """One mechanism. Encapsulating takes randomness of a size in this range.

    Of an authenticated mode the sender's key comes last: secret to encapsulate, public to
    decapsulate. `authenticates` is whether there are such modes.
    """

    public_size: int
    secret_size: int
    encapsulation_size: int
    randomness_size: int
    randomness_size_max: int
    authenticates: bool
    derive_key_pair: Callable[[bytes], tuple[bytes, bytes]]
    encapsulate: Callable[[bytes, bytes, bytes | None], Agreed]
    decapsulate: Callable[[bytes, bytes, bytes | None], bytes]


def dhkem(number: int, group: Group, digest: Hash, first_byte_mask: int | None = None) -> Kem:
    """Return DHKEM on a group. The mask is that of a NIST curve, where not all bytes are a key."""
    suite = suite_of(number)

    def derive(material: bytes) -> tuple[bytes, SecretKey]:
        key = labeled_extract(digest, suite, b"", b"dkp_prk", material)
        if first_byte_mask is None:
            encoded = labeled_expand(digest, suite, key, b"sk", b"", group.secret_size)
            return encoded, group.load(encoded)
        for counter in range(256):
            info = bytes([counter])
            drawn = labeled_expand(digest, suite, key, b"candidate", info, group.secret_size)
            candidate = bytes([drawn[0] & first_byte_mask]) + drawn[1:]
            secret = group.load(candidate)
            if secret is not None:
                return candidate, secret
        raise AssertionError("256 candidates are no keys: chance below 2**-2048")

    def derive_key_pair(material: bytes) -> tuple[bytes, bytes]:
        encoded, secret = derive(material)
        return encoded, group.public(secret)

    def encapsulate(recipient: bytes, randomness: bytes, sender: bytes | None) -> Agreed:
        public = parse(group, recipient)
        _, ephemeral = derive(randomness)
        encapsulation = group.public(ephemeral)
        shared, context = exchange(group, ephemeral, public), encapsulation + recipient
        if sender is not None:
            identity = load(group, sender)
            shared += exchange(group, identity, public)
            context += group.public(identity)
        return encapsulation, extract_and_expand(shared, context)

    def decapsulate(encapsulation: bytes, recipient: bytes, sender: bytes | None) -> bytes:
        secret = load(group, recipient)
        shared = exchange(group, secret, parse(group, encapsulation))
        context = encapsulation + group.public(secret)
        if sender is not None:
            shared += exchange(group, secret, parse(group, sender))
            context += sender
        return extract_and_expand(shared, context)

    def extract_and_expand(shared: bytes, context: bytes) -> bytes:
        key = labeled_extract(digest, suite, b"", b"eae_prk", shared)
        size = digest.size
        return labeled_expand(digest, suite, key, b"shared_secret", context, size)

    return Kem(
        public_size=group.public_size,
        secret_size=group.secret_size,
        encapsulation_size=group.public_size,
        randomness_size=group.secret_size,
        randomness_size_max=RANDOMNESS_SIZE_MAX,
        authenticates=True,
        derive_key_pair=derive_key_pair,
        encapsulate=encapsulate,
        decapsulate=decapsulate,
    )


def suite_of(number: int) -> bytes:
    """Return the identifier that a mechanism puts into its labels."""
    return b"KEM" + number.to_bytes(2, "big")


def load(group: Group, encoded: bytes) -> SecretKey:
    """Return a secret key."""
    secret = group.load(encoded)
    if secret is None:
        raise WrongSecretKey
    return secret


def parse(group: Group, encoded: bytes) -> PublicKey:
    """Return a public key."""
    public = group.parse(encoded)
    if public is None:
        raise WrongPublicKey
    return public


def exchange(group: Group, secret: SecretKey, public: PublicKey) -> bytes:
    """Return what two keys agree on."""
    shared = group.exchange(secret, public)
    if shared is None:
        raise LowOrderPoint
    return shared
