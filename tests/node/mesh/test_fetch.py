"""Whom a node asks for what it lacks, and whom next; and who is sent vertices at once."""

import random

import pytest

from node.mesh import fetch as fetch_module
from node.mesh.fetch import (
    AGAIN_MS,
    BATCH_MAX,
    GRAFT_MS,
    NEVER,
    PATIENCE_MS,
    SOURCES_MAX,
    Fetch,
)
from node.mesh.tree import LATE_MAX, SPARE, Tree

PEERS = [bytes([number]) * 32 for number in range(8)]
A, B, C = PEERS[:3]
NAMES = [b"%032d" % number for number in range(2_000)]


@pytest.fixture
def fetch():
    return Fetch(random.Random(1).randbytes)


def ask(fetch, now, peers=(A, B, C), has=lambda name: False, missing=lambda name: True):
    return [
        (each.peer_id, each.ids, each.graft) for each in fetch.tick(now, list(peers), has, missing)
    ]


def test_an_announced_vertex_is_asked_for_if_it_does_not_come(fetch):
    fetch.announced(NAMES[0], A, 0, at_once=False)
    assert fetch.due_at == GRAFT_MS
    assert ask(fetch, GRAFT_MS - 1) == []
    assert ask(fetch, GRAFT_MS) == [(A, (NAMES[0],), True)]
    fetch.announced(NAMES[1], A, 0, at_once=False)
    fetch.arrived(NAMES[1])

    assert ask(fetch, 2 * GRAFT_MS) == []


def test_who_does_not_answer_is_followed_by_another_who_announced(fetch):
    for peer in (A, B):
        fetch.announced(NAMES[0], peer, 0, at_once=True)
    assert ask(fetch, 0) == [(A, (NAMES[0],), True)]
    assert ask(fetch, PATIENCE_MS - 1) == []
    assert ask(fetch, PATIENCE_MS) == [(B, (NAMES[0],), True)]
    fetch.answered(B, PATIENCE_MS)  # and has it not

    assert ask(fetch, PATIENCE_MS) == []
    assert fetch.idle


def test_a_missing_parent_is_asked_for_of_anybody_until_it_is_there(fetch):
    fetch.needed(NAMES[0], A, 0)
    asked, now = [], 0
    for _ in range(40):
        asked += [peer for peer, _, _ in ask(fetch, now)]
        assert fetch.due_at < NEVER
        now = max(now + 1, fetch.due_at)
    assert set(asked) == {A, B, C}
    assert asked[0] == A
    fetch.arrived(NAMES[0])

    assert ask(fetch, now + 10 * AGAIN_MS) == []


def test_a_parent_that_nothing_waits_for_is_let_go(fetch):
    fetch.needed(NAMES[0], A, 0)

    assert ask(fetch, 0, missing=lambda name: False) == []
    assert fetch.idle


def test_a_backlog_is_fetched_piece_by_piece_in_its_order(fetch):
    fetch.lacking(NAMES[:700], A, 0)
    got = []
    for now in range(3):
        ((peer, ids, graft),) = ask(fetch, now)
        assert (peer, graft) == (A, False)
        assert len(ids) <= BATCH_MAX
        got += ids
        fetch.progress(A, ids, now)
        for name in ids:
            fetch.arrived(name)
        fetch.answered(A, now)

    assert got == NAMES[:700]
    assert fetch.idle


def test_what_an_answer_left_out_is_asked_for_again_and_what_is_not_there_is_not(fetch):
    fetch.lacking(NAMES[:10], A, 0)
    ask(fetch, 0)
    fetch.progress(A, NAMES[:4], 0)
    fetch.answered(A, 0)
    assert ask(fetch, 0) == [(A, tuple(NAMES[4:10]), False)]
    fetch.answered(A, 0)

    assert ask(fetch, 0) == []
    assert fetch.idle


def test_what_is_there_or_asked_for_elsewhere_is_not_asked_for(fetch):
    fetch.announced(NAMES[0], B, 0, at_once=True)
    ask(fetch, 0)
    fetch.lacking(NAMES[:4], A, 0)

    assert ask(fetch, 0, has=lambda name: name == NAMES[1]) == [(A, (NAMES[2], NAMES[3]), False)]


def test_more_than_is_kept_in_mind_is_noted(fetch, monkeypatch):
    monkeypatch.setattr(fetch_module, "BACKLOG_MAX", 50)
    fetch.lacking(NAMES[:50], A, 0)
    assert not fetch.cut_short
    fetch.lacking(NAMES[50:51], A, 0)

    assert fetch.cut_short
    assert len(fetch) == 50


