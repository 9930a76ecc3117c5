"""The points that commitments are made with, and Starknet's constants.

Value and blinding belong to different points, and nobody may know a logarithm between them, so all
but the curves' own generators are hashed to the curve (RFC 9380) from a label under a tag of ours.
Knows no commitment.
"""

from functools import cache

from ... import hash_to_bn254, hash_to_curve
from ...backends import secp256k1

BN254 = 1
SECP256K1 = 2

BN254_TAG = b"PARS-PEDERSEN-V1-with-BN254G1_XMD:SHA-256_SVDW_RO_"
SECP256K1_TAG = b"PARS-PEDERSEN-V1-with-secp256k1_XMD:SHA-256_SSWU_RO_"

BN254_ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617

VALUES_MAX = 32

Affine = tuple[int, int]

BN254_BASE: Affine = (1, 2)

STARKNET_SHIFT: Affine = (
    0x049EE3EBA8C1600700EE1B87EB599F16716B0B1022947733551FDE4050CA6804,
    0x03CA0CFE4B3BC6DDF346D49D06EA0ED34E621062C0E056C1D0405D266E10268A,
)
STARKNET_POINTS: tuple[Affine, Affine, Affine, Affine] = (
    (
        0x0234287DCBAFFE7F969C748655FCA9E58FA8120B6D56EB0C1080D17957EBE47B,
        0x03B056F100F96FB21E889527D41F4E39940135DD7A6C94CC6ED0268EE89E5615,
    ),
    (
        0x04FA56F376C83DB33F9DAB2656558F3399099EC1DE5E3018B7A6932DBA8AA378,
        0x03FA0984C931C9E38113E0C0E47E4401562761F92A7A23B45168F4E80FF5B54D,
    ),
    (
        0x04BA4CC166BE8DEC764910F75B45F74B40C690C74709E90F3AA372F0BD2D6997,
        0x0040301CF5C1751F4B971E46C4EDE85FCAC5C59A5CE5AE7C48151F27B24B219C,
    ),
    (
        0x054302DCB0E6CC1C6E44CCA8F61A63BB2CA65048D53FB325D36FF12C49A58202,
        0x01B77B3E37D13504B348046268D8AE25CE98AD783C25561A879DCC77E99C2426,
    ),
)
"""For the low 248 bits and the rest of the first element, then of the second."""
STARKNET_LOW_BITS = 248


def label(index: int) -> bytes:
    """Return what is hashed: 0 is the blinding's point, 1 and up are those of a vector's values."""
    return b"value" + index.to_bytes(4, "big") if index else b"blinding"


@cache
def bn254_generator(index: int) -> Affine:
    """Return a point of BN254; about a millisecond the first time."""
    return hash_to_bn254.hash_to_curve(label(index), BN254_TAG)


@cache
def secp256k1_generators() -> tuple[secp256k1.Point, ...]:
    """Return all points of secp256k1 at once, which share their inversions."""
    labels = [label(index) for index in range(VALUES_MAX + 1)]
    return tuple(hash_to_curve.hash_to_curve(labels, SECP256K1_TAG))
