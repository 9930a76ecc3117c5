"""0x0603: SLH-DSA, the hash-based signatures of FIPS 205, in all twelve parameter sets.

The set is an argument: a SHA-2 set and the SHAKE set of the same strength have the same lengths, so
no length could tell them apart. A signature that does not hold, of whatever length, gives false; an
unknown set and a key of the wrong length are refused, because they are the caller's mistake.
"""

from collections.abc import Callable

from ... import abi
from ...gas import Listed, PerItem
from ...precompile import Call, Precompile, method
from .. import entropy
from . import prices, scheme
from .message import CONTEXT_SIZE_MAX
from .parameters import (
    PARAMETER_SETS,
    PUBLIC_KEY_SIZE_MAX,
    SECRET_KEY_SIZE_MAX,
    SIGNATURE_SIZE_MAX,
    ParameterSet,
)

MESSAGE_SIZE_MAX = 8192
SEEDS_SIZE_MAX = 96
SIGNATURE_BOUND = SIGNATURE_SIZE_MAX + 32  # One word more, so that too long a one gives false too.

INVALID_PARAMETER_SET = abi.error("InvalidParameterSet(uint8 parameterSet)")


def find_set(number: int) -> ParameterSet:
    """Return the set of this number, or refuse it."""
    chosen = PARAMETER_SETS.get(number)
    if chosen is None:
        raise INVALID_PARAMETER_SET(number)
    return chosen


def check_length(expected: int, data: bytes) -> None:
    """Refuse data of another length."""
    if len(data) != expected:
        raise abi.INVALID_LENGTH(expected, len(data))


def verify_with_context(
    _: Call, number: int, public_key: bytes, message: bytes, signature: bytes, context: bytes
) -> bool:
    """Return whether the signature holds for this context."""
    chosen = find_set(number)
    check_length(chosen.public_key_size, public_key)
    return scheme.verify(chosen, public_key, message, signature, context)