def test_a_slow_neighbour_is_given_more_time_each_time(fetch):
    times, now = [], 0
    fetch.needed(NAMES[0], A, 0)
    for _ in range(6):
        assert ask(fetch, now, [A]) == [(A, (NAMES[0],), False)]
        until = fetch.due_at
        times.append(until - now)
        ask(fetch, until, [A])
        now = fetch.due_at

    assert times == [PATIENCE_MS << number for number in range(6)]


def test_a_neighbour_that_leaves_is_asked_for_nothing(fetch):
    fetch.lacking(NAMES[:5], A, 0)
    fetch.needed(NAMES[9], A, 0)
    ask(fetch, 0)
    fetch.lost(A, 1)

    assert ask(fetch, 1 + AGAIN_MS * 2, [B]) == [(B, (NAMES[9],), False)]
    assert ask(fetch, 2, []) == []
    assert fetch.due_at == NEVER


def test_few_sources_are_kept(fetch):
    for peer in PEERS:
        fetch.announced(NAMES[0], peer, 0, at_once=True)
    asked = []
    for _ in range(len(PEERS)):
        for peer, _, _ in ask(fetch, 0, PEERS):
            asked.append(peer)
            fetch.answered(peer, 0)

    assert asked == PEERS[:SOURCES_MAX]


def test_who_asked_too_soon_waits_longer(fetch):
    fetch.announced(NAMES[0], A, 0, at_once=False)
    ask(fetch, GRAFT_MS)
    fetch.pushed(NAMES[0])
    fetch.arrived(NAMES[0])
    fetch.announced(NAMES[1], B, 1_000, at_once=False)

    assert ask(fetch, 1_000 + GRAFT_MS) == []
    assert ask(fetch, 1_000 + 2 * GRAFT_MS) == [(B, (NAMES[1],), True)]


@pytest.fixture
def tree():
    made = Tree(random.Random(1).randbytes)
    for peer in PEERS:
        made.join(peer, 4)
    return made


def test_the_first_neighbours_are_sent_vertices_at_once(tree):
    assert tree.eager == PEERS[:4]
    assert tree.peers == PEERS


def test_who_is_late_again_and_again_is_asked_to_stop_but_for_the_last(tree):
    for _ in range(100):
        assert not tree.late(B)  # nobody else is known to be of use
    tree.first(A)
    lates = 0
    while not tree.late(B):
        lates += 1
        assert lates < 1_000
    assert not tree.is_eager(B)
    assert not any(tree.late(A) for _ in range(100))
    tree.first(B)

    assert tree.is_eager(B)
    assert LATE_MAX > 1


def test_who_is_first_now_and_then_goes_on(tree):
    tree.first(A)
    for _ in range(200):
        tree.first(B)
        assert not any(tree.late(B) for _ in range(LATE_MAX - 1))


def test_a_tree_is_never_without_a_branch(tree):
    for peer in PEERS[:4]:
        tree.leave(peer)

    assert tree.eager == [PEERS[4]]
    for peer in PEERS[4:]:
        tree.leave(peer)
    assert tree.eager == tree.peers == []
    tree.graft(A)
    tree.first(A)
    assert tree.eager == []


def test_a_smaller_fanout_is_reached_by_chance(tree):
    for peer in PEERS:
        tree.graft(peer)
    tree.balance(2)

    assert len(tree.eager) == 2 + SPARE


def test_what_came_and_was_put_off_is_asked_for_again(fetch):
    """A vertex that was not taken in when it came would be wanted for ever, and never asked for."""
    fetch.announced(NAMES[0], A, 0, at_once=True)
    assert ask(fetch, 0) == [(A, (NAMES[0],), True)]
    fetch.progress(A, [NAMES[0]], 10)
    fetch.answered(A, 10)

    assert ask(fetch, 20) == []
    assert fetch.due_at < NEVER
    assert ask(fetch, 10 + 2 * AGAIN_MS) == [(A, (NAMES[0],), True)]


def test_what_came_and_waits_for_its_parent_is_let_go(fetch):
    fetch.announced(NAMES[0], A, 0, at_once=True)
    ask(fetch, 0)
    fetch.progress(A, [NAMES[0]], 10)
    fetch.answered(A, 10)

    assert ask(fetch, 10 + 2 * AGAIN_MS, missing=lambda name: False) == []
    assert fetch.idle
