"""Ring signatures: the scheme against its twin, linking, what nobody can compute, and any bytes."""

import random
from hashlib import sha256
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles.backends import secp256k1
from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.conformance.vectors import load, path_of
from precompiles.precompile import COMMON_ERRORS
from precompiles.privacy.ring import contract, reference, scheme, signing
from precompiles.registry import find

RING = find("ring")
N = secp256k1.ORDER
SECRETS = [3, 1, N - 1, 2, 12345]
KEYS = [signing.public_key(secret) for secret in SECRETS]
SEED = bytes(range(32))
DECLARED = {each.signature.selector for each in (*RING.errors, *COMMON_ERRORS)}

VERIFY = "verify(bytes,bytes,bytes,uint256,uint256[])"
SPEND = "spend(bytes32,bytes,bytes,bytes,uint256,uint256[])"


def encoded(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(text=signature)[:4] + eth_abi.encode(types, arguments)


def ask(data: bytes, world: World | None = None, **options: Any) -> Outcome:
    return call_precompile(world or World(), RING.address, data, **options)


def holds(keys: list[bytes], message: bytes, signature: signing.RingSignature) -> bool:
    ring = b"".join(keys)
    native = contract.holds(ring, message, signature.image, signature.first, signature.responses)
    plain = reference.verify(keys, message, signature.image, signature.first, signature.responses)
    assert native is plain
    return native


def test_twin_agrees_on_every_verdict() -> None:
    selector = RING.methods[0].signature.selector
    compared = 0
    for vector in load(path_of(RING)):
        if vector.input[:4] != selector or vector.expected.output is None:
            continue
        if len(vector.input) > 3_000:  # The twin takes a tenth of a second a member.
            continue
        ring, message, image, first, responses = contract.abi.decode_call(
            RING.methods[0].signature.inputs, vector.input
        )
        keys = [ring[i : i + 33] for i in range(0, len(ring), 33)]
        verdict = vector.expected.output[-1] == 1
        assert reference.verify(keys, message, image, first, responses) is verdict, vector.name
        compared += 1
    assert compared > 30


@pytest.mark.parametrize("size", [2, 3, 5])
def test_every_member_can_sign(size: int) -> None:
    for i in range(size):
        signature = signing.sign(SECRETS[i], KEYS[:size], b"message", SEED)
        assert holds(KEYS[:size], b"message", signature)
        assert not holds(KEYS[:size], b"massage", signature)
        assert signature.image == signing.key_image(SECRETS[i])


def test_one_key_has_one_image_whatever_it_signs() -> None:
    one = signing.sign(SECRETS[0], KEYS[:3], b"one", SEED)
    other = signing.sign(SECRETS[0], KEYS[:2], b"other", bytes(32))
    another_key = signing.sign(SECRETS[1], KEYS[:3], b"one", SEED)
    assert one.image == other.image
    assert one.image != another_key.image
    assert one.responses[1:] != other.responses[1:]


def test_a_repeated_seed_does_not_repeat_a_nonce() -> None:
    """Two signatures with one nonce would give the key away."""
    one = signing.scalars_from(5, SEED, keccak(b"one"))
    other = signing.scalars_from(5, SEED, keccak(b"two"))
    first = {next(one) for _ in range(20)}
    assert len(first) == 20
    assert first.isdisjoint(next(other) for _ in range(20))


def test_an_image_cannot_be_computed_from_a_public_key() -> None:
    """Were Hp(P) = h(P) G with a known h, the image would be h(P) P, for anybody to see."""
    for secret, key in zip(SECRETS, KEYS, strict=True):
        point = secp256k1.parse(key)
        assert point is not None
        image = signing.key_image(secret)
        for digest in (sha256(key).digest(), keccak(key), sha256(key[1:]).digest()):
            factor = int.from_bytes(digest, "big") % N
            known = secp256k1.encode(secp256k1.multiply(point, factor))
            assert known != image
            (base,) = scheme.image_bases([key])
            assert secp256k1.encode(secp256k1.base_multiple(factor)) != secp256k1.encode(base)


def test_a_false_image_does_not_verify() -> None:
    """Else one key could sign twice: the chain is built for an image that is not x Hp(P)."""
    signature = signing.sign(SECRETS[0], KEYS[:3], b"m", SEED)
    for image in (signing.key_image(SECRETS[1]), KEYS[0], signing.public_key(99)):
        false = signing.RingSignature(
            image=image, first=signature.first, responses=signature.responses
        )
        assert not holds(KEYS[:3], b"m", false)


def test_a_stranger_cannot_sign() -> None:
    with pytest.raises(ValueError, match="not in"):
        signing.sign(77, KEYS, b"m", SEED)
    with pytest.raises(ValueError, match="no point"):
        signing.sign(SECRETS[0], [KEYS[0], bytes(33)], b"m", SEED)


def test_a_chain_that_meets_infinity_is_refused() -> None:
    """s = -c x makes L infinite for a member whose secret is known."""
    keys = [signing.public_key(5), signing.public_key(6)]
    image = signing.key_image(5)
    first = 1234
    responses = (-first * 5 % N, 7)
    false = signing.RingSignature(image=image, first=first, responses=responses)
    assert not holds(keys, b"m", false)


def test_a_challenge_of_zero_ends_the_chain() -> None:
    points = [point for point in map(secp256k1.parse, KEYS[:2]) if point]
    bases = scheme.image_bases(KEYS[:2])
    image = secp256k1.parse(signing.key_image(SECRETS[0]))
    assert image is not None
    assert not scheme.closes(points, bases, image, lambda _l, _r: 0, 5, [6, 7])


def spend(world: World, secret: int, scope: int, spender: bytes, text: bytes) -> Outcome:
    message = contract.bound_message(6133, spender, scope.to_bytes(32, "big"), text)
    made = signing.sign(secret, KEYS[:3], message, SEED)
    data = encoded(
        SPEND, scope.to_bytes(32, "big"), b"".join(KEYS[:3]), text, made.image, made.first,
        list(made.responses),
    )  # fmt: skip
    return ask(data, world, caller=spender)


def test_a_key_spends_once_for_each_spender_and_scope() -> None:
    world = World()
    alice, bob = b"\1" * 20, b"\2" * 20
    assert spend(world, SECRETS[0], 1, alice, b"yes").status == "success"
    assert spend(world, SECRETS[0], 1, alice, b"no").data == keccak(text="KeyImageSpent()")[:4]
    assert spend(world, SECRETS[1], 1, alice, b"no").status == "success"
    assert spend(world, SECRETS[0], 2, alice, b"yes").status == "success"
    assert spend(world, SECRETS[0], 1, bob, b"yes").status == "success"
    assert spend(world, SECRETS[2], 1, bob, b"yes").status == "success"
    assert len(world.logs) == 5
    assert len(world.storage) == 5


def test_the_message_of_a_spend_binds_chain_spender_and_scope() -> None:
    parts = (6133, b"\1" * 20, bytes(32), b"m")
    changes = ((6134, *parts[1:]), (6133, b"\2" * 20, *parts[2:]), (*parts[:2], b"\1" * 32, b"m"))
    hashes = {contract.bound_message(*each) for each in (parts, *changes, (*parts[:3], b"n"))}
    assert len(hashes) == 5


@pytest.fixture(scope="module")
def good_call() -> bytes:
    made = signing.sign(SECRETS[0], KEYS[:2], b"fuzz", SEED)
    return encoded(
        VERIFY, b"".join(KEYS[:2]), b"fuzz", made.image, made.first, list(made.responses)
    )


@given(data=st.data())
def test_no_bytes_do_anything_but_answer_or_revert(good_call: bytes, data: st.DataObject) -> None:
    selectors = [method.signature.selector for method in RING.methods]
    call = bytearray(good_call)
    call[:4] = data.draw(st.sampled_from(selectors))
    for _ in range(data.draw(st.integers(0, 4))):
        call[data.draw(st.integers(4, len(call) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(call), len(call), data.draw(st.integers(0, len(call)))]))
    outcome = ask(bytes(call[:cut]), context={"mode": "call"})
    if outcome.status == "reverted":
        assert outcome.data[:4] in DECLARED
    else:
        assert outcome.status == "success"


@given(position=st.integers(0, 2**16), bit=st.integers(0, 7))
def test_no_flipped_bit_verifies(good_call: bytes, position: int, bit: int) -> None:
    call = bytearray(good_call)
    call[4 + position % (len(call) - 4)] ^= 1 << bit
    outcome = ask(bytes(call))
    assert outcome.status == "reverted" or outcome.data == bytes(32)


def test_random_twins() -> None:
    choose = random.Random(2004)
    for _ in range(4):
        secrets = [choose.randrange(1, N) for _ in range(3)]
        keys = [signing.public_key(secret) for secret in secrets]
        message = choose.randbytes(choose.randrange(300))
        made = signing.sign(secrets[1], keys, message, choose.randbytes(32))
        assert holds(keys, message, made)
