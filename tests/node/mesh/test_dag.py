"""The laws of a history: any order of delivery, with duplicates, gives the same one."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.crypto import SigningKey, sha3_256
from node.mesh import dag as dag_module
from node.mesh.dag import FORK_MS, FORKS_FREE, Dag, TooManyForksError
from node.mesh.intake import Intake, Outcome
from node.mesh.settings import Equivocation
from node.mesh.staged import Staged
from node.mesh.vertex import PARENTS_MAX, Vertex, make_vertex

KEYS = [SigningKey.from_seed(bytes([number + 1]) * 32) for number in range(4)]
AUTHORS = [sha3_256(key.public) for key in KEYS]


class Maker:
    """Makes a history of many branches, as several authors who see only a part of it would."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.vertices: list[Vertex] = []
        self.last: dict[int, Vertex] = {}

    def write(self, author: int, parents=None) -> Vertex:
        own = self.last.get(author)
        if parents is None:
            count = min(len(self.vertices), self.chance.randrange(3))
            parents = self.chance.sample(self.vertices[-6:], min(count, len(self.vertices[-6:])))
            parents = [*parents, own] if own else parents
        parents = list({parent.id: parent for parent in parents}.values())
        vertex = make_vertex(
            KEYS[author],
            tuple(parent.id for parent in parents),
            1 + max((parent.lamport for parent in parents), default=-1),
            self.chance.randbytes(8),
            first=all(parent.author != AUTHORS[author] for parent in parents),
        )
        self.vertices.append(vertex)
        self.last[author] = vertex
        return vertex

    def history(self, count: int) -> list[Vertex]:
        for _ in range(count):
            self.write(self.chance.randrange(len(KEYS)))
        return self.vertices


@pytest.fixture
def dag(disk, remembered):
    return Dag(Staged(disk()), 1, remembered)


def take_all(space, vertices):
    intake = Intake()
    for vertex in vertices:
        intake.take(space, vertex, b"p" * 32, 0, eager=True)
    return intake


def as_told(space):
    return list(space.dag.order()), sorted(space.dag.heads), space.dag.state_hash


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_order_with_duplicates_gives_one_history(carried, data):
    vertices = Maker(data.draw(st.integers(0, 50))).history(25)
    expected = carried()
    take_all(expected, vertices)
    shuffled = data.draw(st.permutations([*vertices, *vertices[::3]]))
    space = carried()
    intake = take_all(space, shuffled)

    assert as_told(space) == as_told(expected)
    assert not intake.orphans
    assert set(space.dag.order()) == {vertex.id for vertex in vertices}
    arrived = [each.id for each in space.fresh]
    for vertex in vertices:
        assert all(arrived.index(p) < arrived.index(vertex.id) for p in vertex.parents)


def test_what_is_lost_leaves_the_rest_waiting(carried):
    vertices = Maker(3).history(25)
    lost = vertices[5]
    space = carried()
    intake = take_all(space, [each for each in vertices if each is not lost])

    assert lost.id not in set(space.dag.order())
    assert len(space.dag) + len(intake.orphans) == 24
    assert intake.take(space, lost, b"p" * 32, 0, eager=True) is Outcome.TAKEN
    assert len(space.dag) == 25


def test_the_frontier_follows_the_worked_example(dag):
    """Heads {A,B,C}; D on A and B gives {C,D}; E on C and D gives {E}."""
    maker = Maker(1)
    a, b, c = (maker.write(author, []) for author in range(3))
    d = maker.write(0, [a, b])
    e = maker.write(2, [c, d])
    seen = []
    for vertex in (a, b, c, d, e):
        dag.take(vertex, 0)
        seen.append(set(dag.heads))

    assert seen[2:] == [{a.id, b.id, c.id}, {c.id, d.id}, {e.id}]


def test_the_order_is_by_lamport_then_id(dag):
    for vertex in Maker(2).history(30):
        dag.take(vertex, 0)
    order = [dag.vertex(name) for name in dag.order()]

    assert order == sorted(order, key=lambda vertex: (vertex.lamport, vertex.id))


def test_a_restart_finds_all_of_it(disk, remembered):
    store = disk()
    table = Staged(store)
    dag = Dag(table, 1, remembered)
    for vertex in Maker(4).history(40):
        dag.take(vertex, 0)
    before = (list(dag.order()), dag.heads, dag.state_hash, dag.size, dag.number)
    table.commit()
    again = Dag(Staged(store), 1, remembered)

    assert (list(again.order()), again.heads, again.state_hash, again.size, again.number) == before
    assert list(Dag(Staged(store), 2, remembered).order()) == []


def bad(maker, **changes):
    """Return a vertex that is signed over whatever it says."""
    parents = changes.get("parents", (maker.last[0],))
    return make_vertex(
        changes.get("key", KEYS[0]),
        tuple(parent.id for parent in parents),
        changes.get("lamport", 1 + max(parent.lamport for parent in parents)),
        b"x",
        first=changes.get("first", False),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lamport": 1}, "wrong lamport"),
        ({"lamport": 3}, "wrong lamport"),
        ({"first": True}, "key missing, or where none belongs"),
        ({"key": KEYS[3]}, "key missing, or where none belongs"),
    ],
)
def test_a_vertex_out_of_its_place_is_refused(dag, changes, reason):
    maker = Maker(1)
    for _ in range(2):
        dag.take(maker.write(0, [maker.last[0]] if maker.last else []), 0)
    before = dag.state_hash
    with pytest.raises(Refused, match=reason):
        dag.take(bad(maker, **changes), 0)

    assert dag.state_hash == before


