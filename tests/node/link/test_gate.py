"""Under load: cookies, then puzzles, then no answer; and nothing kept of who is turned away."""

import random

import pytest

from node.codec import Refused
from node.link import Closed, Gate, gate, hello
from node.link.gate import ANSWERS_AT_ONCE, ANSWERS_PER_SECOND, HALF_OPEN_MAX, SEEN_MAX
from node.link.hello import Hello, solve

NOW = 10**7
PUBLIC = bytes(1_600)


@pytest.fixture
def wires():
    """Return a source of hellos as they would look on the wire, each with another mark."""
    chance = random.Random(0)
    return iter(lambda: chance.randbytes(64), b"")


@pytest.fixture
def busy():
    """Return a function that makes a gate on which so many callers have used up the credit."""

    def make(callers: int) -> Gate:
        made = Gate(random.Random(1).randbytes)
        made.demand(NOW)
        for number in range(callers):
            made._credit -= 1_000
            made._seen[number.to_bytes(32)] = None
        return made

    return make


@pytest.mark.parametrize(
    ("callers", "bits"),
    [(0, None), (63, None), (64, 0), (95, 0), (96, 12), (127, 12), (128, 16), (200, 16)],
)
def test_what_is_asked_rises_with_load(busy, callers: int, bits: int | None) -> None:
    assert busy(callers).demand(NOW) == bits


def test_credit_comes_back_with_time(busy) -> None:
    made = busy(128)
    assert made.demand(NOW) == 16
    assert made.demand(NOW + 1_000) == 0
    assert made.demand(NOW + 1_000) == 0
    assert made.demand(NOW + 2_000) is None
    made.demand(NOW + 10**9)
    assert made._credit == ANSWERS_AT_ONCE * 1_000
    assert ANSWERS_PER_SECOND == 64


def test_a_clock_that_stands_or_runs_back_earns_nothing(busy) -> None:
    made = busy(128)
    for now in (NOW, NOW - 10**6, NOW - 10**6):
        assert made.demand(now) == 16


@pytest.mark.parametrize(("callers", "bits"), [(64, 0), (96, 12), (128, 16)])
def test_who_brings_what_was_asked_is_let_in(busy, wires, callers: int, bits: int) -> None:
    made = busy(callers)
    cookie, asked = made.admit(Hello(public=PUBLIC), next(wires), b"src", NOW)
    assert asked == bits
    assert made.half_open == 0

    paid = Hello(public=PUBLIC, cookie=cookie, solution=solve(cookie, asked))
    assert made.admit(paid, next(wires), b"src", NOW + 50_000) is None
    assert made.half_open == 1


def test_a_cookie_is_bound_to_source_key_and_time(busy, wires) -> None:
    made = busy(64)
    cookie, _ = made.admit(Hello(public=PUBLIC), next(wires), b"src", NOW)
    for fields, source, now in (
        (Hello(public=PUBLIC, cookie=cookie), b"other", NOW),
        (Hello(public=b"\1" + PUBLIC[1:], cookie=cookie), b"src", NOW),
        (Hello(public=PUBLIC, cookie=b"c" * 16), b"src", NOW),
    ):
        with pytest.raises(Refused, match="wrong cookie"):
            made.admit(fields, next(wires), source, now)
    late = busy(64)
    late._credit = 40_000
    late._at = NOW + 121_000
    with pytest.raises(Refused, match="wrong cookie"):
        late.admit(Hello(public=PUBLIC, cookie=cookie), next(wires), b"src", NOW + 121_000)


def test_a_cookie_of_another_node_is_wrong(busy, wires) -> None:
    one, other = busy(64), Gate(random.Random(2).randbytes)
    other.demand(NOW)
    other._credit = 40_000
    cookie, _ = one.admit(Hello(public=PUBLIC), next(wires), b"src", NOW)
    with pytest.raises(Refused, match="wrong cookie"):
        other.admit(Hello(public=PUBLIC, cookie=cookie), next(wires), b"src", NOW)


def test_a_cookie_of_easier_times_is_not_enough(busy, wires) -> None:
    made = busy(64)
    cookie, _ = made.admit(Hello(public=PUBLIC), next(wires), b"src", NOW)
    made._credit = 10_000
    with pytest.raises(Refused, match="wrong cookie"):
        made.admit(Hello(public=PUBLIC, cookie=cookie), next(wires), b"src", NOW)


