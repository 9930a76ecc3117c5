"""SLH-DSA: the kernel against its twin, both against NIST's samples, the contract against fuzz."""

import json
import random
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles import abi
from precompiles.conformance.embedded import CONTEXT, World, call_precompile
from precompiles.pq.slh_dsa import kernel, message, prices, reference, scheme
from precompiles.pq.slh_dsa.parameters import PARAMETER_SETS, ParameterSet
from precompiles.precompile import COMMON_ERRORS, Method
from precompiles.registry import find

SLH_DSA = find("slh_dsa")
SAMPLES = json.loads((Path(__file__).parent / "vectors" / "slh_dsa_acvp.json").read_text())
BY_NAME = {each.name: each for each in PARAMETER_SETS.values()}
FAST = [each for each in PARAMETER_SETS.values() if each.name.endswith("f")]
SLOW = [each for each in PARAMETER_SETS.values() if each.name.endswith("s")]


def named(chosen: ParameterSet) -> str:
    return chosen.name


def samples(kind: str, suffix: str = "") -> list[Any]:
    return [
        pytest.param(BY_NAME[each["set"]], each, id=f"{each['set']}-{each['tcId']}")
        for each in SAMPLES[kind]
        if each["set"].endswith(suffix)
    ]


def part(sample: dict[str, str], name: str) -> bytes:
    return b64decode(sample[name])


def somewhere(chosen: ParameterSet, choose: random.Random) -> message.Position:
    return message.Position(
        fors_leaves=tuple(choose.randrange(1 << chosen.a) for _ in range(chosen.k)),
        tree=choose.randrange(1 << (chosen.h - chosen.tree_height)),
        leaf=choose.randrange(1 << chosen.tree_height),
    )


def at_the_end(chosen: ParameterSet, last: bool) -> message.Position:
    """The first or the last place of everything."""
    return message.Position(
        fors_leaves=(((1 << chosen.a) - 1) * last,) * chosen.k,
        tree=((1 << (chosen.h - chosen.tree_height)) - 1) * last,
        leaf=((1 << chosen.tree_height) - 1) * last,
    )


# --- Parameters -----------------------------------------------------------------------------


def test_sizes_are_those_of_table_2() -> None:
    sizes = {
        name.removeprefix("SLH-DSA-"): (each.public_key_size, each.signature_size)
        for name, each in BY_NAME.items()
    }
    for family in ("SHA2", "SHAKE"):
        assert sizes[f"{family}-128s"] == (32, 7856)
        assert sizes[f"{family}-128f"] == (32, 17088)
        assert sizes[f"{family}-192s"] == (48, 16224)
        assert sizes[f"{family}-192f"] == (48, 35664)
        assert sizes[f"{family}-256s"] == (64, 29792)
        assert sizes[f"{family}-256f"] == (64, 49856)
    digests = [each.digest_size for each in PARAMETER_SETS.values()]
    assert digests == [30, 34, 39, 42, 47, 49] * 2


# --- The kernel and its twin ----------------------------------------------------------------


@pytest.mark.parametrize("chosen", PARAMETER_SETS.values(), ids=named)
def test_twins_lead_any_signature_to_the_same_root(chosen: ParameterSet) -> None:
    choose = random.Random(chosen.name)
    size = chosen.signature_size - chosen.n
    places = [at_the_end(chosen, False), at_the_end(chosen, True), somewhere(chosen, choose)]
    for place in places:
        for signature in (choose.randbytes(size), bytes(size), b"\xff" * size):
            pk_seed = choose.randbytes(chosen.n)
            compiled = kernel.signed_root(chosen, signature, pk_seed, place)
            assert compiled == reference.signed_root(chosen, signature, pk_seed, place)


@pytest.mark.parametrize("chosen", FAST, ids=named)
def test_twins_sign_alike(chosen: ParameterSet) -> None:
    choose = random.Random(chosen.name)
    sk_seed, pk_seed = choose.randbytes(chosen.n), choose.randbytes(chosen.n)
    root = kernel.public_root(chosen, sk_seed, pk_seed)
    assert root == reference.public_root(chosen, sk_seed, pk_seed)
    place = somewhere(chosen, choose)
    signature = kernel.sign_position(chosen, sk_seed, pk_seed, place)
    assert signature == reference.sign_position(chosen, sk_seed, pk_seed, place)
    for last in (False, True):
        place = at_the_end(chosen, last)
        signature = kernel.sign_position(chosen, sk_seed, pk_seed, place)
        assert kernel.signed_root(chosen, signature, pk_seed, place) == root


