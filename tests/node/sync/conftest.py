"""Histories made from seeds, replicas of them, and two sides that compare until they are done."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from node.crypto import sha256
from node.mesh.sync.exchange import Exchange, Step
from node.mesh.sync.graph import since
from node.mesh.sync.items import Items, id_of, row


@dataclass
class Replica:
    """A closed part of a history."""

    parents: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    lamports: dict[bytes, int] = field(default_factory=dict)
    items: Items = field(default_factory=Items)
    fresh_max: int = 10_000

    @property
    def heads(self) -> list[bytes]:
        followed = {parent for parents in self.parents.values() for parent in parents}
        return sorted(
            row(self.lamports[each], each) for each in self.parents if each not in followed
        )

    def add(self, identity: bytes, parents: tuple[bytes, ...]) -> None:
        assert all(parent in self.parents for parent in parents)
        self.parents[identity] = parents
        self.lamports[identity] = 1 + max((self.lamports[each] for each in parents), default=-1)
        self.items.add(row(self.lamports[identity], identity))

    def look(self, identity: bytes) -> tuple[int, tuple[bytes, ...]]:
        return self.lamports[identity], self.parents[identity]

    def fresh(self, common) -> list[bytes] | None:
        return since(map(id_of, self.heads), map(id_of, common), self.look, self.fresh_max)

    def write(self, made: random.Random, count: int, width: int = 3) -> None:
        """Append vertices that follow up to `width` heads or, now and then, anything."""
        heads = {id_of(each) for each in self.heads}
        order = list(self.parents)
        for _ in range(count):
            choice = sorted(heads) if made.random() < 0.9 or not order else made.sample(order, 1)
            parents = tuple(sorted(made.sample(choice, min(len(choice), made.randint(1, width)))))
            identity = made.randbytes(32)
            self.add(identity, parents)
            heads = heads - set(parents) | {identity}
            order.append(identity)

    def copy(self) -> "Replica":
        return Replica(dict(self.parents), dict(self.lamports), Items(self.items), self.fresh_max)

    def take(self, other: "Replica", ids: list[bytes]) -> int:
        """Take vertices and whatever they follow; return how many had to be asked for."""
        asked, waiting = 0, list(ids)
        while waiting:
            identity = waiting[-1]
            lacking = [each for each in other.parents[identity] if each not in self.parents]
            if lacking:
                asked += sum(each not in ids for each in lacking)
                waiting += lacking
            else:
                waiting.pop()
                if identity not in self.parents:
                    self.add(identity, other.parents[identity])
        return asked


@dataclass
class Outcome:
    """What a comparison came to, and what it took."""

    first: list[Step]
    second: list[Step]
    messages: list[bytes]
    sides: tuple[Exchange, Exchange]

    def sent(self, steps: list[Step]) -> list[bytes]:
        return [each for step in steps for each in step.missing_there]

    def asked(self, steps: list[Step]) -> list[bytes]:
        return [each for step in steps for each in step.missing_here]


@pytest.fixture
def chance() -> Callable[[int], bytes]:
    return random.Random(7).randbytes


@pytest.fixture
def replica() -> Callable[..., Replica]:
    """Return a replica of a random history."""

    def make(count: int, seed: int = 1, width: int = 3) -> Replica:
        made = Replica()
        made.write(random.Random(seed), count, width)
        return made

    return make


@pytest.fixture
def side(chance):
    """Return one side of a comparison."""

    def make(replica: Replica, initiator: bool, common=()) -> Exchange:
        return Exchange(replica.items, replica.heads, common, chance, initiator, replica.fresh)

    return make


@pytest.fixture
def compare(side):
    """Let two replicas compare, the first of them beginning."""

    def run(first: Replica, second: Replica, common=((), ())) -> Outcome:
        sides = side(first, True, common[0]), side(second, False, common[1])
        outcome = Outcome([], [], [sides[0].start()], sides)
        steps = (outcome.second, outcome.first)
        while True:
            turn = (len(outcome.messages) - 1) % 2
            step = sides[1 - turn].receive(outcome.messages[-1])
            steps[turn].append(step)
            if step.reply is None:
                assert step.done
                break
            outcome.messages.append(step.reply)
        assert steps[0][-1].done
        assert not steps[1] or steps[1][-1].done
        return outcome

    return run


@pytest.fixture
def settle(compare):
    """Let two replicas compare and send each other what they said; return what it took."""

    def run(first: Replica, second: Replica, common=((), ())) -> tuple[Outcome, int]:
        outcome = compare(first, second, common)
        before = second.copy()
        to_second = outcome.sent(outcome.first) + outcome.asked(outcome.second)
        to_first = outcome.sent(outcome.second) + outcome.asked(outcome.first)
        walked = second.take(first, to_second) + first.take(before, to_first)
        return outcome, walked

    return run


@pytest.fixture
def make_rows():
    """Return so many rows of a history in which about three vertices share a lamport."""

    def make(count: int, seed: int = 1) -> list[bytes]:
        made = random.Random(seed)
        return [row(number // 3, made.randbytes(32)) for number in range(count)]

    return make


@pytest.fixture
def name() -> Callable[[int], bytes]:
    return lambda number: sha256(b"id", number.to_bytes(8, "big"))
