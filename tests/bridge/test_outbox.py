"""Transactions on their way: re-organisations, stuck ones, crashes; a nonce is used once."""

import json

import pytest

from session_bridge.chain_client import ChainClient, hexed
from session_bridge.errors import NodeError
from session_bridge.outbox import STUCK_SECONDS

GWEI = 10**9


def passes(made, count: int = 1) -> None:
    for _ in range(count):
        made.once()


def finish(made, world) -> None:
    """Make passes until nothing is on its way."""
    for _ in range(12):
        made.once()
        world.mine()
    assert not made.journal.ledger.slots, "\n".join(made.said)


def test_what_a_reorganisation_took_back_is_sent_again(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(3)), sources.epoch(2)))
    made.once()
    before = world.snapshot()
    tell(*(sources.epoch(number) for number in (1, 2, 3)))
    tell(sources.epoch(1, range(3)), sources.epoch(2), sources.epoch(3))
    made.once()
    made.once()
    assert world.ask("anchor", "lastEpoch") == 3
    world.revert(before)
    world.mine(2)  # other blocks in their place
    assert world.ask("anchor", "lastEpoch") == 2

    finish(made, world)

    assert made.standing.reorganisations >= 1
    assert world.ask("anchor", "lastEpoch") == 3
    assert made.journal.ledger.tally.succeeded == 3
    assert any("was in a block that is no more" in line for line in made.said)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_an_event_counts_only_when_it_is_final(world, bridges, tell, sources, count) -> None:
    """With more than two events even blocks that the node called final are no more."""
    told = [sources.event(each, world.listener) for each in range(count)]
    made = bridges(tell(sources.epoch(1, [1], told)))
    passes(made, 2)
    before = world.snapshot()
    passes(made, 2)
    assert world.heard() == count
    assert made.journal.ledger.cursors.get("events", 0) == count - 2
    world.revert(before)
    world.mine()
    assert world.heard() == 0

    finish(made, world)

    assert world.heard() == count
    assert world.ask("relay", "nextNumber") == count
    made.once()
    assert made.journal.ledger.cursors["events"] == count


def test_after_a_reorganisation_another_relayer_may_have_been_first(
    world, bridges, tell, sources
) -> None:
    path = tell(sources.epoch(1, range(3)))
    one, other = bridges(path, account=5), bridges(path, account=6)
    before = world.snapshot()
    one.once()
    world.revert(before)
    other.once()
    one.once()

    assert any("is not sent again: anchor: not the next epoch" in line for line in one.said)
    (slot,) = one.journal.ledger.slots.values()
    assert slot.void

    # The nonce is of use for the next one.
    tell(sources.epoch(1, range(3)), sources.epoch(2))
    one.once()
    finish(one, world)
    assert one.journal.ledger.tally.succeeded == 1
    assert one.journal.ledger.tally.failed == 0
    assert world.ask("anchor", "lastEpoch") == 2


def test_a_void_nonce_that_later_ones_wait_for_is_used_up(world, bridges, tell, sources) -> None:
    first, second = sources.epoch(1, range(3)), sources.epoch(2)
    one = bridges(tell(first, second), account=5)
    world.automine(False)
    assert one.once() == 2
    # The node forgets both, and another relayer is first with the first.
    for slot in one.journal.ledger.slots.values():
        world.client.ask("anvil_dropTransaction", hexed(slot.attempts[-1].hash))
    world.automine(True)
    bridges(tell(first), account=6).once()
    tell(first, second)

    one.once()
    finish(one, world)

    assert "cancel: nonce 0 is used up: later ones wait for it" in one.said
    assert one.journal.ledger.tally.succeeded == 2
    assert world.ask("anchor", "lastEpoch") == 2


def test_one_that_no_block_takes_is_offered_for_more(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(3))))
    world.automine(False)
    made.once()
    (slot,) = made.journal.ledger.slots.values()
    first = slot.attempts[0]
    made.once()
    assert len(slot.attempts) == 1

    made.clock.now += STUCK_SECONDS
    made.once()

    (slot,) = made.journal.ledger.slots.values()
    assert len(slot.attempts) == 2
    assert slot.attempts[1].fee >= first.fee * 110 // 100
    assert slot.attempts[1].tip >= first.tip * 110 // 100
    world.mine()
    made.once()
    world.mine(2)
    made.once()
    assert made.journal.ledger.tally.succeeded == 1
    assert world.ask("anchor", "lastEpoch") == 1


def test_the_operator_s_bound_is_never_exceeded(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(3))), fee_max=4 * GWEI)
    world.automine(False)
    made.once()
    for _ in range(12):
        made.clock.now += STUCK_SECONDS
        made.once()

    for slot in made.journal.ledger.slots.values():
        assert all(attempt.fee <= 4 * GWEI for attempt in slot.attempts)
    assert any("are the most it may cost" in line for line in made.said)


def test_above_the_operator_s_bound_nothing_is_sent(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(3))), fee_max=1)

    assert made.once() == 0
    assert not made.journal.ledger.slots, "\n".join(made.said)
    assert any("1 are the most it may cost" in reason for reason in made.standing.refused)


