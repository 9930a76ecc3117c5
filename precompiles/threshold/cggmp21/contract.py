"""0x0802: ECDSA signatures made by CGGMP21, and who spoiled one.

The equations are those of `algebra.py`. A signature, presignature or share that does not hold gives
false; a key or a point that is none is refused. What the signers agreed on (R, Rbar, S) is given
by the caller: a contract must take it from where all signers have confirmed it, or a liar could
have an honest signer blamed. Positions count from 0, in the order of the arrays.
"""

from ... import abi
from ...backends import secp256k1_group as curve
from ...backends.secp256k1_group import ORDER, Point
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, method
from .. import ecdsa_signature
from . import algebra
from .algebra import Presignature

SIGNERS_MAX = 150
KEY_SIZE_MAX = 96  # Above both encodings, so that a wrong length is refused by name.
POINT_SIZE_MAX = 65

INVALID_PUBLIC_KEY = abi.error("InvalidPublicKey()")
INVALID_NONCE = abi.error("InvalidNonce()")
INVALID_POINT = abi.error("InvalidPoint(uint256 position)")
NO_SIGNERS = abi.error("NoSigners()")
INVALID_PARTIAL = abi.error("InvalidPartial(uint16 position)")
INCONSISTENT_PRESIGNATURE = abi.error("InconsistentPresignature()")


def verify(_: Call, public_key: bytes, digest: bytes, signature: bytes) -> bool:
    """Return whether the signature holds for the digest."""
    return ecdsa_signature.verify(parse_key(public_key), digest, signature)


def verify_presignature(
    _: Call, public_key: bytes, nonce: bytes, rbars: list[bytes], shares: list[bytes]
) -> bool:
    """Return whether the signers' parts sum to G and to the key."""
    key = parse_key(public_key)
    return algebra.is_consistent(parse_presignature(nonce, rbars, shares), key)


def verify_partial(
    _: Call, digest: bytes, nonce: bytes, rbar: bytes, share: bytes, sigma: int
) -> bool:
    """Return whether one signer's share of a signature holds."""
    return algebra.holds(
        parse_nonce(nonce),
        parse_point(rbar, 0),
        parse_point(share, 1),
        as_scalar(digest),
        sigma,
    )


def combine(
    _: Call,
    public_key: bytes,
    digest: bytes,
    nonce: bytes,
    rbars: list[bytes],
    shares: list[bytes],
    sigmas: list[int],
) -> bytes:
    """Return the signature, or refuse and say whose share spoils it."""
    key = parse_key(public_key)
    presignature = parse_presignature(nonce, rbars, shares)
    check_length(len(rbars), sigmas)
    if all(sigma < ORDER for sigma in sigmas):
        signature = algebra.combine(presignature.nonce, sigmas)
        if ecdsa_signature.verify(key, digest, signature):
            return signature
    guilty = algebra.culprits(presignature, as_scalar(digest), sigmas)
    if guilty:
        raise INVALID_PARTIAL(guilty[0])
    raise INCONSISTENT_PRESIGNATURE()


def blame(
    _: Call,
    digest: bytes,
    nonce: bytes,
    rbars: list[bytes],
    shares: list[bytes],
    sigmas: list[int],
) -> list[int]:
    """Return the positions of all shares that do not hold."""
    presignature = parse_presignature(nonce, rbars, shares)
    check_length(len(rbars), sigmas)
    return algebra.culprits(presignature, as_scalar(digest), sigmas)


def parse_key(encoded: bytes) -> Point:
    """Return the key of a compressed or uncompressed encoding."""
    if len(encoded) not in (curve.COMPRESSED_SIZE, curve.UNCOMPRESSED_SIZE):
        raise abi.INVALID_LENGTH(curve.COMPRESSED_SIZE, len(encoded))
    key = curve.parse_key(encoded)
    if key is None:
        raise INVALID_PUBLIC_KEY()
    return key


def parse_nonce(encoded: bytes) -> Point:
    """Return R. An x from the order up, which nobody will ever meet, would need another v."""
    point = curve.parse(encoded)
    if point is None or not algebra.nonce_scalar(point) < ORDER:
        raise INVALID_NONCE()
    return point


def parse_point(encoded: bytes, position: int) -> Point:
    """Return a point given compressed."""
    point = curve.parse(encoded)
    if point is None:
        raise INVALID_POINT(position)
    return point


