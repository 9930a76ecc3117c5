"""What a replica accepts into the graph, holds back, asks for and keeps as evidence."""

from dataclasses import replace

import pytest

from node.codec import Refused
from node.crypto import SigningKey, sha3_256
from node.groups import history as history_module
from node.groups.events import Behind, Changed, Dropped
from node.groups.group import Group
from node.groups.history import EVIDENCE_MAX, ORPHAN_BYTES_MAX, ORPHANS_MAX, History
from node.groups.vertex import Card, Change, Kind, make_vertex

FOUNDER, MEMBER, STRANGER = (SigningKey.from_seed(bytes([n]) * 32) for n in (1, 2, 3))
HYBRID = bytes(1600)
NEXT = sha3_256(HYBRID)


def card(key):
    return Card(key.public, HYBRID)


def name(key):
    return sha3_256(key.public)


CREATION = make_vertex(
    FOUNDER,
    (),
    0,
    0,
    Change(
        kind=Kind.CREATE,
        nonce=bytes(32),
        name="",
        commitment=bytes(32),
        cards=tuple(sorted((card(FOUNDER), card(MEMBER)), key=lambda one: one.pseudonym)),
    ),
)


def ack(key, parents, lamport, mark=0):
    hybrid = bytes([mark]) * 1600
    change = Change(kind=Kind.ACK, key=sha3_256(hybrid))
    return make_vertex(key, tuple(one.id for one in parents), lamport, 0, change, hybrid)


def subjects(kind, key, *names):
    change = Change(kind=kind, subjects=tuple(sorted(names)), key=NEXT, commitment=bytes(32))
    hybrid = HYBRID if kind == Kind.REMOVE else b""
    return make_vertex(key, (CREATION.id,), 1, 0, change, hybrid)


def adding(key, *cards):
    change = Change(kind=Kind.ADD, cards=cards, key=NEXT, commitment=bytes(32))
    return make_vertex(key, (CREATION.id,), 1, 0, change, HYBRID)


@pytest.fixture
def graph():
    history = History()
    history.accept(CREATION)
    return history


def refused(history, vertex, reason):
    before = (len(history.vertices), history.heads(), dict(history.forks))
    with pytest.raises(Refused, match=reason):
        history.accept(vertex)
    assert (len(history.vertices), history.heads(), dict(history.forks)) == before


@pytest.mark.parametrize(
    ("vertex", "reason"),
    [
        (ack(MEMBER, [CREATION], 2), "wrong lamport"),
        (ack(MEMBER, [CREATION], 0), "wrong lamport"),
        (ack(STRANGER, [CREATION], 1), "not a member"),
        (adding(MEMBER, card(STRANGER)), "not an admin"),
        (adding(FOUNDER, card(MEMBER)), "a pseudonym is used once"),
        (subjects(Kind.REMOVE, MEMBER, name(FOUNDER)), "not an admin"),
        (subjects(Kind.REMOVE, FOUNDER, name(STRANGER)), "not to be removed"),
        (subjects(Kind.REMOVE, FOUNDER, name(FOUNDER)), "not to be removed"),
        (subjects(Kind.GRANT, FOUNDER, name(STRANGER)), "not to be made admin"),
        (subjects(Kind.GRANT, FOUNDER, name(FOUNDER)), "not to be made admin"),
        (subjects(Kind.REVOKE, FOUNDER, name(MEMBER)), "no admin to revoke"),
        (make_vertex(FOUNDER, (), 0, 300_000, CREATION.change), "another creation"),
    ],
)
def test_a_broken_rule_has_its_reason(graph, vertex, reason):
    refused(graph, vertex, reason)


def test_a_signature_of_another_is_refused(graph):
    own, other = ack(MEMBER, [CREATION], 1), ack(MEMBER, [CREATION], 1, mark=1)

    refused(graph, replace(own, signature=other.signature), "bad signature")


@pytest.mark.parametrize("left_out", ["hybrid", "signature"])
def test_what_is_left_out_is_refused_where_it_is_news(graph, left_out):
    slim = replace(ack(MEMBER, [CREATION], 1), **{left_out: b""})
    refused(graph, slim, "without its signature")

    graph.accept(slim, whole=False)
    with pytest.raises(Refused, match=r"without its signature|key is missing"):
        graph.check_cover()


def chain(graph, rounds):
    """Let both members go on by turns; return the vertices."""
    vertices = [CREATION]
    for number in range(rounds):
        key = (MEMBER, FOUNDER)[number % 2]
        vertices.append(ack(key, vertices[-1:], number + 1, number))
        graph.accept(vertices[-1])
    return vertices


def test_old_signatures_and_keys_are_dropped_once_all_have_seen_them(graph):
    vertices = chain(graph, 6)

    assert sorted(graph.slim()) == sorted(vertex.id for vertex in vertices[:5])
    assert [bool(vertex.signature) for vertex in graph.vertices] == [False] * 5 + [True] * 2
    assert [bool(vertex.hybrid) for vertex in graph.vertices] == [False] * 5 + [True] * 2
    assert graph.slim() == []
    graph.check_cover()

    again = History()
    for vertex in graph.vertices:
        again.accept(vertex, whole=False)
    again.check_cover()
    assert again.heads() == graph.heads()


def test_what_one_member_has_not_seen_is_kept_whole(graph):
    last = CREATION
    for number in range(4):
        last = ack(FOUNDER, [last], number + 1, number)
        graph.accept(last)

    assert graph.slim() == []


