"""The scheme: bLSAG on secp256k1 (Back 2015, after Liu, Wei and Wong 2004), with key prefixing.

A ring is n compressed keys, 33 bytes each, one after the other. With Hp(P) the hash of a key to
the curve, the key image of a secret x is I = x Hp(x G). A signature is (c0, s0 .. s(n-1)) with

    c(i+1) = keccak256(TAG || keccak256(ring) || I || message || L || R) mod order
    L = s(i) G + c(i) P(i)        R = s(i) Hp(P(i)) + c(i) I

such that c(n) = c0. All parts but the message have fixed sizes, so no two inputs hash alike. Knows
no ABI, no state and no secret.
"""

from collections.abc import Callable, Sequence

from ...backends import secp256k1
from ...backends.keccak import keccak256, keccak256_after
from ...backends.secp256k1 import ORDER, Point
from ...hash_to_curve import hash_to_curve

TAG = b"PARS-LSAG-SECP256K1-KECCAK256-V1"
HASH_TO_CURVE_TAG = b"PARS-V01-LSAG-with-secp256k1_XMD:SHA-256_SSWU_RO_"

KEY_SIZE = 33
RING_MIN = 2
RING_MAX = 128

Challenge = Callable[[bytes, bytes], int]
"""The next challenge, from L and R compressed."""


def image_bases(keys: Sequence[bytes]) -> list[Point]:
    """Return Hp of each compressed key."""
    return hash_to_curve(keys, HASH_TO_CURVE_TAG)


def challenge_of(ring: bytes, image: bytes, message: bytes) -> Challenge:
    """Return the hash of one signature. It reads the message once, not once a member."""
    after = keccak256_after(TAG + keccak256(ring) + image + message)

    def challenge(left: bytes, right: bytes) -> int:
        return int.from_bytes(after(left + right), "big") % ORDER

    return challenge


def advance(member: Point, base: Point, image: Point, challenge: Challenge, c: int, s: int) -> int:
    """Return the challenge after this member; 0, which none may be, when there is no such one."""
    if c == 0:
        return 0
    left = secp256k1.combine(member, c, s)
    right = secp256k1.add(secp256k1.multiply(base, s), secp256k1.multiply(image, c))
    return 0 if left is None or right is None else challenge(left, secp256k1.encode(right))


def closes(
    members: Sequence[Point],
    bases: Sequence[Point],
    image: Point,
    challenge: Challenge,
    first: int,
    responses: Sequence[int],
) -> bool:
    """Return whether the chain of challenges comes back to the first.

    The first challenge and the responses are in 1 .. order - 1.
    """
    c = first
    for member, base, s in zip(members, bases, responses, strict=True):
        c = advance(member, base, image, challenge, c, s)
    return c == first
