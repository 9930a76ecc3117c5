"""The messages of gossip: what is written is read, and nothing else is."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.mesh.messages import (
    IDS_MAX,
    KNOWN_FLAGS,
    TAGS_MAX,
    VERTICES_MAX,
    Compare,
    Flag,
    Ids,
    Push,
    Topics,
    read_ids,
    read_pull,
    read_push,
    read_sync,
    read_topics,
)

CHANCE = random.Random(9)
TOPIC = CHANCE.randbytes(32)
IDS = tuple(CHANCE.randbytes(32) for _ in range(3))
TAGS = tuple(CHANCE.randbytes(32) for _ in range(16))
CASES = {
    "topics": (Topics(CHANCE.randbytes(16), TAGS, Flag.AGAIN), Topics.encode, read_topics),
    "push": (Push(TOPIC, (b"one", b"two"), Flag.ANSWER | Flag.LAST), Push.encode, read_push),
    "have": (Ids(TOPIC, IDS, Flag.ASK), Ids.encode, lambda data: read_ids(data, "have")),
    "want": (Ids(TOPIC, IDS, Flag.GRAFT), Ids.encode, lambda data: read_ids(data, "want")),
    "stored": (Ids(TOPIC, IDS), Ids.encode, lambda data: read_ids(data, "stored")),
    "pull": (Compare(TOPIC, b"step"), Compare.encode_pull, read_pull),
    "sync": (Compare(TOPIC, b"step", Flag.RESPONDER), Compare.encode_sync, read_sync),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_read(name):
    message, encode, read = CASES[name]

    assert read(encode(message)) == message


@pytest.mark.parametrize("name", CASES)
def test_every_cut_is_refused_or_another_message(name):
    message, encode, read = CASES[name]
    data = encode(message)
    for cut in range(len(data)):
        if name in ("pull", "sync") and cut >= len(data) - len(message.step):
            assert read(data[:cut]) != message  # the step has rules of its own
            continue
        with pytest.raises(Refused):
            read(data[:cut])
    if name not in ("pull", "sync"):
        with pytest.raises(Refused):
            read(data + b"\0")


@pytest.mark.parametrize("name", CASES)
def test_every_flip_is_refused_or_another_message(name):
    message, encode, read = CASES[name]
    data = encode(message)
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << CHANCE.randrange(8)
        try:
            again = read(bytes(flipped))
        except Refused:
            continue
        assert again != message
        assert place > 0  # no other version is read


@pytest.mark.parametrize("name", sorted(KNOWN_FLAGS))
def test_flags_of_other_messages_are_refused(name):
    message, encode, read = CASES[name]
    for flag in Flag:
        changed = type(message)(*(getattr(message, each) for each in message.__slots__[:-1]), flag)
        known = flag & ~KNOWN_FLAGS[name] == 0 and not (name == "push" and flag == Flag.LAST)
        if known:
            assert read(encode(changed)) == changed
        else:
            with pytest.raises(Refused, match="flags"):
                read(encode(changed))


@pytest.mark.parametrize(
    ("data", "read", "reason"),
    [
        (Topics(bytes(16), TAGS[:15]).encode(), read_topics, "number of topics"),
        (Topics(bytes(16), TAGS * (TAGS_MAX // 16 + 1)).encode(), read_topics, "of topics"),
        (Push(TOPIC, (b"",) * (VERTICES_MAX + 1)).encode(), read_push, "too many vertices"),
        (Push(TOPIC, (bytes(80_000),)).encode(), read_push, "too long"),
        (Ids(TOPIC, IDS * 2).encode(), CASES["want"][2], "an id twice"),
        (
            Ids(TOPIC, tuple(n.to_bytes(32) for n in range(IDS_MAX + 1))).encode(),
            CASES["have"][2],
            "too many ids",
        ),
        (bytes(2 << 20), read_pull, "too long"),
        (b"\2" + bytes(40), read_sync, "unknown version"),
    ],
)
def test_a_broken_rule_has_its_reason(data, read, reason):
    with pytest.raises(Refused, match=reason):
        read(data)


@settings(max_examples=50)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(data):
    for _, _, read in CASES.values():
        try:
            read(data)
        except Refused:
            continue
