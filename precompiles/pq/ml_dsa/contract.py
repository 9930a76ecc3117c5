"""0x0602: ML-DSA (FIPS 204), modes by NIST's level: 2, 3 and 5.

`verify` answers false to whatever is not a good signature of the message, wrong lengths of key and
signature among it: who supplies a signature must not be able to make a contract revert. Methods
that take or make a secret key do not run in a block unless the genesis says that secrets are
public.
"""

from types import ModuleType

from ... import abi
from ...gas import Expression, Listed, PerItem
from ...precompile import Call, Precompile, method
from .. import entropy
from .parameters import (
    BY_NUMBER,
    BY_PUBLIC_KEY_SIZE,
    BY_SECRET_KEY_SIZE,
    CONTEXT_SIZE_MAX,
    RANDOMNESS_SIZE,
    SEED_SIZE,
    SETS,
    formatted,
)

UNKNOWN_MODE = abi.error("UnknownMode(uint8 mode)")
UNKNOWN_KEY_SIZE = abi.error("UnknownKeySize(uint256 size)")
INVALID_SECRET_KEY = abi.error("InvalidSecretKey()")
SIGNING_FAILED = abi.error("SigningFailed()")

LARGEST = SETS[-1]
MESSAGE_SIZE_MAX = 8192
BEYOND = 32
"""Bytes that a key or a signature may have too many, and give false, not a refusal."""

ATTEMPTS_MAX = 814
"""FIPS 204, appendix C: an honest key needs more once in 2^256 signatures."""
ATTEMPTS_PAID = 24
"""One signature in 200 needs more. A key made to fail does, and its owner pays for each 24 anew."""

# Measured: docs/gas.md. Signing pays for 24 attempts and needs 4 or 5 in the mean.
KEYGEN_GAS = (4_000, 6_500, 11_000)
VERIFY_GAS = (4_500, 7_000, 10_500)
SIGN_GAS = (36_000, 45_000, 62_000)
MESSAGE_GAS = 1
REFUSAL_GAS = 600
"""Of a mode, or a size of key, that there is not."""


def key_gen(call: Call, mode: int) -> tuple[bytes, bytes]:
    """Make a key pair of new randomness."""
    check_mode(mode)
    keys = key_gen_of_seed(call, mode, entropy.draw(call, b"ml-dsa", SEED_SIZE))
    entropy.flag(call, keys[0])
    return keys


def key_gen_of_seed(_: Call, mode: int, seed: bytes) -> tuple[bytes, bytes]:
    """Make the key pair of xi."""
    check_mode(mode)
    keys: tuple[bytes, bytes] = kernel().keygen(BY_NUMBER[mode], seed)
    return keys


def sign(call: Call, secret_key: bytes, message: bytes) -> bytes:
    """Sign deterministically, with the empty context."""
    return sign_with_randomness(call, secret_key, message, b"", bytes(RANDOMNESS_SIZE))


def sign_in_context(call: Call, secret_key: bytes, message: bytes, context: bytes) -> bytes:
    """Sign deterministically."""
    return sign_with_randomness(call, secret_key, message, context, bytes(RANDOMNESS_SIZE))


def sign_with_randomness(
    call: Call, secret_key: bytes, message: bytes, context: bytes, rnd: bytes
) -> bytes:
    """Sign with this randomness."""
    chosen = BY_SECRET_KEY_SIZE.get(len(secret_key))
    if chosen is None:
        raise UNKNOWN_KEY_SIZE(len(secret_key))
    if not kernel().is_secret_key(secret_key):
        raise INVALID_SECRET_KEY()
    whole = formatted(message, context)
    again = SIGN_GAS[SETS.index(chosen)]
    for first in range(0, ATTEMPTS_MAX, ATTEMPTS_PAID):
        if first:
            call.host.charge(again, "signing attempts")
        last = min(first + ATTEMPTS_PAID, ATTEMPTS_MAX)
        signature: bytes = kernel().sign(secret_key, whole, rnd, last, first)[0]
        if signature:
            return signature
    raise SIGNING_FAILED()


