"""0x0704: public-key encryption, in the one suite of `suite.py`.

`verifyOpening` is the method for contracts: whoever encrypted shows what a posted message holds,
by giving its ephemeral secret away, and nobody's key. It takes a secret that ends with the call,
so it is not one of the secret operations. `encrypt` and `decrypt` are.
"""

from hashlib import sha256

from ... import abi
from ...backends import secp256k1
from ...backends.secp256k1 import Point
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, method
from . import suite

PLAINTEXT_SIZE_MAX = 4096
MAC_DATA_SIZE_MAX = 256
KEY_SIZE_MAX = 96  # So that a key of the wrong length is refused by name.

INVALID_PUBLIC_KEY = abi.error("InvalidPublicKey()")
INVALID_SECRET_KEY = abi.error("InvalidSecretKey()")
DECRYPTION_FAILED = abi.error("DecryptionFailed()")


def encrypt(
    call: Call, public_key: bytes, mac_data: bytes, plaintext: bytes, seed: bytes
) -> tuple[bytes, bytes]:
    """Encrypt; return the message and what opens it."""
    recipient = parse_key(public_key)
    digests = (sha256(part).digest() for part in (public_key, mac_data, plaintext))
    r, iv = suite.ephemeral(seed, call.caller + b"".join(digests))
    return suite.seal(recipient, r, iv, mac_data, plaintext), r.to_bytes(32, "big")


def decrypt(_: Call, secret_key: bytes, mac_data: bytes, ciphertext: bytes) -> bytes:
    """Return the plaintext. A message that is not authentic has none, so it is refused."""
    secret = parse_secret(secret_key)
    check_size(ciphertext)
    plaintext = suite.unseal(secret, parse_key(ciphertext[: suite.KEY_SIZE]), mac_data, ciphertext)
    if plaintext is None:
        raise DECRYPTION_FAILED()
    return plaintext


def verify_opening(
    _: Call,
    public_key: bytes,
    mac_data: bytes,
    ciphertext: bytes,
    ephemeral_secret: bytes,
    plaintext: bytes,
) -> bool:
    """Return whether encrypting again gives the message."""
    recipient = parse_key(public_key)
    r = parse_secret(ephemeral_secret)
    check_size(ciphertext)
    iv = ciphertext[suite.KEY_SIZE : suite.KEY_SIZE + suite.IV_SIZE]
    return suite.seal(recipient, r, iv, mac_data, plaintext) == ciphertext


def parse_key(encoded: bytes) -> Point:
    """Return the point of a public key."""
    if len(encoded) != suite.KEY_SIZE:
        raise abi.INVALID_LENGTH(suite.KEY_SIZE, len(encoded))
    point = suite.parse_key(encoded)
    if point is None:
        raise INVALID_PUBLIC_KEY()
    return point


def parse_secret(encoded: bytes) -> int:
    """Return the scalar of a secret key."""
    scalar = int.from_bytes(encoded, "big")
    if not 0 < scalar < secp256k1.ORDER:
        raise INVALID_SECRET_KEY()
    return scalar


def check_size(ciphertext: bytes) -> None:
    """Refuse what is too short to be a message."""
    if len(ciphertext) < suite.OVERHEAD:
        raise abi.INVALID_LENGTH(suite.OVERHEAD, len(ciphertext))


CIPHERTEXT_SIZE_MAX = PLAINTEXT_SIZE_MAX + suite.OVERHEAD
BASE_GAS = Constant(amount=8_000)  # Measured: docs/gas.md.
MAC_DATA_GAS = PerItem(argument="macData", amount=1)

PRECOMPILE = Precompile(
    address=(0x0704).to_bytes(20, "big"),
    family="privacy",
    name="ecies",
    interface="IECIES",
    version=1,
    summary="Public-key encryption on secp256k1, the ECIES profile of devp2p's RLPx",
    methods=(
        method(
            "encrypt(bytes publicKey, bytes macData, bytes plaintext, bytes32 seed)"
            " returns (bytes ciphertext, bytes32 ephemeralSecret)",
            mutability="view",
            gas=(BASE_GAS, MAC_DATA_GAS, PerItem(argument="plaintext", amount=1)),
            handler=encrypt,
            summary="Encrypt to an uncompressed key. The ephemeral secret, which opens the message,"
            " follows from the seed, the caller and all arguments.",
            bounds={
                "publicKey": KEY_SIZE_MAX,
                "macData": MAC_DATA_SIZE_MAX,
                "plaintext": PLAINTEXT_SIZE_MAX,
                "ciphertext": CIPHERTEXT_SIZE_MAX,
            },
            secret=True,
        ),
        method(
            "decrypt(bytes32 secretKey, bytes macData, bytes ciphertext) returns (bytes plaintext)",
            mutability="view",
            gas=(BASE_GAS, MAC_DATA_GAS, PerItem(argument="ciphertext", amount=1)),
            handler=decrypt,
            summary="Decrypt; reverts when the message is not authentic.",
            bounds={
                "macData": MAC_DATA_SIZE_MAX,
                "ciphertext": CIPHERTEXT_SIZE_MAX,
                "plaintext": PLAINTEXT_SIZE_MAX,
            },
            secret=True,
        ),
        method(
            "verifyOpening(bytes publicKey, bytes macData, bytes ciphertext,"
            " bytes32 ephemeralSecret, bytes plaintext) returns (bool valid)",
            mutability="view",
            gas=(
                BASE_GAS,
                MAC_DATA_GAS,
                PerItem(argument="ciphertext", amount=1),
                PerItem(argument="plaintext", amount=1),
            ),
            handler=verify_opening,
            summary="Check that a message to this key holds this plaintext. Whoever reads the call"
            " can decrypt this one message, and no other.",
            bounds={
                "publicKey": KEY_SIZE_MAX,
                "macData": MAC_DATA_SIZE_MAX,
                "ciphertext": CIPHERTEXT_SIZE_MAX,
                "plaintext": PLAINTEXT_SIZE_MAX,
            },
        ),
    ),
    errors=(INVALID_PUBLIC_KEY, INVALID_SECRET_KEY, DECRYPTION_FAILED),
    references=(
        "devp2p, rlpx.md: ECIES encryption",
        "EIP-8",
        "SEC 1, section 5.1",
        "NIST SP 800-56C",
    ),
)