def test_an_account_without_money_sends_nothing(world, bridges, tell, sources) -> None:
    made = bridges(tell(sources.epoch(1, range(3))))
    world.client.ask("anvil_setBalance", hexed(made.address), "0x1")

    assert made.once() == 0
    assert not made.journal.ledger.slots, "\n".join(made.said)
    world.client.ask("anvil_setBalance", hexed(made.address), hex(10**20))
    world.mine(4)
    assert made.once() == 1


class Faulty:
    """A way to a node that breaks once, before or after a message has arrived."""

    def __init__(self, through, method: str, *, arrives: bool) -> None:
        self._through, self._method, self._arrives = through, method, arrives
        self.broken = False

    def __call__(self, message: bytes) -> bytes:
        if not self.broken and json.loads(message)["method"] == self._method:
            self.broken = True
            if self._arrives:
                self._through(message)
            raise NodeError("node: gone")
        return self._through(message)


@pytest.mark.parametrize("arrives", [False, True])
def test_a_transaction_whose_fate_is_not_known_is_sent_once(
    world, bridges, tell, sources, arrives
) -> None:
    through = Faulty(world.transport, "eth_sendRawTransaction", arrives=arrives)
    made = bridges(tell(sources.epoch(1, range(3))), client=ChainClient(through))

    made.once()
    assert through.broken
    finish(made, world)

    assert world.ask("anchor", "lastEpoch") == 1
    assert world.client.nonce(made.address, world.client.head().number) == 1
    assert made.journal.ledger.tally.succeeded == 1


def test_after_a_restart_what_was_written_down_is_sent(world, bridges, tell, sources) -> None:
    """The process ended between the journal and the node."""
    path = tell(sources.epoch(1, range(3)))
    through = Faulty(world.transport, "eth_sendRawTransaction", arrives=False)
    made = bridges(path, client=ChainClient(through))
    made.once()
    (slot,) = made.journal.ledger.slots.values()
    intended = slot.attempts[-1].hash
    made.journal.close()

    again = bridges(path)
    again.once()

    assert world.client.receipt(intended) is not None
    assert world.ask("anchor", "lastEpoch") == 1


def test_a_nonce_that_the_account_used_elsewhere_is_given_up(world, bridges, tell, sources) -> None:
    path = tell(sources.epoch(1, range(3)))
    through = Faulty(world.transport, "eth_sendRawTransaction", arrives=False)
    made = bridges(path, client=ChainClient(through))
    made.once()
    world.send(made.address, made.address, b"")
    world.client.ask("anvil_stopImpersonatingAccount", hexed(made.address))

    finish(made, world)

    assert made.journal.ledger.tally.foreign == 1
    assert made.journal.ledger.tally.succeeded == 1
    assert world.ask("anchor", "lastEpoch") == 1


class Stopped(BaseException):
    """A process ends here."""


class Stopping:
    """Ends the process at one of its dealings with the node."""

    def __init__(self, through, at: int) -> None:
        self._through, self.left = through, at

    def __call__(self, message: bytes) -> bytes:
        self.left -= 1
        if self.left == 0:
            self._through(message)  # It arrives, and nobody hears the answer.
            raise Stopped
        return self._through(message)


def run_with_stop(world, bridges, path, at: int) -> bool:
    """Run until all is done, with one stop on the way; say whether there was one."""
    through = Stopping(world.transport, at)
    made = bridges(path, client=ChainClient(through))
    stopped = False
    for _ in range(14):
        try:
            made.once()
        except Stopped:
            stopped = True
            made.journal.close()
            made = bridges(path)
        world.mine()
    assert not made.journal.ledger.slots, "\n".join(made.said)
    return stopped


def check_stops(world, bridges, tell, sources, points) -> None:
    told = [sources.event(each, world.listener) for each in range(2)]
    path = tell(sources.epoch(1, [1], told), sources.epoch(2, [2]))
    for at in points:
        before = world.snapshot()
        world.request(2)
        address = world.accounts[5].address
        stopped = run_with_stop(world, bridges, path, at)
        assert world.ask("anchor", "lastEpoch") == 2
        assert world.ask("relay", "nextNumber") == 2
        assert world.heard() == 3
        # Six things were to be done, one of them is to collect the fee.
        assert world.client.nonce(address, world.client.head().number) == 7
        world.revert(before)
        for journal in (path.parent / "journal5").glob("*"):
            journal.unlink()
        if not stopped:
            return


def test_a_stop_at_some_dealing_with_the_node_loses_and_doubles_nothing(
    world, bridges, tell, sources
) -> None:
    check_stops(world, bridges, tell, sources, (14, 23, 37, 52, 61))


@pytest.mark.campaign
def test_a_stop_at_any_dealing_with_the_node_loses_and_doubles_nothing(
    world, bridges, tell, sources
) -> None:
    check_stops(world, bridges, tell, sources, range(1, 1_000))