def parse_presignature(nonce: bytes, rbars: list[bytes], shares: list[bytes]) -> Presignature:
    """Return the presignature. A bad point is refused by its place in Rbar, then S."""
    if not rbars:
        raise NO_SIGNERS()
    check_length(len(rbars), shares)
    points = [parse_point(each, position) for position, each in enumerate((*rbars, *shares))]
    count = len(rbars)
    return Presignature(
        nonce=parse_nonce(nonce),
        shares=tuple(zip(points[:count], points[count:], strict=True)),
    )


def check_length(expected: int, items: list[bytes] | list[int]) -> None:
    """Refuse a list that has not one item for each signer."""
    if len(items) != expected:
        raise abi.INVALID_LENGTH(expected, len(items))


def as_scalar(digest: bytes) -> int:
    """Return the digest as ECDSA uses it."""
    return int.from_bytes(digest, "big") % ORDER


POINTS: abi.Bound = (SIGNERS_MAX, POINT_SIZE_MAX)
PRESIGNATURE_BOUNDS: dict[str, abi.Bound] = {
    "nonce": POINT_SIZE_MAX,
    "rbar": POINTS,
    "share": POINTS,
}
PARTIAL_GAS = 10_000
"""Of one share, which `combine` looks at only when the sum of all fails."""

PRECOMPILE = Precompile(
    address=(0x0802).to_bytes(20, "big"),
    family="threshold",
    name="cggmp21",
    interface="ICGGMP21",
    version=1,
    summary="CGGMP21 threshold ECDSA: signatures, their shares, and who spoiled one",
    methods=(
        method(
            "verify(bytes publicKey, bytes32 digest, bytes signature) returns (bool valid)",
            mutability="view",
            gas=(Constant(amount=4_000),),
            handler=verify,
            summary="Check an ECDSA signature over secp256k1 with low s: 64 bytes r, s, or 65 with"
            " v 27 or 28, which must recover the key. The key has 33 or 65 bytes.",
            bounds={
                "publicKey": KEY_SIZE_MAX,
                "signature": ecdsa_signature.SIGNATURE_SIZE_MAX,
            },
        ),
        method(
            "verifyPresignature(bytes publicKey, bytes nonce, bytes[] rbar, bytes[] share)"
            " returns (bool consistent)",
            mutability="view",
            gas=(Constant(amount=4_000), PerItem(argument="rbar", amount=1_500)),
            handler=verify_presignature,
            summary="Check that the Rbar sum to G and the S to the key, and that R is usable.",
            bounds={"publicKey": KEY_SIZE_MAX, **PRESIGNATURE_BOUNDS},
        ),
        method(
            "verifyPartial(bytes32 digest, bytes nonce, bytes rbar, bytes share, uint256 sigma)"
            " returns (bool valid)",
            mutability="view",
            gas=(Constant(amount=PARTIAL_GAS),),
            handler=verify_partial,
            summary="Check one signer's share: sigma R = m Rbar + r S.",
            bounds={
                "nonce": POINT_SIZE_MAX,
                "rbar": POINT_SIZE_MAX,
                "share": POINT_SIZE_MAX,
            },
        ),
        method(
            "combine(bytes publicKey, bytes32 digest, bytes nonce, bytes[] rbar, bytes[] share,"
            " uint256[] sigma) returns (bytes signature)",
            mutability="view",
            gas=(Constant(amount=6_000), PerItem(argument="rbar", amount=PARTIAL_GAS)),
            handler=combine,
            summary="Sum the shares to r, s, v with low s, and check the result. Reverts with the"
            " position of the first share that spoils it.",
            bounds={
                "publicKey": KEY_SIZE_MAX,
                **PRESIGNATURE_BOUNDS,
                "sigma": SIGNERS_MAX,
                "signature": ecdsa_signature.RECOVERABLE_SIZE,
            },
        ),
        method(
            "blame(bytes32 digest, bytes nonce, bytes[] rbar, bytes[] share, uint256[] sigma)"
            " returns (uint16[] culprits)",
            mutability="view",
            gas=(Constant(amount=2_000), PerItem(argument="rbar", amount=PARTIAL_GAS)),
            handler=blame,
            summary="Return the positions of all shares that do not hold.",
            bounds={**PRESIGNATURE_BOUNDS, "sigma": SIGNERS_MAX, "culprits": SIGNERS_MAX},
        ),
    ),
    errors=(
        INVALID_PUBLIC_KEY,
        INVALID_NONCE,
        INVALID_POINT,
        NO_SIGNERS,
        INVALID_PARTIAL,
        INCONSISTENT_PRESIGNATURE,
    ),
    references=("ePrint 2021/060, figures 7 and 8", "SEC 1, section 4.1"),
)
