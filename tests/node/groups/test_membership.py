"""Who is a member is a function of the set of changes: every order gives the same answer."""

import random

from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.groups.history import check_change
from node.groups.membership import resolve
from node.groups.vertex import Card, Change, Kind, Vertex

CARDS = [Card(bytes([n]) * 2592, bytes(1600)) for n in range(12)]
NAMES = [card.pseudonym for card in CARDS]
KINDS = [Kind.ADD, Kind.REMOVE, Kind.REMOVE, Kind.GRANT, Kind.REVOKE, Kind.LEAVE]


def unsigned(number, past, lamport, author, change):
    """Return a vertex whose signature nobody asks for, and what it has seen."""
    vertex = Vertex(
        parents=tuple(sorted(past)),
        lamport=lamport,
        time=0,
        author=author,
        change=change,
        id=bytes([number]) * 32,
        body=b"",
    )
    return vertex, past


class Graph:
    """Vertices with what each has seen, as sets of ids."""

    def __init__(self):
        self.seen = {}
        self.vertices = {}
        self.add(frozenset(), NAMES[0], Change(kind=Kind.CREATE, cards=tuple(CARDS[:4])))

    def add(self, past, author, change):
        """Put a change that has seen these; return its id."""
        number = len(self.vertices)
        past = frozenset().union(past, *(self.seen[identity] for identity in past))
        lamport = 1 + max((self.vertices[one].lamport for one in past), default=-1)
        vertex, _ = unsigned(number, past, lamport, author, change)
        self.vertices[vertex.id] = vertex
        self.seen[vertex.id] = past
        return vertex.id

    def view(self, ids, shuffle=None):
        """Return the view after these, put in an order that respects what each has seen."""
        left, order = set(ids), []
        while left:
            ready = sorted(one for one in left if not self.seen[one] & left)
            order.append(shuffle.choice(ready) if shuffle else ready[0])
            left.remove(order[-1])
        place = {identity: n for n, identity in enumerate(order)}
        past = [sum(1 << place[one] for one in {*self.seen[i], i}) for i in order]
        return resolve([(n, self.vertices[i]) for n, i in enumerate(order)], past)

    def everything(self):
        return self.view(self.vertices)


@st.composite
def graphs(draw):
    """Draw a graph of changes each of which its author might make, as far as he saw."""
    graph = Graph()
    for _ in range(draw(st.integers(0, 14))):
        ids = sorted(graph.vertices)
        heads = draw(st.sets(st.sampled_from(ids[-5:]), min_size=1, max_size=3))
        past = frozenset().union(heads, *(graph.seen[one] for one in heads))
        view = graph.view(past)
        author = draw(st.sampled_from(NAMES[:8]))
        kind = draw(st.sampled_from(KINDS))
        subject = draw(st.sampled_from(NAMES))
        change = Change(
            kind=kind,
            cards=(CARDS[NAMES.index(subject)],) if kind == Kind.ADD else (),
            subjects=(subject,) if kind in (Kind.REMOVE, Kind.GRANT, Kind.REVOKE) else (),
        )
        try:
            check_change(change, author, view)
        except Refused:
            continue
        graph.add(past, author, change)
    return graph


@given(graphs(), st.randoms(use_true_random=False))
def test_every_order_gives_the_same_members(graph, shuffle):
    first = graph.everything()

    for _ in range(3):
        again = graph.view(graph.vertices, shuffle)
        assert (again.members, again.admins, dict(again.ever)) == (
            first.members,
            first.admins,
            dict(first.ever),
        )


@given(graphs())
def test_members_have_an_admin_and_admins_are_members(graph):
    view = graph.everything()

    assert view.admins <= view.members <= view.ever.keys()
    assert bool(view.admins) == bool(view.members)


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 7), st.integers(0, 11))))
def test_without_concurrency_changes_apply_one_after_the_other(changes):
    graph = Graph()
    members, admins = set(NAMES[:4]), {NAMES[0]}
    ever = list(NAMES[:4])
    for kind, by, on in changes[:30]:
        author, subject = NAMES[by], NAMES[on]
        view = graph.everything()
        change = Change(
            kind=kind,
            cards=(CARDS[on],) if kind == Kind.ADD else (),
            subjects=(subject,) if kind in (Kind.REMOVE, Kind.GRANT, Kind.REVOKE) else (),
        )
        try:
            check_change(change, author, view)
        except Refused:
            continue
        graph.add(frozenset(graph.vertices), author, change)
        if kind == Kind.ADD:
            members.add(subject)
            ever.append(subject)
        if kind == Kind.REMOVE:
            members.discard(subject)
        if kind == Kind.LEAVE:
            members.discard(author)
        if kind == Kind.GRANT:
            admins.add(subject)
        if kind == Kind.REVOKE:
            admins.discard(subject)
        admins &= members

        view = graph.everything()
        assert view.members == members
        assert view.admins == (admins or view.admins)
        assert admins or not members or len(view.admins) == 1


