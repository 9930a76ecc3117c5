"""0x0802: the native library against plain integers, and what an attacker may send."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles import abi
from precompiles.backends import secp256k1_group as curve
from precompiles.conformance.embedded import World, call_precompile
from precompiles.conformance.vectors import Vector, load
from precompiles.precompile import COMMON_ERRORS
from precompiles.threshold.cggmp21 import contract, reference
from precompiles.threshold.cggmp21.contract import PRECOMPILE
from precompiles.threshold.frost.reference import N

VECTORS = load(Path(__file__).parents[2] / "precompiles" / "threshold" / "cggmp21" / "vectors.json")
BY_NAME = {method.signature.name: method for method in PRECOMPILE.methods}


def answered(name: str) -> list[tuple[list, Vector]]:
    """Every vector of a method that succeeds, with its decoded arguments."""
    selector = BY_NAME[name].signature.selector
    inputs = BY_NAME[name].signature.inputs
    return [
        (abi.decode_call(inputs, vector.input), vector)
        for vector in VECTORS
        if vector.input[:4] == selector and vector.expected.output is not None
    ]


def test_verification_equals_plain_integers() -> None:
    verdicts = set()
    for position, (arguments, vector) in enumerate(answered("verify")):
        if vector.name.startswith("wycheproof") and position % 3:
            continue  # Each takes plain integers some 20 ms.
        verdict = vector.expected.output[-1] == 1
        assert reference.verify(*arguments) is verdict, vector.name
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_equations_equal_plain_integers() -> None:
    verdicts = set()
    for (key, _, rbars, shares), vector in answered("verifyPresignature"):
        verdict = vector.expected.output[-1] == 1
        assert reference.is_consistent(key, rbars, shares) is verdict, vector.name
        verdicts.add(("sums", verdict))
    for arguments, vector in answered("verifyPartial"):
        verdict = vector.expected.output[-1] == 1
        assert reference.holds(*arguments) is verdict, vector.name
        verdicts.add(("share", verdict))
    assert len(verdicts) == 4


def test_twins_agree_at_random() -> None:
    choose = random.Random(2021)
    for _ in range(25):
        k, secret = choose.randrange(1, N), choose.randrange(1, N)
        digest = choose.randbytes(32)
        nonce = curve.base(k)
        key = curve.base(secret)
        assert nonce is not None
        assert key is not None
        r = int.from_bytes(curve.encode(nonce)[1:], "big")
        s = pow(k, -1, N) * (int.from_bytes(digest, "big") + r * secret) % N
        low = min(s, N - s)
        v = 27 + (curve.encode(nonce)[0] & 1 ^ (s != low))
        encoded = choose.choice((curve.encode(key), curve.encode_uncompressed(key)))
        good = r.to_bytes(32, "big") + low.to_bytes(32, "big") + bytes([v])
        spoiled = bytearray(good)
        spoiled[choose.randrange(65)] ^= 1 << choose.randrange(8)
        for candidate in (good, good[:64], bytes(spoiled), bytes(spoiled[:64])):
            native = contract.verify(None, encoded, digest, candidate)
            assert native is reference.verify(encoded, digest, candidate)
        assert contract.verify(None, encoded, digest, good)


@pytest.mark.parametrize("left", [0, 1, 2, N - 2, N - 1])
@pytest.mark.parametrize("right", [0, 1, 2, N - 2, N - 1])
def test_points_with_infinity(left: int, right: int) -> None:
    """Sums and multiples behave as integers do, where libsecp256k1 has no infinity."""
    total = curve.add((curve.base(left), curve.base(right)))
    assert curve.equal(total, curve.base((left + right) % N))
    product = curve.multiply(curve.base(left), right)
    assert curve.equal(product, curve.base(left * right % N))


def test_a_combined_signature_verifies() -> None:
    for (key, digest, *_), vector in answered("combine"):
        (signature,) = abi.decode(BY_NAME["combine"].signature.outputs, vector.expected.output)
        assert contract.verify(None, key, digest, signature), vector.name


DECLARED = {each.signature.selector for each in (*PRECOMPILE.errors, *COMMON_ERRORS)}
GOOD = [vector.input for vector in VECTORS if vector.expected.output is not None]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_bytes_get_one_of_the_declared_outcomes(data: st.DataObject) -> None:
    call = bytearray(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(4, len(call) - 1))
        call[position] = data.draw(st.integers(0, 255))
    outcome = call_precompile(World(), PRECOMPILE.address, bytes(call))
    if outcome.status == "reverted":
        assert outcome.data[:4] in DECLARED
    else:
        assert outcome.status == "success"
