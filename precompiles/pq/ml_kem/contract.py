"""0x0601: ML-KEM (FIPS 203), parameter sets by NIST's level: 2, 3 and 5.

Every method takes or makes a secret, so none runs in a block unless the genesis says that secrets
are public. A key that the standard's input checks refuse is refused; a wrong ciphertext of the
right size is not, it gives a shared secret that nobody else has.
"""

from types import ModuleType

from ... import abi
from ...gas import Listed
from ...precompile import Call, Precompile, method
from .. import entropy
from .parameters import (
    BY_NUMBER,
    BY_PUBLIC_KEY_SIZE,
    BY_SECRET_KEY_SIZE,
    SEED_SIZE,
    SETS,
    SHARED_SECRET_SIZE,
)

UNKNOWN_PARAMETER_SET = abi.error("UnknownParameterSet(uint8 parameterSet)")
UNKNOWN_KEY_SIZE = abi.error("UnknownKeySize(uint256 size)")
INVALID_PUBLIC_KEY = abi.error("InvalidPublicKey()")
INVALID_SECRET_KEY = abi.error("InvalidSecretKey()")

LARGEST = SETS[-1]

# Measured: docs/gas.md.
KEYGEN_GAS = (2_500, 3_300, 4_200)
ENCAPSULATE_GAS = (3_000, 3_900, 4_800)
DECAPSULATE_GAS = (3_300, 4_300, 5_400)
REFUSAL_GAS = 600
"""Of a set, or a size of key, that there is not."""


def key_gen(call: Call, number: int) -> tuple[bytes, bytes]:
    """Make a key pair of new randomness."""
    check_set(number)
    keys = keys_of(number, entropy.draw(call, b"ml-kem", 2 * SEED_SIZE))
    entropy.flag(call, keys[0])
    return keys


def key_gen_of_seed(_: Call, number: int, seed: bytes) -> tuple[bytes, bytes]:
    """Make the key pair of d and z."""
    check_set(number)
    if len(seed) != 2 * SEED_SIZE:
        raise abi.INVALID_LENGTH(2 * SEED_SIZE, len(seed))
    return keys_of(number, seed)


def encapsulate(call: Call, public_key: bytes) -> tuple[bytes, bytes]:
    """Make a shared secret of new randomness, and the ciphertext that carries it."""
    check_public_key(public_key)
    end = abi.SELECTOR_SIZE + 2 * abi.WORD + abi.padded(len(public_key))
    m = entropy.draw(call, b"ml-kem", SEED_SIZE, end)
    made = kernel().encapsulate(public_key, m)
    entropy.flag(call, made[0])
    return made  # type: ignore[no-any-return]  # the kernel is loaded late


def encapsulate_of_seed(_: Call, public_key: bytes, seed: bytes) -> tuple[bytes, bytes]:
    """Make the shared secret and the ciphertext of m."""
    check_public_key(public_key)
    return kernel().encapsulate(public_key, seed)  # type: ignore[no-any-return]  # as above


def decapsulate(_: Call, secret_key: bytes, ciphertext: bytes) -> bytes:
    """Return the shared secret that a ciphertext carries."""
    chosen = BY_SECRET_KEY_SIZE.get(len(secret_key))
    if chosen is None:
        raise UNKNOWN_KEY_SIZE(len(secret_key))
    if len(ciphertext) != chosen.ciphertext_size:
        raise abi.INVALID_LENGTH(chosen.ciphertext_size, len(ciphertext))
    if not kernel().is_decapsulation_key(secret_key):
        raise INVALID_SECRET_KEY()
    return kernel().decapsulate(secret_key, ciphertext)  # type: ignore[no-any-return]  # as above


def check_set(number: int) -> None:
    """Refuse a parameter set that there is not."""
    if number not in BY_NUMBER:
        raise UNKNOWN_PARAMETER_SET(number)


def check_public_key(public_key: bytes) -> None:
    """Refuse a key of no set's size, and one whose coefficients are not all below q."""
    if len(public_key) not in BY_PUBLIC_KEY_SIZE:
        raise UNKNOWN_KEY_SIZE(len(public_key))
    if not kernel().is_encapsulation_key(public_key):
        raise INVALID_PUBLIC_KEY()


