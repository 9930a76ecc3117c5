"""Events: each reaches its contract once and in order, however many relay, crash or race."""

import pytest
from eth_utils import keccak

from session_bridge.chain_client import hexed
from session_bridge.committee import FileSource
from session_bridge.errors import SourceError

HEAR, FAIL = 0, 1
PAUSER_DELAY = 100_000


def happened(world, sources, first: int, count: int, number: int = 1):
    """Return an epoch with events."""
    told = [sources.event(each, world.listener) for each in range(first, first + count)]
    return sources.epoch(number, [number], told)


def passes(made, count: int) -> None:
    for _ in range(count):
        made.once()


def test_events_arrive_once_and_in_order(world, bridges, tell, sources) -> None:
    made = bridges(tell(happened(world, sources, 0, 5), happened(world, sources, 5, 3, 2)))

    passes(made, 6)

    assert world.ask("relay", "nextNumber") == 8
    assert world.heard() == 8
    request = {"to": hexed(world.listener)}
    for number in range(8):
        data = keccak(text="heard(uint256)")[:4] + number.to_bytes(32, "big")
        heard = world.client.ask("eth_call", request | {"data": hexed(data)}, "latest")
        session = bytes.fromhex(sources.event(number, world.listener)["sessionId"])
        told = keccak(number.to_bytes(8, "big") + session + b"\x01" + b"heard")
        assert heard == hexed(told)


def test_an_epoch_without_events_needs_no_certificate(world, bridges, tell, sources) -> None:
    quiet = [sources.epoch(number) for number in (1, 2, 3)]
    made = bridges(tell(*quiet, happened(world, sources, 0, 2, 4), sources.epoch(5)))

    passes(made, 5)

    assert world.ask("relay", "lastEpoch") == 4
    assert world.heard() == 2


def test_no_event_is_sent_before_its_epoch_is_anchored(world, bridges, tell, sources) -> None:
    made = bridges(tell(happened(world, sources, 0, 2), seats=range(14)))

    passes(made, 3)

    assert world.ask("relay", "nextCertified") == 0
    assert made.standing.parts["events"]["waitsFor"] == "an event"


def test_fourteen_of_twenty_one_certify_nothing(world, bridges, tell, sources) -> None:
    made = bridges(tell(happened(world, sources, 0, 2)))
    made.once()
    tell(happened(world, sources, 0, 2), seats=range(14))
    passes(made, 2)

    assert world.ask("relay", "nextCertified") == 0
    assert "14 of 15" in made.standing.parts["events"]["waitsFor"]


def test_numbers_that_do_not_follow_are_named(world, bridges, tell, sources) -> None:
    made = bridges(tell(happened(world, sources, 3, 2)))

    passes(made, 3)

    assert world.ask("relay", "nextCertified") == 0
    assert made.standing.parts["events"]["waitsFor"] == "event 0; epoch 1 begins with 3"


def test_numbers_with_a_gap_are_refused_at_the_source(world, bridges, tell, sources) -> None:
    held = happened(world, sources, 0, 3)
    del held["events"][1]
    made = bridges(tell(held))

    made.once()

    assert "not numbered one by one" in made.standing.parts["anchor"]["waitsFor"]


def test_an_event_that_fails_stops_nothing_and_is_delivered_later(
    world, bridges, tell, sources
) -> None:
    made = bridges(tell(happened(world, sources, 0, 1), happened(world, sources, 1, 2, 2)))
    world.behave(FAIL)
    passes(made, 3)
    assert world.ask("relay", "undelivered", 0) is True
    world.behave(HEAR)
    world.mine(16)

    passes(made, 8)
    world.mine(16)
    passes(made, 3)

    assert world.ask("relay", "nextNumber") == 3
    assert not any(world.ask("relay", "undelivered", number) for number in range(3))
    assert world.heard() == 3