@pytest.mark.parametrize("chosen", SLOW, ids=named)
def test_twins_agree_on_a_small_tree_of_a_slow_set(chosen: ParameterSet) -> None:
    """A slow set cut down to low trees: the same kernels, with other numbers."""
    choose = random.Random(chosen.name)
    cut = ParameterSet(
        name=chosen.name, hash=chosen.hash, n=chosen.n, h=4 * 2, d=2, a=5, k=chosen.k
    )
    sk_seed, pk_seed = choose.randbytes(cut.n), choose.randbytes(cut.n)
    place = somewhere(cut, choose)
    signature = kernel.sign_position(cut, sk_seed, pk_seed, place)
    assert signature == reference.sign_position(cut, sk_seed, pk_seed, place)
    root = kernel.public_root(cut, sk_seed, pk_seed)
    assert root == reference.public_root(cut, sk_seed, pk_seed)
    assert root == kernel.signed_root(cut, signature, pk_seed, place)


@pytest.mark.parametrize("words", [2, 3, 4])
def test_digits_of_both_hashes(words: int) -> None:
    choose = random.Random(words)
    for chosen in PARAMETER_SETS.values():
        if chosen.n != 8 * words:
            continue
        for value in (bytes(chosen.n), b"\xff" * chosen.n, choose.randbytes(chosen.n)):
            digits = kernel.np.empty(chosen.chains, kernel.np.int64)
            kernel.wots_digits(kernel.shape_of(chosen), kernel.to_words(chosen, value), digits)
            assert tuple(digits) == reference.wots_digits(value)


def test_a_wrong_root_fails_the_self_test(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernel.self_test()
    for i, (number, seeds, root) in enumerate(kernel.KNOWN_ROOTS):
        wrong = (number, seeds, root[:-1] + "0")
        known = (*kernel.KNOWN_ROOTS[:i], wrong, *kernel.KNOWN_ROOTS[i + 1 :])
        monkeypatch.setattr(kernel, "KNOWN_ROOTS", known)
        assert root[-1] != "0"
        assert not kernel.self_test()
        monkeypatch.undo()


# --- NIST's samples -------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "sample"), samples("sigGen", "f"))
def test_fast_sets_sign_as_published(chosen: ParameterSet, sample: dict[str, str]) -> None:
    assert signed(chosen, sample) == part(sample, "signature")


@pytest.mark.campaign
@pytest.mark.parametrize(("chosen", "sample"), samples("sigGen", "s"))
def test_slow_sets_sign_as_published(chosen: ParameterSet, sample: dict[str, str]) -> None:
    assert signed(chosen, sample) == part(sample, "signature")


def signed(chosen: ParameterSet, sample: dict[str, str]) -> bytes:
    secret = part(sample, "sk")
    pk_seed = secret[2 * chosen.n : 3 * chosen.n]
    addrnd = part(sample, "addrnd") if "addrnd" in sample else pk_seed
    texts = part(sample, "message"), part(sample, "context")
    return scheme.sign(chosen, secret, *texts, addrnd)


@pytest.mark.parametrize(("chosen", "sample"), samples("sigGen"))
def test_twin_and_kernel_accept_what_is_published(
    chosen: ParameterSet, sample: dict[str, str]
) -> None:
    key = part(sample, "sk")[2 * chosen.n :]
    text, context, signature = (part(sample, name) for name in ("message", "context", "signature"))
    assert scheme.verify(chosen, key, text, signature, context)
    r, rest = signature[: chosen.n], signature[chosen.n :]
    place = message.position(chosen, r, key, message.external(text, context))
    assert reference.signed_root(chosen, rest, key[: chosen.n], place) == key[chosen.n :]


@pytest.mark.parametrize("chosen", PARAMETER_SETS.values(), ids=named)
def test_any_flipped_bit_is_noticed(chosen: ParameterSet) -> None:
    sample = next(each for each in SAMPLES["sigGen"] if each["set"] == chosen.name)
    choose = random.Random(chosen.name)
    key = part(sample, "sk")[2 * chosen.n :]
    text, context, signature = (part(sample, name) for name in ("message", "context", "signature"))
    for _ in range(25):
        bit = choose.randrange(8 * len(signature))
        spoiled = bytearray(signature)
        spoiled[bit // 8] ^= 1 << bit % 8
        assert not scheme.verify(chosen, key, text, bytes(spoiled), context), bit


def test_pure_messages_of_two_contexts_never_meet() -> None:
    assert message.external(b"bc", b"a") != message.external(b"c", b"ab")
    assert message.external(b"m", b"") == b"\0\0m"


# --- Prices ---------------------------------------------------------------------------------


def test_prices_order_the_sets_as_their_work_does() -> None:
    for slow, fast in zip(SLOW, FAST, strict=True):
        assert prices.sign(slow) > 5 * prices.sign(fast)
        assert prices.key_gen(slow) > 5 * prices.key_gen(fast)
        assert prices.verify(slow) < prices.verify(fast)


def test_every_signature_fits_the_gas_of_a_frame() -> None:
    assert max(prices.sign(each) for each in PARAMETER_SETS.values()) < 30_000_000


# --- The contract ---------------------------------------------------------------------------

ERRORS = {each.signature.selector for each in (*SLH_DSA.errors, *COMMON_ERRORS)}
VERIFY = SLH_DSA.methods[1]
GOOD = next(each for each in SAMPLES["sigGen"] if each["set"] == "SLH-DSA-SHA2-128s")
GOOD_ARGUMENTS = [
    0,
    part(GOOD, "sk")[32:],
    part(GOOD, "message"),
    part(GOOD, "signature"),
    part(GOOD, "context"),
]
GOOD_CALL = VERIFY.signature.selector + abi.encode(VERIFY.signature.inputs, GOOD_ARGUMENTS)


def outcome(data: bytes) -> bytes:
    """What verification answers: a verdict, or a declared error."""
    answer = call_precompile(World(), SLH_DSA.address, data)
    assert answer.status in ("success", "reverted")
    if answer.status == "reverted":
        assert answer.data[:4] in ERRORS
    return answer.data


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 1))
def test_any_bytes_behind_a_selector(data: bytes, number: int) -> None:
    outcome(SLH_DSA.methods[number].signature.selector + data)