def test_a_fork_keeps_its_signatures(graph):
    one, two = ack(MEMBER, [CREATION], 1), ack(MEMBER, [CREATION], 1, mark=1)
    for vertex in (one, two):
        graph.accept(vertex)
    both = ack(MEMBER, sorted([one, two], key=lambda v: v.id), 2)
    graph.accept(both)
    graph.accept(ack(FOUNDER, [both], 3))
    graph.slim()

    assert graph[one.id].signature
    assert graph[two.id].signature
    assert not graph[CREATION.id].signature


def test_a_signature_covers_its_author_alone(graph):
    vertices = chain(graph, 4)
    forged = History()
    for vertex in vertices:
        signature = vertex.signature if vertex.author == name(FOUNDER) else b""
        forged.accept(replace(vertex, signature=signature), whole=False)

    with pytest.raises(Refused, match="without its signature"):
        forged.check_cover()


def test_parents_have_not_seen_each_other(graph):
    first = ack(MEMBER, [CREATION], 1)
    graph.accept(first)

    refused(graph, ack(FOUNDER, sorted([CREATION, first], key=lambda v: v.id), 2), "has seen")


@pytest.mark.parametrize(
    "creation",
    [
        make_vertex(STRANGER, (), 0, 0, CREATION.change),
        make_vertex(FOUNDER, (), 1, 0, CREATION.change),
    ],
)
def test_a_creation_is_by_a_member_at_zero(creation):
    refused(History(), creation, "malformed creation")


def test_a_known_vertex_is_no_news(graph):
    assert not graph.accept(CREATION)


def test_heads_are_what_nobody_has_seen(graph):
    one, two = ack(FOUNDER, [CREATION], 1), ack(MEMBER, [CREATION], 1)
    graph.accept(one)
    graph.accept(two)
    assert graph.heads() == tuple(sorted((one.id, two.id)))

    graph.accept(ack(MEMBER, sorted([one, two], key=lambda v: v.id), 2))

    assert len(graph.heads()) == 1
    assert [vertex.id for vertex in graph.missing_for((one.id,))] == [
        two.id,
        graph.vertices[-1].id,
    ]
    assert graph.missing_for(graph.heads()) == []
    assert len(graph.missing_for((bytes(32),))) == 4


def test_too_many_heads_are_merged_by_halves(graph, monkeypatch):
    monkeypatch.setattr(history_module, "PARENTS_MAX", 2)
    one = ack(FOUNDER, [CREATION], 1)
    heads = [ack(MEMBER, [CREATION], 1, mark) for mark in range(5)]
    for vertex in (one, *heads):
        graph.accept(vertex)

    parents, lamport = graph.next_place(name(FOUNDER))

    assert one.id in parents
    assert (len(parents), lamport) == (2, 2)


def test_two_changes_that_have_not_seen_each_other_are_evidence(graph):
    one, two = ack(MEMBER, [CREATION], 1), ack(MEMBER, [CREATION], 1, mark=1)
    three = ack(MEMBER, [CREATION], 1, mark=2)
    for vertex in (one, two, three):
        graph.accept(vertex)

    assert graph.forks == {name(MEMBER): (one.id, two.id)}
    assert len(graph.forks) <= EVIDENCE_MAX


def test_an_author_has_his_share(graph, monkeypatch):
    monkeypatch.setattr(history_module, "OF_ONE_AUTHOR_MAX", 2)
    last = CREATION
    for lamport in (1, 2):
        last = ack(MEMBER, [last], lamport)
        graph.accept(last)

    refused(graph, ack(MEMBER, [last], 3), "too many changes of one author")
    assert graph.accept(ack(FOUNDER, [last], 3))


def test_a_history_ends(graph, monkeypatch):
    monkeypatch.setattr(history_module, "VERTICES_MAX", 2)
    last = ack(MEMBER, [CREATION], 1)
    graph.accept(last)

    refused(graph, ack(FOUNDER, [last], 2), "the history is full")


def test_orphans_wait_for_their_parents_in_bounds(graph):
    last, chain = CREATION, []
    for lamport in range(1, ORPHANS_MAX + 3):
        last = ack(MEMBER, [last], lamport)
        chain.append(last)
    put_out = [identity for vertex in chain[1:] for identity in graph.hold(vertex)]

    assert put_out == [chain[1].id]
    assert len(graph.orphans) == ORPHANS_MAX
    assert graph.wanted() == [chain[1].id]
    assert sum(len(vertex.encoded) for vertex in graph.orphans.values()) < ORPHAN_BYTES_MAX


def test_orphans_are_bounded_in_bytes(graph):
    cards = tuple(
        sorted((Card(bytes([n]) * 2592, HYBRID) for n in range(180)), key=lambda one: one.pseudonym)
    )
    change = Change(kind=Kind.ADD, cards=cards, key=NEXT, commitment=bytes(32))
    large = [make_vertex(FOUNDER, (bytes([n]) * 32,), 9, 0, change, HYBRID) for n in range(3)]

    assert [graph.hold(vertex) for vertex in large] == [[], [], [large[0].id]]


def test_an_orphan_that_breaks_a_rule_is_dropped_with_its_reason(world):
    alice, bob = world.found(2)
    first = alice.group.ack(world.now, world.random).vertices[0]
    rogue = Group.decode(bob.group.encode())
    rogue.receive(first, world.now)
    key = rogue._signing
    bad = make_vertex(key, rogue.heads(), 9, 0, Change(kind=Kind.LEAVE))

    held = bob.group.receive(b"\x01" + bad.encoded, world.now)
    bob.group = Group.decode(bob.group.encode())
    events = bob.group.receive(first, world.now)

    assert held == [Behind(rogue.heads())]
    assert events == [
        Changed(rogue.heads()[0], Kind.ACK, alice.group.me),
        Dropped("groups: wrong lamport"),
    ]
    assert bob.group.history.orphans == {}