def verify(call: Call, number: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature holds for the empty context."""
    return verify_with_context(call, number, public_key, message, signature, b"")


def sign_with_randomness(
    _: Call, number: int, secret_key: bytes, message: bytes, context: bytes, addrnd: bytes
) -> bytes:
    """Return a signature under this context, made with this randomness."""
    chosen = find_set(number)
    check_length(chosen.secret_key_size, secret_key)
    check_length(chosen.n, addrnd)
    return scheme.sign(chosen, secret_key, message, context, addrnd)


def sign(_: Call, number: int, secret_key: bytes, message: bytes) -> bytes:
    """Return the deterministic signature under the empty context."""
    chosen = find_set(number)
    check_length(chosen.secret_key_size, secret_key)
    pk_seed = secret_key[2 * chosen.n : 3 * chosen.n]
    return scheme.sign(chosen, secret_key, message, b"", pk_seed)


def key_gen_from_seeds(_: Call, number: int, seeds: bytes) -> tuple[bytes, bytes]:
    """Return the key pair of these seeds."""
    chosen = find_set(number)
    check_length(3 * chosen.n, seeds)
    return scheme.key_pair(chosen, seeds)


def key_gen(call: Call, number: int) -> tuple[bytes, bytes]:
    """Return a fresh key pair."""
    chosen = find_set(number)
    pair = scheme.key_pair(chosen, entropy.draw(call, b"slh-dsa", 3 * chosen.n))
    entropy.flag(call, pair[0])
    return pair


def amounts(work: Callable[[ParameterSet], int]) -> tuple[tuple[int, int], ...]:
    """Return a price for each set."""
    return tuple((number, work(each)) for number, each in PARAMETER_SETS.items())


MESSAGE_GAS = 1  # Per byte: signing hashes a message twice.
KEY_BOUNDS = {"publicKey": PUBLIC_KEY_SIZE_MAX, "secretKey": SECRET_KEY_SIZE_MAX}
VERIFY_BOUNDS = {
    "publicKey": PUBLIC_KEY_SIZE_MAX,
    "message": MESSAGE_SIZE_MAX,
    "signature": SIGNATURE_BOUND,
}
SIGN_BOUNDS = {
    "secretKey": SECRET_KEY_SIZE_MAX,
    "message": MESSAGE_SIZE_MAX,
    "signature": SIGNATURE_SIZE_MAX,
}
VERIFY_GAS = (
    Listed(argument="set", amounts=amounts(prices.verify), otherwise=prices.BASE_GAS),
    PerItem(argument="message", amount=MESSAGE_GAS),
)
# Signing with a small ("s") set hashes millions of times, a second's worth on some machines. It is
# charged for all of it, so it fits an eth_call with room to spare, and few blocks.
SIGN_GAS = (
    Listed(argument="set", amounts=amounts(prices.sign), otherwise=prices.BASE_GAS),
    PerItem(argument="message", amount=MESSAGE_GAS),
)
KEY_GEN_GAS = (Listed(argument="set", amounts=amounts(prices.key_gen), otherwise=prices.BASE_GAS),)

PRECOMPILE = Precompile(
    address=(0x0603).to_bytes(20, "big"),
    family="pq",
    name="slh_dsa",
    interface="ISLHDSA",
    version=1,
    summary="SLH-DSA stateless hash-based signatures, FIPS 205",
    methods=(
        method(
            "verify(uint8 set, bytes publicKey, bytes message, bytes signature)"
            " returns (bool valid)",
            mutability="pure",
            gas=VERIFY_GAS,
            handler=verify,
            summary="Check a signature made with the empty context. Sets 0x00 to 0x05 are"
            " SHA2-128s, 128f, 192s, 192f, 256s and 256f; 0x10 to 0x15 the same with SHAKE.",
            bounds=VERIFY_BOUNDS,
        ),
        method(
            "verify(uint8 set, bytes publicKey, bytes message, bytes signature, bytes context)"
            " returns (bool valid)",
            mutability="pure",
            gas=VERIFY_GAS,
            handler=verify_with_context,
            summary="Check a signature made with a context of at most 255 bytes.",
            bounds={**VERIFY_BOUNDS, "context": CONTEXT_SIZE_MAX},
        ),
        method(
            "sign(uint8 set, bytes secretKey, bytes message) returns (bytes signature)",
            mutability="pure",
            gas=SIGN_GAS,
            handler=sign,
            summary="Sign with the empty context, deterministically: PK.seed in place of"
            " randomness.",
            secret=True,
            bounds=SIGN_BOUNDS,
        ),
        method(
            "sign(uint8 set, bytes secretKey, bytes message, bytes context, bytes addrnd)"
            " returns (bytes signature)",
            mutability="pure",
            gas=SIGN_GAS,
            handler=sign_with_randomness,
            summary="Sign with a context and n bytes of randomness, n being a quarter of the"
            " secret key's length.",
            secret=True,
            bounds={**SIGN_BOUNDS, "context": CONTEXT_SIZE_MAX, "addrnd": SEEDS_SIZE_MAX // 3},
        ),
        method(
            "keyGen(uint8 set) returns (bytes publicKey, bytes secretKey)",
            mutability="nonpayable",
            gas=KEY_GEN_GAS,
            handler=key_gen,
            summary="Make a fresh key pair; on a chain whose secrets are public, one that follows"
            " from the call.",
            secret=True,
            static=True,
            bounds=KEY_BOUNDS,
        ),
        method(
            "keyGen(uint8 set, bytes seeds) returns (bytes publicKey, bytes secretKey)",
            mutability="pure",
            gas=KEY_GEN_GAS,
            handler=key_gen_from_seeds,
            summary="Make the key pair of SK.seed, SK.prf and PK.seed.",
            secret=True,
            bounds={**KEY_BOUNDS, "seeds": SEEDS_SIZE_MAX},
        ),
    ),
    errors=(INVALID_PARAMETER_SET,),
    events=(entropy.PUBLIC_RANDOMNESS,),
    references=("FIPS 205",),
)
