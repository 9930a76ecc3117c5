"""0x0801: FROST signatures by ciphersuite number. Suite 1 is RFC 9591's secp256k1 with SHA-256.

Verifies the one signature a group makes together; it says nothing of threshold or group size. A
signature that does not hold, of whatever length, gives false; a public key that is not one is
refused, because it is the caller's mistake.
"""

from ... import abi
from ...backends import secp256k1
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, method
from .challenge import challenge

SECP256K1_SHA256 = 1

KEY_SIZE = 33
SIGNATURE_SIZE = 65
KEY_SIZE_MAX = 65  # So that an uncompressed key is refused for its length, by name.
SIGNATURE_SIZE_MAX = 128
MESSAGE_SIZE_MAX = 4096

INVALID_SUITE = abi.error("InvalidSuite(uint8 suite)")
INVALID_PUBLIC_KEY = abi.error("InvalidPublicKey()")


def verify(_: Call, suite: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether R = z G - c PK."""
    if suite != SECP256K1_SHA256:
        raise INVALID_SUITE(suite)
    if len(public_key) != KEY_SIZE:
        raise abi.INVALID_LENGTH(KEY_SIZE, len(public_key))
    key = secp256k1.parse(public_key)
    if key is None:
        raise INVALID_PUBLIC_KEY()
    commitment, z = signature[:KEY_SIZE], int.from_bytes(signature[KEY_SIZE:], "big")
    if len(signature) != SIGNATURE_SIZE or z >= secp256k1.ORDER:
        return False
    c = challenge(commitment, public_key, message, secp256k1.ORDER)
    # A commitment that is not a point needs no check: no point has its encoding.
    return secp256k1.combine(key, -c % secp256k1.ORDER, z) == commitment


PRECOMPILE = Precompile(
    address=(0x0801).to_bytes(20, "big"),
    family="threshold",
    name="frost",
    interface="IFROST",
    version=1,
    summary="FROST threshold Schnorr signatures, RFC 9591",
    methods=(
        method(
            "verify(uint8 suite, bytes publicKey, bytes message, bytes signature)"
            " returns (bool valid)",
            mutability="view",
            gas=(Constant(amount=4_000), PerItem(argument="message", amount=1)),
            handler=verify,
            summary="Check a signature. Suite 1 is secp256k1 with SHA-256: 33-byte key, 33 + 32"
            " byte signature.",
            bounds={
                "publicKey": KEY_SIZE_MAX,
                "message": MESSAGE_SIZE_MAX,
                "signature": SIGNATURE_SIZE_MAX,
            },
        ),
    ),
    errors=(INVALID_SUITE, INVALID_PUBLIC_KEY),
    references=("RFC 9591, sections 4.6 and 6.5", "RFC 9380, section 5"),
)