def test_a_cookie_of_harder_times_still_counts(busy, wires) -> None:
    made = busy(96)
    cookie, bits = made.admit(Hello(public=PUBLIC), next(wires), b"src", NOW)
    made._credit = 50_000
    paid = Hello(public=PUBLIC, cookie=cookie, solution=solve(cookie, bits))

    assert made.admit(paid, next(wires), b"src", NOW) is None


def test_an_unsolved_puzzle_is_refused(busy, wires) -> None:
    made = busy(96)
    cookie, bits = made.admit(Hello(public=PUBLIC), next(wires), b"src", NOW)
    wrong = next(n for n in range(1, 100) if not hello.is_solved(cookie, bits, n))
    with pytest.raises(Refused, match="puzzle not solved"):
        made.admit(Hello(public=PUBLIC, cookie=cookie, solution=wrong), next(wires), b"src", NOW)
    assert made.half_open == 0


def test_in_the_end_nobody_is_answered(busy, wires) -> None:
    made = busy(128 + 32)
    cookie, bits = made.admit(Hello(public=PUBLIC), next(wires), b"src", NOW)
    paid = Hello(public=PUBLIC, cookie=cookie, solution=solve(cookie, bits))
    with pytest.raises(Refused, match="too many callers"):
        made.admit(paid, next(wires), b"src", NOW)
    assert made.admit(paid, next(wires), b"src", NOW + 500) is None


def test_half_open_links_are_bounded(wires) -> None:
    made = Gate(random.Random(3).randbytes)
    now = NOW
    for _ in range(HALF_OPEN_MAX):
        now += 1_000
        assert made.admit(Hello(public=PUBLIC), next(wires), b"src", now) is None
    with pytest.raises(Refused, match="too many callers"):
        made.admit(Hello(public=PUBLIC), next(wires), b"src", now + 1_000)
    made.leave()
    assert made.admit(Hello(public=PUBLIC), next(wires), b"src", now + 1_000) is None


def test_who_is_turned_away_leaves_nothing(busy) -> None:
    made = busy(100)
    seen, chance = dict(made._seen), random.Random(4)
    for _ in range(1_000):
        made.admit(Hello(public=PUBLIC), chance.randbytes(64), chance.randbytes(4), NOW)

    assert made._seen == seen
    assert made.half_open == 0


def test_the_memory_of_hellos_is_bounded(wires) -> None:
    made = Gate(random.Random(3).randbytes)
    first = next(wires)
    now = NOW
    for wire in [first, *(next(wires) for _ in range(SEEN_MAX))]:
        now += 1_000
        made.admit(Hello(public=PUBLIC), wire, b"src", now)
        made.leave()

    assert len(made._seen) == SEEN_MAX
    assert made.admit(Hello(public=PUBLIC), first, b"src", now + 1_000) is None


# --- Through a link -------------------------------------------------------------------------


@pytest.mark.parametrize("credit", [50, 20, 0])
def test_a_caller_pays_without_noticing(world, credit: int) -> None:
    world.gate.demand(world.now)
    world.gate._credit = credit * 1_000
    alice, bob = world.call(), world.answer()
    world.shake(alice, bob)

    assert alice.peer_id == world.bob.peer_id
    assert [len(data) for _, data in world.recorded] == [1_704, 45, 1_704, 8_835, 7_235]


def test_a_resuming_caller_pays_too(world) -> None:
    ticket = world.ticket()
    world.gate.demand(world.now)
    world.gate._credit = 20_000
    world.linked(ticket=ticket)


def test_a_caller_who_does_not_pay_is_left(world) -> None:
    """One retry for each pipe: whoever repeats its first hello is refused."""
    world.gate.demand(world.now)
    world.gate._credit = 20_000
    bob = world.answer()
    assert bob.receive(world.call().outgoing(), world.now) == []
    assert len(bob.outgoing()) == hello.RETRY
    assert bob.receive(world.call().outgoing(), world.now) == [Closed("link: no cookie")]
    assert world.gate.half_open == 0


def test_a_flood_costs_its_sender(world) -> None:
    """Of hellos without cookies from anywhere, after the first few none makes Bob sign."""
    answered = 0
    for number in range(300):
        bob = world.answer(source=number.to_bytes(4))
        bob.receive(world.call().outgoing(), world.now)
        answered += len(bob.outgoing()) > hello.RETRY

    assert answered == ANSWERS_AT_ONCE - gate.LEVELS[0][0]