def test_a_signature_of_another_is_refused(dag):
    maker = Maker(1)
    one, other = maker.write(0, []), maker.write(0, [])
    forged = Vertex(content=one.content, id=one.id, signature=other.signature, key=one.key)
    with pytest.raises(Refused, match="bad signature"):
        dag.take(forged, 0)

    assert not dag.heads


def test_both_sides_of_a_fork_stay_and_are_told(carried):
    maker = Maker(1)
    root = maker.write(0, [])
    one, other = maker.write(0, [root]), maker.write(0, [root])
    for first, second in ((one, other), (other, one)):
        space = carried()
        intake = Intake()
        for vertex in (root, first, second):
            intake.take(space, vertex, b"p" * 32, 0, eager=True)
        assert set(space.dag.heads) == {one.id, other.id}
        assert intake.forks.pop() == Equivocation(space.topic, AUTHORS[0], first.id, second.id)
        assert not intake.forks
        # A vertex on both sides ends it: that is no fork.
        intake.take(space, maker.write(0, [one, other]), b"p" * 32, 0, eager=True)
        assert not intake.forks


def test_two_firsts_of_one_author_are_a_fork(dag):
    maker = Maker(1)
    one, other = maker.write(0, []), maker.write(0, [])

    assert dag.take(one, 0).fork is None
    assert dag.take(other, 0).fork == one.id


def test_an_author_of_many_forks_is_slowed_down_and_never_lost(dag):
    maker = Maker(1)
    root = maker.write(0, [])
    forks = [maker.write(0, [root]) for _ in range(FORKS_FREE + 4)]
    dag.take(root, 0)
    for vertex in forks[: FORKS_FREE + 2]:
        dag.take(vertex, 0)
    with pytest.raises(TooManyForksError):
        dag.take(forks[FORKS_FREE + 2], FORK_MS - 1)

    # What others have built upon is not held back.
    dag.take(forks[FORKS_FREE + 2], FORK_MS - 1, needed=True)
    dag.take(forks[FORKS_FREE + 3], FORK_MS)
    assert len(dag) == FORKS_FREE + 5


def test_more_heads_than_a_vertex_can_name_are_merged_first(disk, remembered):
    store = disk()
    table = Staged(store)
    dag = Dag(table, 1, remembered)
    maker = Maker(1)
    root = maker.write(0, [])
    dag.take(root, 0)
    for _ in range(3 * PARENTS_MAX):
        dag.take(maker.write(0, [root]), 0, needed=True)
    written = 0
    while dag.spare_heads(KEYS[1]):
        vertex, _ = dag.append(KEYS[1], b"", 0)
        assert len(vertex.parents) == PARENTS_MAX
        written += 1
    vertex, _ = dag.append(KEYS[1], b"", 0)

    assert written == 3
    assert list(dag.heads) == [vertex.id]


def test_what_is_written_is_taken_by_others(dag, disk, remembered):
    other = Dag(Staged(disk()), 1, remembered)
    for turn in range(20):
        vertex, encoded = dag.append(KEYS[turn % 3], b"%d" % turn, 0)
        assert other.take(vertex, 0).fork is None
        assert other.encoded(vertex.id) == encoded

    assert other.state_hash == dag.state_hash


def test_memory_of_places_is_bounded(dag, monkeypatch):
    monkeypatch.setattr(dag_module, "NEAR_MAX", 4)
    monkeypatch.setattr(dag_module, "AUTHORS_NEAR_MAX", 1)
    vertices = Maker(8).history(40)
    for vertex in vertices:
        dag.take(vertex, 0)

    assert len(dag._near) == 4
    assert len(dag._authors) == 1
    assert all(dag.place(vertex.id).lamport == vertex.lamport for vertex in vertices)


def test_pruning_keeps_places_heads_and_the_hash(disk, remembered):
    table = Staged(disk())
    dag = Dag(table, 1, remembered)
    vertices = Maker(6).history(40)
    for vertex in vertices:
        dag.take(vertex, 0)
    table.commit()
    before = (list(dag.order()), dag.state_hash)
    size = dag.size
    freed = dag.prune(dag.arrivals(before=dag.number), 50_000)
    table.commit()

    assert 50_000 <= freed < 70_000
    assert dag.size == size - freed
    assert (list(dag.order()), dag.state_hash) == before
    assert dag.vertex(vertices[0].id) is None
    assert dag.take(make_vertex(KEYS[3], (vertices[0].id,), 1, b"late", first=True), 0)
    # However much is asked for, heads stay.
    dag.prune(dag.arrivals(before=dag.number), 1 << 40)
    table.commit()
    assert all(dag.vertex(head) is not None for head in dag.heads)
    assert dag.arrivals(before=dag.number) == sorted(
        dag.heads, key=lambda head: dag.place(head).number
    )