def keys_of(number: int, seed: bytes) -> tuple[bytes, bytes]:
    """Return the key pair of 64 bytes."""
    pair: tuple[bytes, bytes] = kernel().keygen(
        BY_NUMBER[number].k, seed[:SEED_SIZE], seed[SEED_SIZE:]
    )
    return pair


def kernel() -> ModuleType:
    """Return the kernel, loading the compiler at the first call only."""
    from . import kernel

    return kernel


def by_set(argument: str, keys: list[int], amounts: tuple[int, ...]) -> Listed:
    """Return a price listed by parameter set."""
    return Listed(
        argument=argument, amounts=tuple(zip(keys, amounts, strict=True)), otherwise=REFUSAL_GAS
    )


BY_SET = by_set("parameterSet", [each.number for each in SETS], KEYGEN_GAS)
BY_PUBLIC_KEY = by_set("publicKey", list(BY_PUBLIC_KEY_SIZE), ENCAPSULATE_GAS)
BY_SECRET_KEY = by_set("secretKey", list(BY_SECRET_KEY_SIZE), DECAPSULATE_GAS)
KEYS = {"publicKey": LARGEST.public_key_size, "secretKey": LARGEST.secret_key_size}
CAPSULE = {
    "publicKey": LARGEST.public_key_size,
    "ciphertext": LARGEST.ciphertext_size,
    "sharedSecret": SHARED_SECRET_SIZE,
}

PRECOMPILE = Precompile(
    address=(0x0601).to_bytes(20, "big"),
    family="pq",
    name="ml_kem",
    interface="IMLKEM",
    version=1,
    summary="ML-KEM key encapsulation, FIPS 203",
    methods=(
        method(
            "keyGen(uint8 parameterSet) returns (bytes publicKey, bytes secretKey)",
            mutability="nonpayable",
            gas=(BY_SET,),
            handler=key_gen,
            summary="Make a key pair. Set 2 is ML-KEM-512, 3 is 768, 5 is 1024.",
            bounds=KEYS,
            secret=True,
            static=True,
        ),
        method(
            "keyGen(uint8 parameterSet, bytes seed) returns (bytes publicKey, bytes secretKey)",
            mutability="pure",
            gas=(BY_SET,),
            handler=key_gen_of_seed,
            summary="Make the key pair of d and z, 64 bytes.",
            bounds=KEYS | {"seed": 2 * SEED_SIZE},
            secret=True,
        ),
        method(
            "encapsulate(bytes publicKey) returns (bytes ciphertext, bytes sharedSecret)",
            mutability="nonpayable",
            gas=(BY_PUBLIC_KEY,),
            handler=encapsulate,
            summary="Make a shared secret and the ciphertext that carries it to a key's owner.",
            bounds=CAPSULE,
            secret=True,
            static=True,
        ),
        method(
            "encapsulate(bytes publicKey, bytes32 seed)"
            " returns (bytes ciphertext, bytes sharedSecret)",
            mutability="pure",
            gas=(BY_PUBLIC_KEY,),
            handler=encapsulate_of_seed,
            summary="The same of the randomness m.",
            bounds=CAPSULE,
            secret=True,
        ),
        method(
            "decapsulate(bytes secretKey, bytes ciphertext) returns (bytes sharedSecret)",
            mutability="pure",
            gas=(BY_SECRET_KEY,),
            handler=decapsulate,
            summary="Return the shared secret; of a wrong ciphertext, one that nobody else has.",
            bounds={
                "secretKey": LARGEST.secret_key_size,
                "ciphertext": LARGEST.ciphertext_size,
                "sharedSecret": SHARED_SECRET_SIZE,
            },
            secret=True,
        ),
    ),
    errors=(UNKNOWN_PARAMETER_SET, UNKNOWN_KEY_SIZE, INVALID_PUBLIC_KEY, INVALID_SECRET_KEY),
    events=(entropy.PUBLIC_RANDOMNESS,),
    references=("FIPS 203", "PIP-0002"),
)