def two_admins():
    """Return a graph in which 0 and 1 are admins, and the ids all have seen."""
    graph = Graph()
    graph.add(set(graph.vertices), NAMES[0], Change(kind=Kind.GRANT, subjects=(NAMES[1],)))
    return graph, frozenset(graph.vertices)


def removal(name):
    return Change(kind=Kind.REMOVE, subjects=(name,))


def test_of_two_who_remove_each_other_the_senior_stays():
    graph, common = two_admins()
    graph.add(common, NAMES[1], removal(NAMES[0]))
    graph.add(common, NAMES[0], removal(NAMES[1]))

    assert graph.everything().members == {NAMES[0], *NAMES[2:4]}


def test_of_three_in_a_ring_the_most_senior_word_is_final():
    graph, common = two_admins()
    third = graph.add(common, NAMES[0], Change(kind=Kind.GRANT, subjects=(NAMES[2],)))
    ranked = graph.everything().by_seniority()
    a, b, c = [name for name in ranked if name in graph.everything().admins]
    common = frozenset({*common, third})
    graph.add(common, a, removal(b))
    graph.add(common, b, removal(c))
    graph.add(common, c, removal(a))

    members = graph.everything().members
    assert members == {c, NAMES[3]}


def test_one_removed_adds_nobody_meanwhile():
    graph, common = two_admins()
    graph.add(common, NAMES[0], removal(NAMES[1]))
    added = graph.add(common, NAMES[1], Change(kind=Kind.ADD, cards=(CARDS[5],)))
    graph.add({added}, NAMES[5], Change(kind=Kind.LEAVE))

    assert graph.everything().members == {NAMES[0], *NAMES[2:4]}
    assert graph.view({*common, added}).members == set(NAMES[:4]) | {NAMES[5]}


def test_who_was_added_by_one_removed_adds_nobody_either():
    graph, common = two_admins()
    added = graph.add(common, NAMES[1], Change(kind=Kind.ADD, cards=(CARDS[5],)))
    granted = graph.add({added}, NAMES[1], Change(kind=Kind.GRANT, subjects=(NAMES[5],)))
    graph.add({granted}, NAMES[5], Change(kind=Kind.ADD, cards=(CARDS[6],)))
    graph.add(common, NAMES[0], removal(NAMES[1]))

    assert graph.everything().members == {NAMES[0], *NAMES[2:4]}


def test_an_add_at_the_same_time_brings_nobody_back():
    graph, common = two_admins()
    first = graph.add(common, NAMES[0], Change(kind=Kind.ADD, cards=(CARDS[5],)))
    graph.add({first}, NAMES[0], removal(NAMES[5]))
    graph.add(common, NAMES[1], Change(kind=Kind.ADD, cards=(CARDS[5],)))

    assert NAMES[5] not in graph.everything().members


def test_an_add_by_two_counts_if_either_does():
    graph, common = two_admins()
    graph.add(common, NAMES[0], removal(NAMES[1]))
    graph.add(common, NAMES[0], Change(kind=Kind.ADD, cards=(CARDS[5],)))
    graph.add(common, NAMES[1], Change(kind=Kind.ADD, cards=(CARDS[5],)))

    assert NAMES[5] in graph.everything().members


def test_a_revocation_wins_over_a_grant_that_had_not_seen_it():
    graph, common = two_admins()
    revoked = graph.add(common, NAMES[0], Change(kind=Kind.REVOKE, subjects=(NAMES[1],)))
    assert graph.everything().admins == {NAMES[0]}
    graph.add({revoked}, NAMES[0], Change(kind=Kind.GRANT, subjects=(NAMES[1],)))
    assert graph.everything().admins == {NAMES[0], NAMES[1]}
    graph.add(common, NAMES[0], Change(kind=Kind.REVOKE, subjects=(NAMES[1],)))
    assert graph.everything().admins == {NAMES[0]}


def test_what_an_admin_did_while_he_was_revoked_is_void_but_not_what_came_before():
    graph, common = two_admins()
    before = graph.add(common, NAMES[1], Change(kind=Kind.ADD, cards=(CARDS[5],)))
    graph.add({before}, NAMES[0], Change(kind=Kind.REVOKE, subjects=(NAMES[1],)))
    graph.add({before}, NAMES[1], Change(kind=Kind.ADD, cards=(CARDS[6],)))

    assert graph.everything().members == {*NAMES[:4], NAMES[5]}


def test_the_last_admin_leaves_the_group_to_the_most_senior():
    graph = Graph()
    order = graph.everything().by_seniority()
    graph.add(set(graph.vertices), NAMES[0], Change(kind=Kind.LEAVE))

    assert order[0] == NAMES[0]
    assert graph.everything().admins == {order[1]}


def test_seniority_is_the_order_of_the_graph():
    graph = Graph()
    members = random.Random(1).sample(CARDS[4:], 3)
    for card in members:
        graph.add(set(graph.vertices), NAMES[0], Change(kind=Kind.ADD, cards=(card,)))

    assert graph.everything().by_seniority()[4:] == [card.pseudonym for card in members]
