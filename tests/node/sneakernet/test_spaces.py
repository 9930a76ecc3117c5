"""Two nodes that never meet, and a stick: whole meshes, real vertices, real signatures."""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from node.codec import Refused
from node.crypto import SigningKey, sha256
from node.mesh import bundle_content
from node.mesh.bundle import TRAILER, UNIT, Recipients
from node.mesh.bundle_content import take_in
from node.mesh.bundle_spaces import export_space, import_space
from node.mesh.mesh import Mesh
from node.mesh.space import carrier_of

SECRET = sha256(b"a space")
CARRIER = carrier_of(SECRET)


@dataclass
class Node:
    """A node with its disk; a carrier has no author."""

    name: bytes
    memory: Any
    table: Any
    member: bool = True
    snapshots: list[bytes] = field(default_factory=list)
    now: int = 1_000_000

    def __post_init__(self) -> None:
        self.chance = random.Random(self.name).randbytes
        self.signer = SigningKey.from_seed(sha256(b"author", self.name))
        self.start()

    def start(self) -> None:
        """Begin anew with what the disk has."""
        self.mesh = Mesh(sha256(self.name), self.table, self.chance)
        seed = sha256(b"author", self.name)
        self.topic = self.mesh.join(SECRET, seed) if self.member else self.mesh.carry(CARRIER)

    def write(self, count: int) -> None:
        for number in range(count):
            self.mesh.append(self.topic, b"%s %d" % (self.name, number), self.now)

    def take_out(self, answers=(), snapshots=(), size_max=None) -> list[bytes]:
        exported = export_space(
            *(self.mesh, self.table, self.topic, Recipients(space_keys=[CARRIER])),
            *(self.signer, self.chance),
            answers=answers,
            snapshots=snapshots,
            size_max=size_max,
        )
        return [b"".join(part) for part in exported.parts]

    def take_in(self, data: bytes, topics=None) -> "Done":
        topics = {CARRIER: self.topic} if topics is None else topics
        imported = take_in(self.memory(data), self.table, topics)
        done = Done(imported.exporter)
        for batch, added in import_space(self.mesh, imported, lambda: self.now):
            self.snapshots += batch.snapshots
            done.new += len(added.ids)
            done.refused += added.refused
            done.orphans += added.orphans
        return done


@dataclass
class Done:
    """What became of a bundle."""

    exporter: bytes
    new: int = 0
    refused: int = 0
    orphans: int = 0


@pytest.fixture
def node(memory, table):
    def make(name: bytes, member: bool = True) -> Node:
        return Node(name, memory, type(table)(), member)

    return make


def test_there_and_back(node) -> None:
    first, second = node(b"first"), node(b"second")
    first.write(12)
    second.write(9)
    [there] = first.take_out(snapshots=[b"state"])
    imported = second.take_in(there)
    [back] = second.take_out([imported.exporter])
    answered = first.take_in(back)

    assert (imported.new, imported.refused, imported.orphans) == (12, 0, 0)
    assert second.snapshots == [b"state"]
    assert (answered.new, answered.orphans) == (9, 0)
    assert first.mesh.state_hash(first.topic) == second.mesh.state_hash(second.topic)
    assert first.mesh.payload(first.topic, list(first.mesh.order(first.topic))[-1])


def test_only_what_is_new_goes_back_and_forth(node) -> None:
    first, second = node(b"first"), node(b"second")
    first.write(40)
    second.take_in(first.take_out()[0])
    second.write(5)
    teller = second.take_in(first.take_out()[0]).exporter
    [back] = second.take_out([teller])
    teller = first.take_in(back).exporter
    first.write(3)
    [again] = first.take_out([teller])

    assert first.take_in(back).new == 0
    assert second.take_in(again).new == 3
    assert len(back) == len(again) == UNIT  # where all is 256 KiB and more
    assert first.mesh.state_hash(first.topic) == second.mesh.state_hash(second.topic)


def test_a_courier_who_carries_brings_it_on(node) -> None:
    """He cannot read, and hands on what he was given, by a bundle of his own."""
    first, courier, second = node(b"first"), node(b"courier", member=False), node(b"second")
    first.write(6)
    courier.take_in(first.take_out()[0])
    imported = second.take_in(courier.take_out()[0])

    names = list(courier.mesh.order(courier.topic))
    with pytest.raises(LookupError, match="member"):
        courier.mesh.payload(courier.topic, names[0])
    assert imported.new == 6
    assert second.mesh.payload(second.topic, names[0]) == b"first 0"


