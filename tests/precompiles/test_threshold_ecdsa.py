"""0x0803: shares and child keys against plain integers, and storage that leaves nothing behind."""

import random
from pathlib import Path
from typing import Any

import pytest
from eth_abi import decode, encode
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.backends import secp256k1_group as curve
from precompiles.conformance.embedded import World, call_precompile
from precompiles.conformance.vectors import load
from precompiles.precompile import COMMON_ERRORS
from precompiles.threshold.ecdsa import child_keys, groups, reference
from precompiles.threshold.ecdsa.child_keys import ExtendedKey, NoChildError
from precompiles.threshold.ecdsa.contract import PRECOMPILE
from precompiles.threshold.frost.reference import N

VECTORS = load(Path(__file__).parents[2] / "precompiles" / "threshold" / "ecdsa" / "vectors.json")


def base(factor: int) -> curve.Point:
    point = curve.base(factor % N)
    assert point is not None
    return point


def commitments(choose: random.Random, threshold: int, secret: int) -> list[bytes]:
    rest = [choose.randrange(1, N) for _ in range(threshold - 1)]
    return [curve.encode(base(each)) for each in (secret, *rest)]


def ask(world: World, signature: str, *arguments: Any, returns: str = "bytes32") -> Any:
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = keccak(text=signature)[:4] + encode(types, arguments)
    outcome = call_precompile(world, PRECOMPILE.address, data)
    assert outcome.status == "success", outcome.data.hex()
    return decode([returns], outcome.data)[0]


def test_public_shares_equal_plain_integers() -> None:
    choose = random.Random(803)
    for threshold in (1, 2, 7):
        listed = commitments(choose, threshold, 5)
        for member in (1, 2, 150):
            share = groups.public_share(listed, member)
            assert share is not None
            assert curve.encode(share) == reference.public_share(listed, member)


def test_child_keys_equal_plain_integers_and_private_derivation() -> None:
    choose = random.Random(32)
    for index in (0, 1, 12345, (1 << 31) - 1):
        secret, code = choose.randrange(1, N), choose.randbytes(32)
        root = ExtendedKey(key=base(secret), chain_code=code)
        found, tweak = child_keys.child(root, index)
        key = curve.encode(root.key)
        plain = reference.child_key(key, code, index)
        assert (curve.encode(found.key), found.chain_code) == plain
        assert curve.equal(found.key, base(secret + tweak))


def test_hardened_indices_have_no_public_child() -> None:
    root = ExtendedKey(key=base(1), chain_code=bytes(32))
    for index in (1 << 31, (1 << 32) - 1):
        with pytest.raises(NoChildError):
            child_keys.child(root, index)


def test_rotation_leaves_no_old_commitment() -> None:
    choose = random.Random(1)
    world = World()
    register = "register(bytes[],uint16,bytes32)"
    rotate = "rotate(bytes32,bytes[],uint16,bytes)"
    group = ask(world, register, commitments(choose, 6, 9), 7, bytes(32))
    for threshold in (2, 5, 1, 150):
        listed = commitments(choose, threshold, 9)
        ask(world, rotate, group, listed, 150, b"", returns="uint64")
        found = ask(world, "commitmentsOf(bytes32)", group, returns="bytes[]")
        assert list(found) == listed
        used = sum(1 for word in world.storage.values() if word)
        # The registrar's count, the first slot, the parities where one is odd, the commitments.
        odd = any(each[0] == 3 for each in listed)
        assert used == 2 + odd + threshold


DECLARED = {each.signature.selector for each in (*PRECOMPILE.errors, *COMMON_ERRORS)}
GOOD = [vector for vector in VECTORS if vector.expected.output is not None]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_bytes_get_one_of_the_declared_outcomes(data: st.DataObject) -> None:
    vector = data.draw(st.sampled_from(GOOD))
    world = World()
    for step in vector.before:
        call_precompile(world, PRECOMPILE.address, step.input, caller=step.caller)
    call = bytearray(vector.input)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(4, len(call) - 1))
        call[position] = data.draw(st.integers(0, 255))
    outcome = call_precompile(world, PRECOMPILE.address, bytes(call))
    if outcome.status == "reverted":
        assert outcome.data[:4] in DECLARED
    else:
        assert outcome.status == "success"
