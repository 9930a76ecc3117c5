"""Derived vectors against a second decoder, written from the rules and with other means.

It reads type names instead of `abi.Type`, counts in words, and leaves values to eth-abi.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles import abi
from precompiles.conformance import embedded
from precompiles.conformance.derived import derived, example
from precompiles.conformance.layout import walk
from precompiles.conformance.vectors import Vector, load, path_of, run
from precompiles.gas import Constant
from precompiles.precompile import Method, Precompile, method
from precompiles.registry import PRECOMPILES, find

DECODING = {
    keccak(text=f"{name}(uint256)")[:4]: name
    for name in (
        *("Truncated", "TrailingBytes", "NonCanonicalOffset", "ValueOutOfRange", "DirtyPadding"),
    )
} | {keccak(text="InvalidLength(uint256,uint256)")[:4]: "InvalidLength"}


class RefusedError(Exception):
    """What the second decoder says: the name of the error and its numbers."""


class Reader:
    """Reads call data once, forward. `bounds` are those of the dynamic types, as they appear."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def word(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 32], "big")

    def need(self, end: int) -> None:
        if end > len(self.data):
            raise RefusedError("Truncated", len(self.data))

    def sequence(self, items: list[tuple[str, tuple[int, ...]]], base: int) -> int:
        free = base + sum(32 * head_words(name) for name, _ in items)
        self.need(free)
        at = base
        for name, bounds in items:
            if is_dynamic(name):
                if self.word(at) != free - base:
                    raise RefusedError("NonCanonicalOffset", at)
                self.need(free + 32)
                free = self.tail(name, bounds, free)
            else:
                self.static(name, bounds, at)
            at += 32 * head_words(name)
        return free

    def tail(self, name: str, bounds: tuple[int, ...], at: int) -> int:
        if array := re.fullmatch(r"(.*)\[(\d*)\]", name):
            inner, count = array.groups()
            if count:
                return self.sequence([(inner, bounds)] * int(count), at)
            self.bounded(bounds[0], at)
            return self.sequence([(inner, bounds[1:])] * self.word(at), at + 32)
        if name.endswith(")"):
            return self.sequence(fields(name, bounds), at)
        self.bounded(bounds[0], at)
        size = self.word(at)
        begin, end = at + 32, at + 32 + (size + 31) // 32 * 32
        self.need(end)
        if self.data[begin + size : end].strip(b"\0"):
            raise RefusedError("DirtyPadding", begin + size)
        if name == "string":
            try:
                str(self.data[begin : begin + size], "utf-8")
            except ValueError:
                raise RefusedError("ValueOutOfRange", begin) from None
        return end

    def bounded(self, bound: int, at: int) -> None:
        if self.word(at) > bound:
            raise RefusedError("InvalidLength", bound, self.word(at))

    def static(self, name: str, bounds: tuple[int, ...], at: int) -> None:
        if array := re.fullmatch(r"(.*)\[(\d+)\]", name):
            inner, count = array.groups()
            self.sequence([(inner, bounds)] * int(count), at)
            return
        if name.endswith(")"):
            self.sequence(fields(name, bounds), at)
            return
        try:
            eth_abi.decode([name], self.data[at : at + 32])
        except eth_abi.exceptions.DecodingError:
            raise RefusedError("ValueOutOfRange", at) from None


DYNAMIC = re.compile(r"\[\]|bytes(?!\d)|string")


