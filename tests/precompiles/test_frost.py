"""FROST: the contract against its plain-integer twin, the hash against RFC 9380."""

import random

import pytest

from precompiles.backends import secp256k1
from precompiles.conformance.vectors import load, path_of
from precompiles.hash_to_field import expand_message_xmd
from precompiles.registry import find
from precompiles.threshold.frost import contract, reference
from precompiles.threshold.frost.challenge import challenge

FROST = find("frost")
N = reference.N


def sign(secret: int, nonce: int, message: bytes) -> tuple[bytes, bytes]:
    """A single signer: what a group of any size would make together."""
    key = encoded(reference.multiply(secret, reference.G))
    commitment = encoded(reference.multiply(nonce, reference.G))
    z = (nonce + challenge(commitment, key, message, N) * secret) % N
    return key, commitment + z.to_bytes(32, "big")


def encoded(point: reference.Point) -> bytes:
    assert point is not None
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def test_twin_agrees_on_every_vector() -> None:
    selector = FROST.methods[0].signature.selector
    compared = 0
    for vector in load(path_of(FROST)):
        if vector.expected.output is None:
            continue
        assert vector.input[:4] == selector
        arguments = contract.abi.decode_call(FROST.methods[0].signature.inputs, vector.input)
        verdict = vector.expected.output[-1] == 1
        assert reference.verify(*arguments[1:]) is verdict, vector.name
        compared += 1
    assert compared > 40


def test_twins_agree_at_random() -> None:
    choose = random.Random(9591)
    for _ in range(15):
        message = choose.randbytes(choose.randrange(200))
        key, signature = sign(choose.randrange(1, N), choose.randrange(1, N), message)
        assert contract.verify(None, 1, key, message, signature) is True  # type: ignore[arg-type]
        spoiled = bytearray(signature)
        spoiled[choose.randrange(65)] ^= 1 << choose.randrange(8)
        for candidate in (signature, bytes(spoiled)):
            native = contract.verify(None, 1, key, message, candidate)  # type: ignore[arg-type]
            assert native is reference.verify(key, message, candidate)


@pytest.mark.parametrize("secret", [1, 2, N - 1])
@pytest.mark.parametrize("nonce", [1, N - 1, 3])
def test_small_secrets_and_nonces(secret: int, nonce: int) -> None:
    key, signature = sign(secret, nonce, b"edge")
    assert contract.verify(None, 1, key, b"edge", signature) is True  # type: ignore[arg-type]


def test_combine_equals_plain_integers_at_the_edges() -> None:
    point = reference.multiply(5, reference.G)
    parsed = secp256k1.parse(encoded(point))
    assert parsed is not None
    factors = [0, 1, 2, 5, N - 5, N - 1]
    for factor in factors:
        for base in [*factors, (-5 * factor) % N]:
            plain = reference.add(
                reference.multiply(factor, point), reference.multiply(base, reference.G)
            )
            native = secp256k1.combine(parsed, factor, base)
            assert native == (encoded(plain) if plain else None), (factor, base)


@pytest.mark.parametrize(
    "data",
    [b"", bytes(33), b"\2" * 32, b"\2" * 34, b"\4" + b"\1" * 64, b"\2" + b"\xff" * 32, b"\5" * 33],
)
def test_what_is_no_point(data: bytes) -> None:
    assert secp256k1.parse(data) is None
    assert reference.decode_point(data) is None


# RFC 9380, appendix K.1: expand_message_xmd with SHA-256.
TAG = b"QUUX-V01-CS02-with-expander-SHA256-128"


@pytest.mark.parametrize(
    ("message", "output"),
    [
        (b"", "68a985b87eb6b46952128911f2a4412bbc302a9d759667f87f7a21d803f07235"),
        (b"abc", "d8ccab23b5985ccea865c6c97b6e5b8350e794e603b4b97902f53a8a0d605615"),
    ],
)
def test_expand_message(message: bytes, output: str) -> None:
    assert expand_message_xmd(message, TAG, 32).hex() == output


def test_expand_message_over_several_digests() -> None:
    long = expand_message_xmd(b"abc", TAG, 100)
    assert len(long) == 100
    assert long[:32] != expand_message_xmd(b"abc", TAG, 32)  # The size is hashed as well.