def test_taken_in_twice_and_late_it_changes_nothing(node) -> None:
    first, second = node(b"first"), node(b"second")
    first.write(4)
    [old] = first.take_out()
    first.write(4)
    second.take_in(first.take_out()[0])
    state = second.mesh.state_hash(second.topic)

    for _ in range(2):
        assert second.take_in(old).new == 0
    assert second.mesh.state_hash(second.topic) == state


def test_a_later_part_waits_for_the_earlier(node) -> None:
    first, second = node(b"first"), node(b"second")
    first.write(25)
    parts = first.take_out(size_max=UNIT)
    early = second.take_in(parts[1])
    remembered = bundle_content.told(second.table, second.topic)
    second.start()  # what waited for its parents was not on the disk
    whole = [second.take_in(part) for part in parts]

    assert len(parts) > 2
    assert early.orphans
    assert remembered == {}
    assert not any(each.orphans for each in whole)
    assert first.mesh.state_hash(first.topic) == second.mesh.state_hash(second.topic)


@pytest.mark.parametrize("commits", range(1, 9))
def test_it_goes_on_where_the_power_went(node, monkeypatch, commits: int) -> None:
    """Whatever was on the disk by then; in the end it is as if nothing had happened."""
    monkeypatch.setattr(bundle_content, "BATCH_RECORDS", 3)
    first, second = node(b"first"), node(b"second")
    first.write(14)
    [data] = first.take_out()
    true, left = second.table.commit, [commits]

    def commit(changes) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError("the power is gone")
        true(changes)

    second.table.commit = commit
    with pytest.raises(OSError, match="power"):
        second.take_in(data)
    second.table.commit = true
    second.start()
    second.take_in(data)

    assert first.mesh.state_hash(first.topic) == second.mesh.state_hash(second.topic)


def test_a_bundle_that_is_wrong_changes_nothing(node) -> None:
    first, second = node(b"first"), node(b"second")
    first.write(4)
    [data] = first.take_out()
    state, rows = second.mesh.state_hash(second.topic), dict(second.table.rows)
    damaged = bytearray(data)
    damaged[-TRAILER - 1] ^= 1  # in the padding

    for wrong in (bytes(damaged), data[: UNIT // 2], bytes(UNIT)):
        with pytest.raises(Refused):
            second.take_in(wrong)
    with pytest.raises(Refused, match="somebody else"):
        second.take_in(data, {sha256(b"another"): second.topic})
    assert second.mesh.state_hash(second.topic) == state
    assert second.table.rows == rows


def test_a_space_that_is_not_carried_is_refused(node, memory, table) -> None:
    first = node(b"first")
    first.write(1)
    stranger = Mesh(bytes(32), table, random.Random(1).randbytes)
    imported = take_in(memory(first.take_out()[0]), table, {CARRIER: first.topic})

    with pytest.raises(Refused, match="not carried"):
        list(import_space(stranger, imported, lambda: 0))
    assert table.rows == {}


def test_who_left_midway_begins_anew(node, monkeypatch) -> None:
    """The position that was kept is of a history that is gone."""
    monkeypatch.setattr(bundle_content, "BATCH_RECORDS", 3)
    first, second = node(b"first"), node(b"second")
    first.write(14)
    [data] = first.take_out()
    imported = take_in(second.memory(data), second.table, {CARRIER: second.topic})
    next(steps := import_space(second.mesh, imported, lambda: 0))
    steps.close()
    second.mesh.leave(second.topic)
    second.start()
    resumed = second.take_in(data)
    second.take_in(data)

    assert resumed.orphans
    assert first.mesh.state_hash(first.topic) == second.mesh.state_hash(second.topic)


def test_vertices_that_are_forged_are_refused_one_by_one(node) -> None:
    """A member exports what nobody signed among what was; the rest is taken."""
    first, second = node(b"first"), node(b"second")
    first.write(3)
    true = [first.mesh.vertex(first.topic, each) for each in first.mesh.order(first.topic)]
    forged = true[2].encode()[:-1] + bytes([true[2].encode()[-1] ^ 1])
    about = bundle_content.About(topic=first.topic)
    records = [true[0].encode(), b"no vertex", true[1].encode(), forged]
    recipients = Recipients(space_keys=[CARRIER])
    parts = bundle_content.export(about, records, [], recipients, first.signer, first.chance)
    imported = second.take_in(b"".join(next(parts)))

    assert (imported.new, imported.refused, imported.orphans) == (2, 2, 0)
