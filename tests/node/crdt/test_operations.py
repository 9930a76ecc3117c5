"""The bytes of a payload: one encoding for each list of operations, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.crdt.bodies import (
    Add,
    Delete,
    Grow,
    Insert,
    Operation,
    Ref,
    Remove,
    Replace,
    Shift,
    Span,
    Splice,
    Type,
    Update,
    Write,
    rebased,
)
from node.crdt.operations import AMOUNT_MAX, PAYLOAD_MAX, decode_operations, encode_operations
from node.crdt.values import VALUE_MAX, decode_value, encode_value

D, E = b"d" * 32, b"e" * 32
V, W = b"v" * 32, b"w" * 32

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    st.binary(max_size=9),
)
refs = st.builds(Ref, st.sampled_from([V, W]), st.integers(0, (1 << 32) - 1))
many = st.lists(refs, max_size=4, unique=True).map(lambda found: tuple(sorted(found)))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
lists = st.lists(values, min_size=1, max_size=4).map(lambda found: (*found, 1))
bodies = st.one_of(
    st.builds(Grow, st.integers(1, AMOUNT_MAX)),
    st.builds(Shift, st.integers(-AMOUNT_MAX, AMOUNT_MAX).filter(bool)),
    st.builds(Insert, values),
    st.builds(Add, values),
    st.builds(Remove, many.filter(bool)),
    st.builds(Write, values),
    st.builds(Replace, values, many),
    st.builds(Splice, st.none() | refs, texts | lists),
    st.builds(Delete, refs.map(lambda ref: (Span(ref.vertex, ref.index // 2, 3),))),
    st.builds(Update, st.just(W), st.none() | refs, st.binary(max_size=9)),
)
operations = st.lists(st.builds(Operation, st.sampled_from([D, E]), bodies), max_size=8)

EVERY_BODY = [
    Operation(D, Grow(3)),
    Operation(D, Shift(-3)),
    Operation(D, Insert("in")),
    Operation(D, Add(b"added")),
    Operation(D, Remove((Ref(b"", 3), Ref(V, 9)))),
    Operation(D, Write(None)),
    Operation(D, Replace(-1, (Ref(W, 0),))),
    Operation(E, Splice(None, "text")),
    Operation(E, Splice(Ref(b"", 8), (True, "no text"))),
    Operation(E, Delete((Span(b"", 7, 2), Span(V, 0, 5)))),
    Operation(E, Update(W, Ref(V, 1), b"update")),
]


@given(operations, st.binary(min_size=16, max_size=16))
def test_what_is_written_is_read(listed: list[Operation], mark: bytes) -> None:
    payload = encode_operations(listed, mark)

    assert decode_operations(payload) == listed
    assert payload[1:17] == mark


@given(st.binary(max_size=120))
def test_noise_is_refused_or_the_only_encoding(noise: bytes) -> None:
    try:
        listed = decode_operations(b"\1" + noise)
    except Refused:
        return

    assert encode_operations(listed, noise[:16]) == b"\1" + noise


def test_every_truncation_is_refused() -> None:
    payload = encode_operations(EVERY_BODY)

    for size in range(len(payload)):
        with pytest.raises(Refused):
            decode_operations(payload[:size])
    with pytest.raises(Refused):
        decode_operations(payload + b"\0")


def test_every_flipped_bit_is_refused_or_says_something_else() -> None:
    payload = encode_operations(EVERY_BODY)

    for place in range(17, len(payload)):
        for bit in range(8):
            flipped = bytearray(payload)
            flipped[place] ^= 1 << bit
            try:
                listed = decode_operations(bytes(flipped))
            except Refused:
                continue
            assert listed != EVERY_BODY
            assert encode_operations(listed) == flipped


def test_the_types_have_the_seeds_codes() -> None:
    assert [kind.name for kind in Type][:7] == [
        *("G_COUNTER", "PN_COUNTER", "G_SET", "OR_SET"),
        *("LWW_REGISTER", "MV_REGISTER", "RG_ARRAY"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        Grow(0),
        Grow(-1),
        Grow(AMOUNT_MAX + 1),
        Shift(0),
        Shift(AMOUNT_MAX + 1),
        Shift(-AMOUNT_MAX - 1),
        Insert(1 << 63),
        Insert(-(1 << 63) - 1),
        Write("x" * (VALUE_MAX + 1)),
        Remove(()),
        Remove((Ref(b"", 0),)),  # itself
        Remove((Ref(V, 1 << 32),)),
        Delete(()),
        Delete((Span(V, 0, 0),)),
        Delete((Span(V, (1 << 32) - 1, 2),)),
        Delete((Span(b"", 0, 1),)),
        Splice(None, ""),
        Splice(None, ()),
        Splice(Ref(b"", 0), "hangs on itself"),
        Update(b"short", None, b""),
    ],
)
def test_what_is_out_of_range_is_not_written(body) -> None:
    with pytest.raises(ValueError, match=r"crdt|codec"):
        encode_operations([Operation(D, body)])


def test_a_text_has_one_encoding() -> None:
    listed = encode_operations([Operation(D, Splice(None, ("a", "b")))])

    assert decode_operations(listed) == [Operation(D, Splice(None, "ab"))]


def test_spans_that_touch_are_one() -> None:
    spans = (Span(V, 4, 2), Span(V, 0, 3), Span(V, 3, 1), Span(W, 4, 1))
    listed = decode_operations(encode_operations([Operation(D, Delete(spans))]))

    assert listed == [Operation(D, Delete((Span(V, 0, 6), Span(W, 4, 1))))]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\2", "crdt: unknown version of a payload"),
        (b"\1" + bytes(16) + b"\0\1\x09" + D, "crdt: unknown type"),
        (b"\1" + bytes(16) + b"\0\1\0" + D + b"\0\0\0\0", "crdt: table holds what is not used"),
        (b"\1" + bytes(16) + b"\0\0\0\1" + V + b"\0\0", "crdt: table holds what is not used"),
        (b"\1" + bytes(16) + b"\0\2" + (b"\0" + D) * 2 + bytes(4), "crdt: out of order"),
        (b"\1" + bytes(16) + b"\0\0\0\0\0\1\0\0", "crdt: unknown document"),
        (b"\1" + bytes(16) + b"\xff\xff", "crdt: too many"),
        (bytes(PAYLOAD_MAX + 1), "crdt: payload too long"),
    ],
)
def test_reasons(payload: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decode_operations(payload)

    assert refused.value.reason == reason


@given(values)
def test_a_value_has_one_encoding(value) -> None:
    assert decode_value(encode_value(value)) == value
    assert type(decode_value(encode_value(value))) is type(value)


@pytest.mark.parametrize("data", [b"", b"\6", b"\0\0", b"\3" + bytes(7), b"\4\0\0\0\1\xff"])
def test_no_value(data: bytes) -> None:
    with pytest.raises(Refused):
        decode_value(data)


@given(operations)
def test_operations_behind_others_name_the_same(listed: list[Operation]) -> None:
    """Two lists in one vertex: each names what it named alone."""
    first = [Operation(E, Splice(None, "first"))]
    both = decode_operations(encode_operations(first + rebased(EVERY_BODY + listed, 5)))

    assert rebased(both[1:], -5) == EVERY_BODY + listed
