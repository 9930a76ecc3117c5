"""Names that tell nothing, days that miss nothing, blobs that look like noise."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.crypto import sha256
from node.padding import BUCKETS, bucket
from node.swarm.mailboxes import (
    DATA_MAX,
    DAY_MS,
    OVERHEAD,
    Channel,
    Inbox,
    Record,
    channel_mailbox,
    day,
    days_to_read,
    is_bucket,
    unwrap,
    wrap,
)

KEY = sha256(b"key")
NODES = [sha256(b"node %d" % number) for number in range(3)]
HOUR = 3_600_000


@pytest.mark.parametrize("destination", [Channel(KEY), Inbox(KEY), Record(KEY, 5, KEY)])
def test_names_differ_from_epoch_to_epoch(destination) -> None:
    epochs = range(20_000, 20_010)
    for make in (destination.place, *(lambda e, n=n: destination.name(e, n) for n in NODES)):
        assert len({make(epoch) for epoch in epochs}) == len(epochs)
    keys = {destination.blob_key(epoch, NODES[0]) for epoch in epochs}
    assert len(keys) == len(epochs)


@pytest.mark.parametrize("destination", [Channel(KEY), Inbox(KEY)])
def test_two_nodes_cannot_compare_notes(destination) -> None:
    """Name, token and blob of a mailbox at one node say nothing about those at another one."""
    assert len({destination.name(1, node) for node in NODES}) == 3
    blobs = {wrap(destination.blob_key(1, node), b"hello") for node in NODES}
    assert len(blobs) == 3
    assert len({blob[:8] for blob in blobs}) == 3
    if isinstance(destination, Channel):
        assert len({destination.token(1, node) for node in NODES}) == 3
        assert destination.name(1, NODES[0]) != channel_mailbox(
            NODES[0], destination.token(1, NODES[1])
        )


def test_two_directions_and_two_kinds_share_no_name() -> None:
    destinations = [Channel(KEY), Channel(sha256(b"other")), Inbox(KEY), Record(KEY, 1, KEY)]
    made = [
        value
        for destination in destinations
        for value in (
            destination.place(1),
            destination.name(1, NODES[0]),
            destination.blob_key(1, NODES[0]),
        )
    ]

    assert len(set(made)) == len(made) - 1  # a record's place is its name


def test_secrets_are_not_shown() -> None:
    for destination in (Channel(b"S" * 32), Inbox(b"S" * 32), Record(b"S" * 32, 1, b"S" * 32)):
        assert "SSS" not in repr(destination)


@given(st.integers(0, DATA_MAX))
def test_buckets(size: int) -> None:
    padded = bucket(size)

    assert padded >= size
    assert padded in BUCKETS or padded % BUCKETS[-1] == 0
    assert is_bucket(padded + OVERHEAD)
    assert all(smaller < size for smaller in BUCKETS if smaller < padded)


def test_sizes_that_are_no_bucket() -> None:
    sizes = [-1, 0, 1, 255, 257, 65537, DATA_MAX + 1, DATA_MAX + 65536]
    assert not any(is_bucket(size + OVERHEAD) for size in sizes)
    assert not any(map(is_bucket, [-1, 0, 1, OVERHEAD, *BUCKETS, DATA_MAX]))
    assert all(is_bucket(size + OVERHEAD) for size in [*BUCKETS, 2 << 16, DATA_MAX])


@given(st.binary(max_size=5000))
def test_data_comes_back(data: bytes) -> None:
    blob = wrap(KEY, data)

    assert is_bucket(len(blob))
    assert unwrap(KEY, blob) == data
    assert wrap(KEY, data) == blob


@pytest.mark.parametrize("size", [0, 1, 256, 257, 65536, 65537, DATA_MAX])
def test_the_edges_of_buckets(size: int) -> None:
    blob = wrap(KEY, bytes(size))

    assert len(blob) == bucket(size) + OVERHEAD
    assert unwrap(KEY, blob) == bytes(size)
    with pytest.raises(ValueError, match="at most"):
        wrap(KEY, bytes(DATA_MAX + 1))


def test_every_change_of_a_blob_is_refused() -> None:
    blob = wrap(KEY, b"hello")

    for at in range(len(blob)):
        with pytest.raises(Refused):
            unwrap(KEY, blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :])
        with pytest.raises(Refused):
            unwrap(KEY, blob[:at])
    with pytest.raises(Refused):
        unwrap(sha256(b"other"), blob)
    with pytest.raises(Refused):
        unwrap(KEY, blob + bytes(900))


def test_blobs_look_like_noise() -> None:
    """F-095: as many of each byte as chance gives, whatever is inside and wherever one looks."""
    blobs = [
        wrap(Channel(sha256(b"%d" % number)).blob_key(1, NODES[0]), bytes(number % 200))
        for number in range(4000)
    ]
    for data in (
        b"".join(blobs),
        *(b"".join(blob[at : at + 4] for blob in blobs) for at in (0, 24)),
    ):
        counts = Counter(data)
        expected = len(data) / 256
        chi_square = sum((counts[byte] - expected) ** 2 / expected for byte in range(256))
        assert 166 < chi_square < 366  # five standard deviations around 255 degrees of freedom

    data = b"".join(blobs)
    counts = Counter(data)
    entropy = -sum(n / len(data) * math.log2(n / len(data)) for n in counts.values())
    assert entropy > 7.999
    assert len({len(blob) for blob in blobs}) == 1


def test_days_of_a_reader_who_was_just_here() -> None:
    noon = 20_000 * DAY_MS + DAY_MS // 2

    assert list(days_to_read(noon - 60_000, noon)) == [19_999, 20_000]
    assert list(days_to_read(noon - 3 * DAY_MS, noon)) == [19_997, 19_998, 19_999, 20_000]
    assert list(days_to_read(noon, 20_001 * DAY_MS - HOUR)) == [19_999, 20_000, 20_001]
    assert list(days_to_read(noon + 5 * DAY_MS, noon)) == [19_999, 20_000]
    assert len(days_to_read(None, noon)) == len(days_to_read(0, noon)) == 32


def test_no_day_is_missed() -> None:
    """Whoever writes with a clock an hour off is read, as long as the blob lies there."""
    choose = random.Random(5)
    for _ in range(2000):
        last = 20_000 * DAY_MS + choose.randrange(DAY_MS)
        written = last + choose.randrange(30 * DAY_MS)
        read = written + choose.randrange(30 * DAY_MS)
        senders_clock = written + choose.randrange(-HOUR, HOUR + 1)

        assert day(senders_clock) in days_to_read(last, read) or read - written > 29 * DAY_MS
