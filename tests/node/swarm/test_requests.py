"""The bytes between a client and a node: one encoding per value, and nothing else is read."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.crypto import SIGNATURE, SIGNING_PUBLIC
from node.swarm.mailboxes import BLOB_MAX, TERMS_DAYS
from node.swarm.requests import (
    ERASED_MAX,
    PAGE_MAX,
    REQUEST_MAX,
    Code,
    Done,
    Erase,
    Fetch,
    Lookup,
    Open,
    Page,
    Ping,
    Publish,
    Refusal,
    Store,
    Terms,
    Token,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)

names = st.binary(min_size=32, max_size=32)
u32s, u64s = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
blobs = st.binary(max_size=600)
limits = st.integers(1, PAGE_MAX)
ids = st.sets(names, min_size=1, max_size=5).map(lambda found: tuple(sorted(found)))
terms = st.integers(0, len(TERMS_DAYS) - 1)
keys = st.binary(min_size=8, max_size=8)
requests = st.one_of(
    st.just(Ping()),
    st.builds(Store, names, names, terms, u32s, u64s, blobs),
    st.builds(Fetch, names, names, u64s, limits),
    st.builds(Erase, names, names, ids),
    st.builds(
        Open,
        u64s,
        keys.map(lambda key: key * (SIGNING_PUBLIC // 8)),
        keys.map(lambda key: (key * 579)[:SIGNATURE]),
    ),
    st.builds(Publish, names, names, u32s, u64s, blobs),
    st.builds(Lookup, names, u64s, limits),
)
entries = st.lists(
    st.tuples(st.integers(1, 2**64 - 1), blobs), max_size=4, unique_by=lambda e: e[0]
)
pages = entries.map(lambda found: tuple(sorted(found)))
replies = st.one_of(
    st.builds(Done, u32s),
    st.builds(lambda more, found: Page(more and bool(found), found), st.booleans(), pages),
    st.builds(Terms, u32s, st.integers(0, 255)),
    st.builds(Token, names),
    st.builds(Refusal, st.sampled_from(Code), st.integers(0, 255), u32s),
)


@given(requests)
def test_requests_come_back(request) -> None:
    assert decode_request(encode_request(request)) == request


@given(replies)
def test_replies_come_back(reply) -> None:
    assert decode_reply(encode_reply(reply)) == reply


@pytest.mark.parametrize(
    "request_",
    [
        Ping(),
        Store(b"m" * 32, b"t" * 32, 2, 3, 4, b"blob" * 64),
        Fetch(b"m" * 32, b"t" * 32, 5, 6),
        Erase(b"m" * 32, b"t" * 32, (b"a" * 32, b"b" * 32)),
        Open(7, b"p" * SIGNING_PUBLIC, b"s" * SIGNATURE),
        Publish(b"n" * 32, b"t" * 32, 3, 4, b"blob" * 64),
        Lookup(b"n" * 32, 1, 2),
    ],
)
def test_every_cut_of_a_request_is_refused(request_) -> None:
    data = encode_request(request_)

    for size in [*range(min(len(data), 300)), len(data) - 1]:
        with pytest.raises(Refused):
            decode_request(data[:size])
    with pytest.raises(Refused, match="trailing"):
        decode_request(data + b"\0")


@pytest.mark.parametrize(
    "reply",
    [
        Done(1),
        Page(True, ((1, b"one"), (2, b"two"))),
        Terms(1, 2),
        Token(b"t" * 32),
        Refusal(Code.FULL, 0, 1),
    ],
)
def test_every_cut_of_a_reply_is_refused(reply) -> None:
    data = encode_reply(reply)

    for size in range(len(data)):
        with pytest.raises(Refused):
            decode_reply(data[:size])
    with pytest.raises(Refused, match="trailing"):
        decode_reply(data + b"\0")


@given(st.binary(max_size=200))
def test_noise_is_read_or_refused(data: bytes) -> None:
    for read, write in ((decode_request, encode_request), (decode_reply, encode_reply)):
        for noise in (data, b"\1" + data):
            with contextlib.suppress(Refused):
                assert write(read(noise)) == noise


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\2\1", "unknown version"),
        (b"\1\0", "unknown request"),
        (b"\1\10", "unknown request"),
        (bytes(REQUEST_MAX + 1), "too long"),
        (b"\1\2" + bytes(64) + b"\3" + bytes(16), "unknown term"),
        (b"\1\2" + bytes(64 + 13) + (BLOB_MAX + 1).to_bytes(4, "big"), "too long"),
        (b"\1\3" + bytes(64 + 8) + bytes(4), "limit out of range"),
        (b"\1\3" + bytes(64 + 8) + (PAGE_MAX + 1).to_bytes(4, "big"), "limit out of range"),
        (b"\1\7" + bytes(32 + 8) + bytes(4), "limit out of range"),
        (b"\1\4" + bytes(64) + bytes(2), "wrong number of blobs"),
        (b"\1\4" + bytes(64) + (ERASED_MAX + 1).to_bytes(2, "big"), "wrong number of blobs"),
        (b"\1\4" + bytes(64) + b"\0\2" + bytes(64), "ids out of order"),
        (b"\1\4" + bytes(64) + b"\0\2" + b"\1" * 32 + bytes(32), "ids out of order"),
    ],
)
def test_broken_requests(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        decode_request(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\0\1", "unknown version"),
        (b"\1\0", "unknown reply"),
        (b"\1\x7f", "unknown reply"),
        (b"\1\xff", "unknown reply"),
        (b"\1\2\2\0\0", "wrong page"),
        (b"\1\2\1\0\0", "wrong page"),
        (b"\1\2\0\4\1", "wrong page"),
        (b"\1\2\0\0\1" + bytes(8) + bytes(4), "cursor does not rise"),
        (b"\1\2\0\0\2" + (bytes(7) + b"\1" + bytes(4)) * 2, "cursor does not rise"),
    ],
)
def test_broken_replies(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        decode_reply(data)


def test_tokens_are_not_shown() -> None:
    for shown in (Store(b"m" * 32, b"T" * 32, 0, 0, 0, b"B"), Fetch(b"m" * 32, b"T" * 32, 0, 1)):
        assert "TTT" not in repr(shown)
    assert "TTT" not in repr(Token(b"T" * 32))
