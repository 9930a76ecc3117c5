"""Making ring signatures and key images: a library for wallets, and for the methods of a call.

Randomness is passed in: 32 bytes, fresh for every signature. They are hashed with the secret and
with all that is signed, so that a seed that repeats, or is zero, still gives no key away. Python
integers and the native calls beneath are not constant in time: whoever can time this code on the
signer's machine may learn the key.
"""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...backends import secp256k1
from ...backends.keccak import keccak256
from ...backends.secp256k1 import ORDER
from .scheme import advance, challenge_of, image_bases


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSignature:
    """One signature, and the key image that links it to others of the same key."""

    image: bytes
    first: int
    responses: tuple[int, ...]


def public_key(secret: int) -> bytes:
    """Return the compressed key of a secret in 1 .. order - 1."""
    return secp256k1.encode(secp256k1.base_multiple(secret))


def key_image(secret: int) -> bytes:
    """Return the compressed key image of a secret in 1 .. order - 1."""
    (base,) = image_bases([public_key(secret)])
    return secp256k1.encode(secp256k1.multiply(base, secret))


def sign(secret: int, keys: Sequence[bytes], message: bytes, seed: bytes) -> RingSignature:
    """Sign as one member of a ring of distinct valid keys.

    A secret whose key is not in the ring, or a key that is no point, is a ValueError.
    """
    signer = keys.index(public_key(secret))
    bases = image_bases(keys)
    image_point = secp256k1.multiply(bases[signer], secret)
    image = secp256k1.encode(image_point)
    ring = b"".join(keys)
    challenge = challenge_of(ring, image, message)

    scalars = scalars_from(secret, seed, keccak256(ring) + keccak256(message))
    nonce = next(scalars)
    responses = [next(scalars) for _ in keys]
    c = challenge(
        secp256k1.encode(secp256k1.base_multiple(nonce)),
        secp256k1.encode(secp256k1.multiply(bases[signer], nonce)),
    )
    challenges: dict[int, int] = {}
    for i in (*range(signer + 1, len(keys)), *range(signer)):
        member = secp256k1.parse(keys[i])
        if member is None:
            raise ValueError(f"key {i} is no point")
        challenges[i] = c
        c = advance(member, bases[i], image_point, challenge, c, responses[i])
    challenges[signer] = c
    responses[signer] = (nonce - c * secret) % ORDER
    return RingSignature(image=image, first=challenges[0], responses=tuple(responses))


def scalars_from(secret: int, seed: bytes, context: bytes) -> Iterator[int]:
    """Return endless scalars in 1 .. order - 1, each of 512 bits of HMAC."""
    key = secret.to_bytes(32, "big") + seed
    index = 0
    while True:
        digest = hmac.digest(key, context + index.to_bytes(4, "big"), "sha512")
        yield int.from_bytes(digest, "big") % (ORDER - 1) + 1
        index += 1