def test_a_target_that_the_dao_has_not_listed_is_not_called(world, bridges, tell, sources) -> None:
    stranger = world.contracts.guard.address
    told = [sources.event(0, stranger), sources.event(1, world.listener)]
    made = bridges(tell(sources.epoch(1, [1], told)))

    passes(made, 6)

    assert world.ask("relay", "undelivered", 0) is True
    assert world.heard() == 1
    assert any("target is not listed" in reason for reason in made.standing.refused)


class Forgetful(FileSource):
    """A source that keeps only the newest epochs, as daemons do."""

    first = 1

    def epoch(self, number):
        if number < self.first:
            raise SourceError("source: epoch: unknown")
        return super().epoch(number)


def test_epochs_that_the_source_has_forgotten_hold_up_nothing_else(
    world, bridges, tell, sources
) -> None:
    path = tell(happened(world, sources, 0, 2))
    first = bridges(path, account=5)
    first.once()
    first.once()  # certified, not delivered
    tell(*(happened(world, sources, 2 * each, 2, each + 1) for each in range(4)))
    source = Forgetful(path, 6134)
    source.first = 2
    number = world.request(2)
    late = bridges(source, account=6)

    passes(late, 4)

    assert world.ask("anchor", "lastEpoch") == 4
    assert late.standing.parts["events"]["waitsFor"] == "the bytes of event 0"
    assert world.ask("oracle", "statusOf", number) == 2
    source.first = 1
    passes(late, 8)
    assert world.heard() == 9


def test_relayers_that_race_deliver_once(world, bridges, tell, sources) -> None:
    path = tell(happened(world, sources, 0, 6))
    made = [bridges(path, account=number) for number in (4, 5, 6)]
    world.automine(False)

    for _ in range(8):
        for each in made:
            each.once()
        world.mine()
    world.mine(3)
    for each in made:
        each.once()

    assert world.heard() == 6
    assert world.ask("relay", "nextNumber") == 6
    assert not any(each.journal.ledger.slots for each in made)
    assert sum(each.journal.ledger.tally.succeeded for each in made) == 8
    assert sum(each.journal.ledger.tally.failed for each in made) == 0


def test_a_relayer_that_starts_late_catches_up(world, bridges, tell, sources) -> None:
    path = tell(*(happened(world, sources, 2 * each, 2, each + 1) for each in range(6)))
    first = bridges(path, account=5)
    passes(first, 3)
    reached = world.ask("relay", "nextNumber")
    assert 0 < reached < 12

    late = bridges(path, account=6)
    passes(late, 16)

    assert world.ask("relay", "nextNumber") == 12
    assert world.heard() == 12


def test_while_the_dao_has_paused_nothing_is_called(world, bridges, tell, sources) -> None:
    made = bridges(tell(happened(world, sources, 0, 2)))
    number = world.request(1)
    passes(made, 2)
    # times: the first slot of Pause; its low 64 bits are until when.
    until = world.client.head().time + PAUSER_DELAY
    place = pause_slot(world)
    address = hexed(world.contracts.pause.address)
    world.client.ask(
        "anvil_setStorageAt", address, hex(place), "0x" + until.to_bytes(32, "big").hex()
    )
    world.mine()

    before = world.heard()
    passes(made, 3)

    assert made.standing.paused is True
    assert world.heard() == before
    assert world.ask("relay", "nextNumber") == 0
    assert world.ask("oracle", "statusOf", number) in (1, 2)
    world.later(PAUSER_DELAY)
    passes(made, 3)
    assert made.standing.paused is False
    assert world.heard() == before + 2


def pause_slot(world) -> int:
    """Find the slot that holds until when it is paused."""
    address = hexed(world.contracts.pause.address)
    far = "0x" + (2**63).to_bytes(32, "big").hex()
    for slot in range(8):
        before = world.client.ask("eth_getStorageAt", address, hex(slot), "latest")
        world.client.ask("anvil_setStorageAt", address, hex(slot), far)
        found = world.ask("pause", "paused")
        world.client.ask("anvil_setStorageAt", address, hex(slot), before)
        if found:
            return slot
    pytest.fail("no slot of Pause pauses")