def fields(name: str, bounds: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    """What stands in a struct, with its share of the bounds."""
    names, depth = [""], 0
    for letter in name[1:-1]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            names.append("")
        else:
            names[-1] += letter
    shared = []
    for each in names:
        own = len(DYNAMIC.findall(each))
        shared.append((each, bounds[:own]))
        bounds = bounds[own:]
    return shared


def is_dynamic(name: str) -> bool:
    return DYNAMIC.search(name) is not None


def head_words(name: str) -> int:
    if is_dynamic(name):
        return 1
    if array := re.fullmatch(r"(.*)\[(\d+)\]", name):
        return int(array[2]) * head_words(array[1])
    return sum(head_words(each) for each, _ in fields(name, ())) if name.endswith(")") else 1


def bounds_of(kind: abi.Type) -> tuple[int, ...]:
    if kind.fields:
        return tuple(bound for each in kind.fields for bound in bounds_of(each.type))
    own = () if not kind.dynamic or re.search(r"\[\d+\]$", kind.name) else (kind.bound,)
    return own + (bounds_of(kind.element) if kind.element is not None else ())


def largest(name: str, bounds: tuple[int, ...]) -> int:
    """The most bytes that a value takes, with its head."""
    if not is_dynamic(name):
        return 32 * head_words(name)
    if array := re.fullmatch(r"(.*)\[(\d*)\]", name):
        inner, count = array.groups()
        if count:
            return 32 + int(count) * largest(inner, bounds)
        return 64 + bounds[0] * largest(inner, bounds[1:])
    if name.endswith(")"):
        return 32 + sum(largest(*each) for each in fields(name, bounds))
    return 64 + (bounds[0] + 31) // 32 * 32


def verdict(declared: Method, data: bytes) -> tuple[Any, ...]:
    """Nothing, or the error that the second decoder finds."""
    items = [(each.type.name, bounds_of(each.type)) for each in declared.signature.inputs]
    try:
        end = Reader(data).sequence(items, 4)
        size_max = 4 + sum(largest(*item) for item in items)
        if len(data) != end and (len(data) > size_max or (len(data) - end) % 32):
            raise RefusedError("TrailingBytes", end)
    except RefusedError as refused:
        return refused.args
    return ()


def named(payload: bytes | None) -> tuple[Any, ...]:
    """A decoding error in words; nothing where it is none."""
    name = DECODING.get((payload or b"")[:4])
    if name is None:
        return ()
    count = 2 if name == "InvalidLength" else 1
    return (name, *eth_abi.decode(["uint256"] * count, (payload or b"")[4:]))


def all_derived(precompile: Precompile) -> list[Vector]:
    return list(derived(precompile, load(path_of(precompile))))


# --- The vectors of every entry -------------------------------------------------------------


def test_the_embedded_world_meets_every_derived_vector(precompile: Precompile) -> None:
    """Without exact gas, which another test gives to every vector."""
    made = [v for v in all_derived(precompile) if not v.name.endswith("/gas-exact")]
    assert run(embedded.answer, made) == []


def test_the_second_decoder_expects_the_same(precompile: Precompile) -> None:
    for vector in all_derived(precompile):
        declared = precompile.by_selector.get(vector.input[:4])
        early = vector.value or vector.static or vector.delegated or "/in-block" in vector.name
        if declared is None or early or vector.frame_gas <= vector.gas:
            continue
        assert named(vector.expected.error) == verdict(declared, vector.input), vector.name


def test_every_method_has_each_kind(precompile: Precompile) -> None:
    made = all_derived(precompile)
    assert len({vector.name for vector in made}) == len(made)
    working = [v for v in load(path_of(precompile)) if v.expected.output is not None]
    for each in precompile.methods:
        if example(each, working) is None:
            continue  # It works within a callback only; another test sees it there.
        own = {
            vector.name.rpartition("/")[2].split("-")[0]
            for vector in made
            if vector.input[:4] == each.signature.selector
        }
        kinds = {"gas", "delegate", "tail"}
        kinds |= {"static"} if each.writes else set()
        kinds |= {"value"} if each.mutability != "payable" else set()
        kinds |= {"in"} if each.secret else set()
        kinds |= {"cut"} if each.signature.inputs else set()
        dynamic = any(parameter.type.dynamic for parameter in each.signature.inputs)
        kinds |= {"offset"} if dynamic else set()
        assert kinds <= own, each.signature.canonical


# --- Rules that no entry has a use for yet --------------------------------------------------

FLAT = abi.struct("Flat(bool x, int24 y)")
DEEP = abi.struct("Deep(Flat p, bytes q, uint8[] r)", {"q": 40, "r": 3}, (FLAT,))
EVERYTHING = method(
    "all(uint8 a, int16 b, bool c, address d, bytes4 e, bytes f, string g, uint256[] h,"
    " bytes[] i, uint8[2] j, string[2] k, bytes[2][] l, uint256[2][] m, Flat n, Deep o,"
    " Flat[2] s, Deep[] t) returns (uint256 n)",
    mutability="nonpayable",
    gas=(Constant(amount=1),),
    handler=lambda _call, *_arguments: 7,
    summary="Take a value of every kind.",
    bounds={"f": 40, "g": 9, "h": 3, "i": (2, 5), "k": 8, "l": (2, 33), "m": 4, "t": 2},
    structs=(FLAT, DEEP),
)
TYPES = [each.type.name for each in EVERYTHING.signature.inputs]
VALUES = [
    *(255, -5, True, "0x" + "11" * 20, b"abcd", b"x" * 33, "näh", [1, 2], [b"a", b"bcdef"]),
    *([1, 2], ["x", "yz"], [[b"a", b"b" * 32]], [[1, 2], [3, 4]]),
    *((True, -3), ((False, 9), b"q" * 33, [7]), [(True, 1), (False, 2)]),
    [((True, -1), b"", [1, 2, 3])],
]
GOOD = EVERYTHING.signature.selector + eth_abi.encode(TYPES, VALUES)


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> tuple[Precompile, Vector]:
    entry = replace(find("poseidon"), methods=(EVERYTHING,), errors=())
    monkeypatch.setattr(embedded, "at", lambda _: entry)
    template = load(path_of(find("poseidon")))[0]
    gas = 200 + 3 * ((len(GOOD) - 4) // 32) + 1
    expected = replace(template.expected, output=(7).to_bytes(32, "big"))
    return entry, replace(template, name="g", input=GOOD, gas=gas, gas_used=gas, expected=expected)


def test_every_kind_of_type(everything: tuple[Precompile, Vector]) -> None:
    entry, base = everything
    made = list(derived(entry, [base]))
    assert run(embedded.answer, [base, *made]) == []
    for vector in made:
        plain = not (vector.value or vector.static or vector.delegated)
        if plain and vector.input[:4] in entry.by_selector and vector.frame_gas > vector.gas:
            assert named(vector.expected.error) == verdict(EVERYTHING, vector.input), vector.name
    kinds = {vector.name.split("/")[1].split("-")[0] for vector in made}
    assert kinds == {
        *("gas", "selector", "value", "delegate", "static", "cut", "tail"),
        *("offset", "length", "padding", "text"),
    }


def test_the_layout_covers_every_word(everything: tuple[Precompile, Vector]) -> None:
    parts, end = walk(EVERYTHING, GOOD)
    assert end == len(GOOD)
    positions = [part.position for part in parts if part.role in ("value", "offset", "length")]
    assert len(set(positions)) == len(positions)
    texts = (b"x" * 33, b"nah ", b"x", b"yz", b"a", b"q" * 33)
    content = sum((abi.padded(len(x)) for x in texts), 32 * 3)
    assert len(positions) * 32 + content == len(GOOD) - 4


# --- The second decoder and ours, on anything -----------------------------------------------


def ours(declared: Method, data: bytes) -> tuple[Any, ...]:
    try:
        abi.decode_call(declared.signature.inputs, data)
    except abi.Revert as refused:
        return named(refused.data)
    return ()


def spoilt(data: bytes) -> st.SearchStrategy[bytes]:
    words = st.sampled_from([0, 1, 2, 31, 32, 33, 64, 1 << 63, 1 << 255, 2**256 - 1])
    places = st.integers(0, (len(data) - 4) // 32 - 1)

    def with_words(changes: dict[int, int], cut: int) -> bytes:
        made = bytearray(data)
        for place, number in changes.items():
            made[4 + 32 * place : 36 + 32 * place] = number.to_bytes(32, "big")
        return bytes(made[: len(made) - cut])

    cut = st.one_of(st.just(0), st.integers(0, len(data) - 4))
    return st.builds(with_words, st.dictionaries(places, words, max_size=3), cut)


@given(spoilt(GOOD))
def test_both_decoders_agree_on_spoilt_calls(data: bytes) -> None:
    assert ours(EVERYTHING, data) == verdict(EVERYTHING, data)


def declared_methods() -> Iterator[Callable[..., Any]]:
    for entry in PRECOMPILES:
        for each in entry.methods:
            if each.signature.inputs:
                yield pytest.param(each, id=f"{entry.name}-{each.signature.canonical}")


@pytest.mark.parametrize("declared", declared_methods())
def test_both_decoders_agree_on_every_method(declared: Method) -> None:
    entry = next(each for each in PRECOMPILES if declared in each.methods)
    vectors = [v for v in load(path_of(entry)) if v.input[:4] == declared.signature.selector]
    for vector in vectors[:40]:
        assert ours(declared, vector.input) == verdict(declared, vector.input)
        for size in range(4, min(len(vector.input), 400), 13):
            cut = vector.input[:size]
            assert ours(declared, cut) == verdict(declared, cut)