@settings(max_examples=60, deadline=None)
@given(st.integers(4, len(GOOD_CALL) - 1), st.integers(0, 255))
def test_a_good_call_with_one_byte_changed(position: int, value: int) -> None:
    changed = GOOD_CALL[:position] + bytes([value]) + GOOD_CALL[position + 1 :]
    answer = outcome(changed)
    assert (answer == (1).to_bytes(32, "big")) is (changed == GOOD_CALL)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 255), st.binary(max_size=70), st.binary(max_size=40), st.binary(max_size=99))
def test_any_arguments(number: int, key: bytes, text: bytes, signature: bytes) -> None:
    inputs = SLH_DSA.methods[0].signature
    key = key[:64]
    data = inputs.selector + abi.encode(inputs.inputs, [number, key, text, signature])
    answer = outcome(data)
    assert answer != (1).to_bytes(32, "big")
    well_formed = number in PARAMETER_SETS and len(key) == PARAMETER_SETS[number].public_key_size
    assert (len(answer) == 32) is well_formed


# --- Fresh keys -----------------------------------------------------------------------------


def test_a_fresh_key_pair_signs() -> None:
    context = replace(CONTEXT, mode="call", random=random.Random(205).randbytes)

    def ask(method: Method, *arguments: object) -> tuple[Any, ...]:
        data = method.signature.selector + abi.encode(method.signature.inputs, arguments)
        answer = call_precompile(World(context=context), SLH_DSA.address, data)
        return tuple(abi.decode(method.signature.outputs, answer.data))

    verify, _, sign, _, key_gen, _ = SLH_DSA.methods
    public, secret = ask(key_gen, 0x01)
    assert ask(key_gen, 0x01) != (public, secret)
    (signature,) = ask(sign, 0x01, secret, b"message")
    assert ask(verify, 0x01, public, b"message", signature) == (True,)
    assert ask(verify, 0x01, public, b"massage", signature) == (False,)
