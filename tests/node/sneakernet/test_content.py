"""What bundles hold: taking in, breaking off, going back, parts, and content that is wrong."""

import random
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused, sized, u8, u16
from node.crypto import HybridKey, SigningKey, sha3_256, sha256
from node.mesh import bundle_content
from node.mesh.bundle import UNIT, Recipients, capacity, write_bundle
from node.mesh.bundle_content import (
    PROGRESS_MAX,
    TOLD_MAX,
    About,
    Kind,
    export,
    owed,
    read_about,
    take_in,
    tell,
    told,
)
from node.mesh.sync.items import Items, id_of, row
from node.mesh.sync.sketch import make_sketch

ROWS = [row(number // 2, sha256(bytes([number]))) for number in range(40)]


def taken(imported) -> tuple[list[bytes], list[bytes]]:
    vertices, snapshots = [], []
    for batch in imported.batches():
        vertices += batch.vertices
        snapshots += batch.snapshots
        imported.keep(batch)
    imported.finish()
    return vertices, snapshots


def test_all_that_went_in_comes_out(make, memory, table, topics, topic, author, vertices) -> None:
    snapshots = [bytes(3_000_000), b"small"]
    about = About(topic=topic, heads=tuple(sorted(ROWS[:3])), wants=(bytes(32), b"\1" * 32))
    [data] = make(vertices, snapshots, about=about)
    imported = take_in(memory(data), table, topics)

    assert imported.about == about
    assert imported.exporter == sha3_256(author.public)
    assert taken(imported) == (vertices, snapshots)
    assert told(table, topic) == {sha3_256(author.public): about}
    assert told(table, bytes(32)) == {}


def test_a_bundle_of_nothing_is_a_question(make, memory, table, topics) -> None:
    [data] = make()

    assert len(data) == UNIT
    assert taken(take_in(memory(data), table, topics)) == ([], [])


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_where_it_was_broken_off_it_goes_on(
    make, memory, table, topics, vertices, monkeypatch, stop: int
) -> None:
    """The batch that was not kept comes again; no other does."""
    monkeypatch.setattr(bundle_content, "BATCH_BYTES", 40_000)
    [data] = make(vertices)
    seen = []
    for number, batch in enumerate((first := take_in(memory(data), table, topics)).batches()):
        seen.append(batch.vertices)
        if number == stop:
            break
        first.keep(batch)
    rest, _ = taken(take_in(memory(data), table, topics))

    assert [*chain(*seen[:-1]), *rest] == vertices
    assert rest[: len(seen[-1])] == seen[-1]
    assert len(rest) < len(vertices)


def test_taken_in_again_it_is_the_same_again(make, memory, table, topics, vertices) -> None:
    [data] = make(vertices)
    first = taken(take_in(memory(data), table, topics))
    rows = dict(table.rows)

    assert taken(take_in(memory(data), table, topics)) == first
    assert table.rows == rows


def test_batches_are_bounded(make, memory, table, topics) -> None:
    [data] = make([bytes(100)] * 1200)
    sizes = [len(batch) for batch in take_in(memory(data), table, topics).batches()]
    [large] = make([bytes(400_000)] * 6)
    bytes_ = [
        sum(map(len, batch.vertices)) for batch in take_in(memory(large), table, topics).batches()
    ]

    assert sizes == [512, 512, 176]
    assert bytes_ == [800_000] * 3


def test_what_is_remembered_is_bounded(make, memory, table, topics, topic) -> None:
    for number in range(TOLD_MAX + 3):
        signer = SigningKey.from_seed(bytes([number]) * 32)
        [data] = make([b"vertex"], signer=signer)
        imported = take_in(memory(data), table, topics)
        for batch in imported.batches():
            imported.keep(batch)
        if number % 2:
            imported.finish()
        assert imported.exporter in told(table, topic) or not number % 2
    begun = [key for key in table.rows if b"progress" in key]

    assert len(begun) == PROGRESS_MAX
    assert len(told(table, topic)) <= TOLD_MAX


# --- Parts ----------------------------------------------------------------------------------


def test_parts_fit_their_medium_and_stand_alone(make, memory, table, topics, vertices) -> None:
    parts = make(vertices, size_max=100_000)
    out = []
    for number, data in enumerate(parts):
        imported = take_in(memory(data), table, topics)
        assert imported.about.part == number
        out += taken(imported)[0]

    assert {len(data) for data in parts} == {UNIT}
    assert out == vertices


def test_a_part_that_holds_no_record_is_refused(make) -> None:
    with pytest.raises(ValueError, match="at least"):
        make([bytes(10)], size_max=UNIT - 1)
    with pytest.raises(ValueError, match="too small"):
        make([bytes(UNIT)], size_max=UNIT)
    with pytest.raises(ValueError, match="too small"):
        make([bytes(10), bytes(UNIT)], size_max=UNIT)
    with pytest.raises(ValueError, match="record"):
        make([bytes((8 << 20) + 1)])


def test_a_part_is_written_before_the_next(topic, author, chance, space) -> None:
    recipients = Recipients(space_keys=[space])
    parts = export(About(topic=topic), [b"vertex"], [], recipients, author, chance)
    next(parts)

    with pytest.raises(RuntimeError, match="before the next"):
        next(parts)


# --- The way back ---------------------------------------------------------------------------


def everything(items: Items):
    """Heads that have nothing before them: what is fresh is all but the heads."""
    return lambda common: [id_of(each) for each in items if each not in set(common)]


def test_who_told_nothing_is_owed_all() -> None:
    items = Items(ROWS)

    assert owed(items, None, everything(items)) == sorted(ROWS)
    assert owed(items, None, lambda _: None) == sorted(ROWS)


def test_known_heads_say_what_is_owed(topic) -> None:
    items = Items(ROWS)
    asked = []

    def fresh(common):
        asked.append(sorted(common))
        return [id_of(each) for each in ROWS[30:]]

    about = About(topic=topic, heads=tuple(ROWS[:2]), wants=(id_of(ROWS[5]),))
    assert owed(items, about, fresh) == sorted([ROWS[5], *ROWS[30:]])
    assert asked == [sorted(ROWS[:2])]


def test_a_sketch_tells_where_heads_are_unknown(topic, chance) -> None:
    items = Items(ROWS[:30])
    theirs = ROWS[10:]
    about = tell(topic, Items(theirs), theirs[-1:], [], chance)

    assert owed(items, about, everything(items)) == sorted(ROWS[:10])


def test_a_sketch_that_is_too_short_is_no_answer(topic, chance) -> None:
    """Then all goes that the known heads do not have."""
    items = Items(ROWS[:20])
    sketch = make_sketch([id_of(each) for each in ROWS[20:]], 3, chance)
    about = About(topic=topic, heads=(ROWS[1], ROWS[39]), sketch=sketch)

    assert owed(items, about, everything(items)) == sorted({*ROWS[:20]} - {ROWS[1]})
    assert owed(items, about, lambda _: None) == sorted(ROWS[:20])


def test_wants_that_nobody_has_are_passed_over(topic) -> None:
    items = Items(ROWS[:5])
    about = About(topic=topic, heads=tuple(sorted(ROWS[:5])), wants=(bytes(32),))

    assert owed(items, about, lambda _: []) == []


# --- What is wrong --------------------------------------------------------------------------


def forged(content: bytes, space: bytes) -> bytes:
    """A bundle that a member made by other code: signed, sealed and whole."""
    author = SigningKey.from_seed(bytes(32))
    recipients = Recipients(space_keys=[space])
    return b"".join(write_bundle([content], recipients, author, random.Random(1).randbytes))


def record(kind: int, body: bytes) -> bytes:
    return u8(kind) + sized(body)


TOPIC = sha256(b"topic")
ABOUT = record(Kind.ABOUT, About(topic=TOPIC).encode())


def about(**fields) -> bytes:
    return record(Kind.ABOUT, About(topic=TOPIC, **fields).encode())


def changed(at: int, value: bytes) -> bytes:
    data = About(topic=TOPIC).encode()
    return record(Kind.ABOUT, data[:at] + value + data[at + len(value) :])


CUT = "cut off"
WRONG = {
    "nothing": (b"", "does not say"),
    "no beginning": (record(Kind.VERTEX, b"vertex"), "does not say"),
    "two beginnings": (ABOUT + record(Kind.VERTEX, b"vertex") + ABOUT, "says twice"),
    "unknown kind": (ABOUT + record(4, b"vertex"), "no record"),
    "too long": (ABOUT + b"\x02\xff\xff\xff\xff", "no record"),
    "cut off": (ABOUT + b"\x02" + (1 << 20).to_bytes(4, "big"), CUT),
    "cut off at the end": (ABOUT.ljust(capacity(UNIT) - 3, b"\0") + b"\x02\0\0", CUT),
    "behind the padding": (ABOUT + bytes(7) + record(Kind.VERTEX, b"vertex"), CUT),
    "version": (changed(0, b"\2"), "unknown version"),
    "another space": (changed(1, bytes(32)), "another space"),
    "short": (record(Kind.ABOUT, About(topic=TOPIC).encode()[:-1]), "too short"),
    "trailing": (record(Kind.ABOUT, About(topic=TOPIC).encode() + b"\0"), "trailing"),
    "heads out of order": (about(heads=(ROWS[3], ROWS[0])), "out of order"),
    "a want twice": (about(wants=(bytes(32),) * 2), "out of order"),
    "too many heads": (changed(51, u16(1025)), "list too long"),
    "too many wants": (changed(53, u16(16_385)), "list too long"),
    "a long sketch": (changed(55, b"\1\0\0\0"), "too long"),
}


@pytest.mark.parametrize("name", WRONG)
def test_content_that_is_wrong_is_refused_before_any_of_it(
    name, memory, table, topics, space
) -> None:
    content, reason = WRONG[name]
    with pytest.raises(Refused, match=reason):
        take_in(memory(forged(content, space)), table, topics)
    assert table.rows == {}


def test_a_secret_key_opens_a_bundle_of_any_space(make, memory, table) -> None:
    ours = HybridKey(bytes(range(96)))
    [data] = make([b"vertex"], publics=(ours.public,))

    assert take_in(memory(data), table, {}, [ours]).about.topic == TOPIC
    with pytest.raises(Refused, match="somebody else"):
        take_in(memory(data), table, {})


@settings(deadline=None, max_examples=30)
@given(
    heads=st.sets(st.binary(min_size=40, max_size=40), max_size=4),
    wants=st.sets(st.binary(min_size=32, max_size=32), max_size=4),
    part=st.integers(0, 65_535),
    sketch=st.binary(max_size=50),
)
def test_what_it_says_of_itself_has_one_encoding(heads, wants, part: int, sketch: bytes) -> None:
    about = About(
        topic=bytes(32),
        series=bytes(range(16)),
        part=part,
        heads=tuple(sorted(heads)),
        wants=tuple(sorted(wants)),
        sketch=sketch,
    )
    data = about.encode()

    assert read_about(data) == about
    for size in range(len(data)):
        with pytest.raises(Refused):
            read_about(data[:size])