def verify(call: Call, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature holds, with the empty context."""
    return verify_in_context(call, public_key, message, signature, b"")


def verify_in_context(
    _: Call, public_key: bytes, message: bytes, signature: bytes, context: bytes
) -> bool:
    """Return whether the signature holds."""
    chosen = BY_PUBLIC_KEY_SIZE.get(len(public_key))
    if chosen is None or len(signature) != chosen.signature_size:
        return False
    valid: bool = kernel().verify(public_key, formatted(message, context), signature)
    return valid


def check_mode(mode: int) -> None:
    """Refuse a mode that there is not."""
    if mode not in BY_NUMBER:
        raise UNKNOWN_MODE(mode)


def kernel() -> ModuleType:
    """Return the kernel, loading the compiler at the first call only."""
    from . import kernel

    return kernel


def by_mode(argument: str, keys: list[int], amounts: tuple[int, ...]) -> Listed:
    """Return a price listed by mode."""
    return Listed(
        argument=argument, amounts=tuple(zip(keys, amounts, strict=True)), otherwise=REFUSAL_GAS
    )


PER_MESSAGE_BYTE = PerItem(argument="message", amount=MESSAGE_GAS)
KEYGEN_PRICE: Expression = (by_mode("mode", list(BY_NUMBER), KEYGEN_GAS),)
SIGN_PRICE = (by_mode("secretKey", list(BY_SECRET_KEY_SIZE), SIGN_GAS), PER_MESSAGE_BYTE)
VERIFY_PRICE = (by_mode("publicKey", list(BY_PUBLIC_KEY_SIZE), VERIFY_GAS), PER_MESSAGE_BYTE)

KEYS = {"publicKey": LARGEST.public_key_size, "secretKey": LARGEST.secret_key_size}
SIGNING = {
    "secretKey": LARGEST.secret_key_size,
    "message": MESSAGE_SIZE_MAX,
    "signature": LARGEST.signature_size,
}
VERIFYING = {
    "publicKey": LARGEST.public_key_size + BEYOND,
    "message": MESSAGE_SIZE_MAX,
    "signature": LARGEST.signature_size + BEYOND,
}
CONTEXT = {"context": CONTEXT_SIZE_MAX}

PRECOMPILE = Precompile(
    address=(0x0602).to_bytes(20, "big"),
    family="pq",
    name="ml_dsa",
    interface="IMLDSA",
    version=1,
    summary="ML-DSA signatures, FIPS 204",
    methods=(
        method(
            "verify(bytes publicKey, bytes message, bytes signature) returns (bool valid)",
            mutability="pure",
            gas=VERIFY_PRICE,
            handler=verify,
            summary="Check a signature made with the empty context. The key's length names the"
            " mode; wrong lengths give false.",
            bounds=VERIFYING,
        ),
        method(
            "verify(bytes publicKey, bytes message, bytes signature, bytes context)"
            " returns (bool valid)",
            mutability="pure",
            gas=VERIFY_PRICE,
            handler=verify_in_context,
            summary="Check a signature made with a context of at most 255 bytes.",
            bounds=VERIFYING | CONTEXT,
        ),
        method(
            "keyGen(uint8 mode) returns (bytes publicKey, bytes secretKey)",
            mutability="nonpayable",
            gas=KEYGEN_PRICE,
            handler=key_gen,
            summary="Make a key pair. Mode 2 is ML-DSA-44, 3 is 65, 5 is 87.",
            bounds=KEYS,
            secret=True,
            static=True,
        ),
        method(
            "keyGen(uint8 mode, bytes32 seed) returns (bytes publicKey, bytes secretKey)",
            mutability="pure",
            gas=KEYGEN_PRICE,
            handler=key_gen_of_seed,
            summary="Make the key pair of xi.",
            bounds=KEYS,
            secret=True,
        ),
        method(
            "sign(bytes secretKey, bytes message) returns (bytes signature)",
            mutability="pure",
            gas=SIGN_PRICE,
            handler=sign,
            summary="Sign deterministically, with the empty context.",
            bounds=SIGNING,
            secret=True,
        ),
        method(
            "sign(bytes secretKey, bytes message, bytes context) returns (bytes signature)",
            mutability="pure",
            gas=SIGN_PRICE,
            handler=sign_in_context,
            summary="Sign deterministically, with a context of at most 255 bytes.",
            bounds=SIGNING | CONTEXT,
            secret=True,
        ),
        method(
            "sign(bytes secretKey, bytes message, bytes context, bytes32 randomness)"
            " returns (bytes signature)",
            mutability="pure",
            gas=SIGN_PRICE,
            handler=sign_with_randomness,
            summary="Sign with the randomness rnd.",
            bounds=SIGNING | CONTEXT,
            secret=True,
        ),
    ),
    errors=(UNKNOWN_MODE, UNKNOWN_KEY_SIZE, INVALID_SECRET_KEY, SIGNING_FAILED),
    events=(entropy.PUBLIC_RANDOMNESS,),
    references=("FIPS 204", "PIP-0002", "EIP-8051 (its vectors)"),
)
