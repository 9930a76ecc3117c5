"""Events of the session layer: certified by the committee, delivered once and in order."""

import ape
import pytest
from eth_utils import keccak, to_canonical_address

from chain.dao import anchors
from chain.dao.anchors import Event, proof_of

NOBODY = "0x" + 40 * "0"
HEAR, FAIL, BURN, CALL_BACK, SHOUT = range(5)
GAS = 300_000


@pytest.fixture
def events(relay, listener):
    """Make events for the listener: `events(3, first=5)`."""

    def make(count, first=0, target=None):
        return [
            Event(
                number=first + each,
                session_id=keccak(each.to_bytes(2, "big")),
                kind=each % 256,
                target=to_canonical_address(str(target or listener.address)),
                payload=b"event" * each,
            )
            for each in range(count)
        ]

    return make


@pytest.fixture
def certify(relay, committee, people):
    def run(epoch, events, seats=range(15), first=None):
        first = events[0].number if first is None else first
        leaves = [each.hash() for each in events]
        root = anchors.event_root(6133, epoch, first, leaves)
        address = to_canonical_address(relay.address)
        signed = committee.sign(anchors.event_attestation(6133, address, epoch, root), seats)
        return relay.certify(epoch, root, first, len(events), *signed, sender=people.anyone)

    return run


@pytest.fixture
def listed(relay, listener, people, epoch):
    relay.setTarget(listener, GAS, sender=people.dao)
    return listener


def proven(events, index, epoch=1):
    return epoch, events[index].fields(), proof_of([each.hash() for each in events], index)


def mark(event):
    """What the listener keeps of an event."""
    head = event.number.to_bytes(8, "big") + event.session_id + bytes([event.kind])
    return keccak(head + event.payload)


def test_events_in_their_order(relay, listed, events, certify, people):
    made = events(5)
    certify(1, made)
    for index, event in enumerate(made):
        receipt = relay.relay(*proven(made, index), sender=people.anyone)
        (delivered,) = relay.Delivered.from_receipt(receipt)
        assert (delivered.number, delivered.target) == (event.number, listed)
        assert listed.heard(index) == mark(event)
    assert relay.nextNumber() == relay.nextCertified() == 5


def test_numbers_go_on_in_later_epochs(relay, listed, events, certify, committee, people):
    first = events(2)
    certify(1, first)
    for _ in range(2):
        committee.anchor([], people.anyone)
    second = events(3, first=2)
    certify(3, second)
    relay.relay(*proven(first, 0), sender=people.anyone)
    with ape.reverts("relay: of another epoch"):
        relay.relay(3, first[1].fields(), [], sender=people.anyone)
    relay.relay(*proven(first, 1), sender=people.anyone)
    receipt = relay.relay(*proven(second, 0, epoch=3), sender=people.anyone)
    assert receipt.gas_used < 90_000
    assert relay.nextNumber() == 3


def test_one_of_many_relayers_delivers(relay, listed, events, certify, accounts):
    made = events(2)
    certify(1, made)
    relay.relay(*proven(made, 0), sender=accounts[5])
    for racer in accounts[6:9]:
        with ape.reverts("relay: not the next event"):
            relay.relay(*proven(made, 0), sender=racer)
        with ape.reverts("relay: nothing to deliver"):
            relay.retry(*proven(made, 0), sender=racer)
    assert listed.heardCount() == 1


def test_none_out_of_turn(relay, listed, events, certify, people):
    made = events(3)
    certify(1, made)
    with ape.reverts("relay: not the next event"):
        relay.relay(*proven(made, 1), sender=people.anyone)


def test_changed_events(relay, listed, events, certify, people, accounts):
    made = events(3)
    certify(1, made)
    epoch, fields, proof = proven(made, 0)
    for place, value in [
        (1, bytes(32)),
        (2, 9),
        (3, accounts[3].address),
        (4, b"changed"),
    ]:
        changed = (*fields[:place], value, *fields[place + 1 :])
        with ape.reverts("relay: not proven"):
            relay.relay(epoch, changed, proof, sender=people.anyone)
    with ape.reverts("relay: not proven"):
        relay.relay(epoch, fields, proof[:-1], sender=people.anyone)
    with ape.reverts("relay: not certified"):
        relay.relay(2, fields, proof, sender=people.anyone)


def test_bytes_do_not_move_between_target_and_payload(relay, listed, events, certify, people):
    """The target has 20 bytes, so nothing of it can be taken for payload."""
    made = events(2)
    certify(1, made)
    relay.relay(*proven(made, 0), sender=people.anyone)
    number, session, kind, target, payload = made[1].fields()
    shifted = (number, session, kind, target[1:] + payload[:1], payload[1:])
    with ape.reverts("relay: not proven"):
        relay.relay(1, shifted, proven(made, 1)[2], sender=people.anyone)


@pytest.mark.parametrize("manner", [FAIL, BURN, SHOUT])
def test_failing_target_blocks_nothing(relay, listed, events, certify, people, manner):
    made = events(2)
    certify(1, made)
    listed.behave(manner, b"", sender=people.deployer)
    receipt = relay.relay(*proven(made, 0), sender=people.anyone)
    assert [each.number for each in relay.Undelivered.from_receipt(receipt)] == [0]
    with ape.reverts("relay: target failed again"):
        relay.retry(*proven(made, 0), sender=people.anyone)
    listed.behave(HEAR, b"", sender=people.deployer)
    relay.relay(*proven(made, 1), sender=people.anyone)
    relay.retry(*proven(made, 0), sender=people.anyone)

    assert [listed.heard(0), listed.heard(1)] == [mark(made[1]), mark(made[0])]
    with ape.reverts("relay: nothing to deliver"):
        relay.retry(*proven(made, 0), sender=people.anyone)


def test_target_that_is_not_listed(relay, listener, events, certify, epoch, people):
    made = events(1)
    certify(1, made)
    relay.relay(*proven(made, 0), sender=people.anyone)
    assert relay.undelivered(0)
    assert listener.heardCount() == 0
    with ape.reverts("relay: target is not listed"):
        relay.retry(*proven(made, 0), sender=people.anyone)
    relay.setTarget(listener, GAS, sender=people.dao)
    relay.retry(*proven(made, 0), sender=people.anyone)
    assert listener.heardCount() == 1


def test_target_gets_its_gas_or_nothing_happens(relay, listed, events, certify, people):
    made = events(1)
    certify(1, made)
    relay.setTarget(listed, 2_000_000, sender=people.dao)
    with ape.reverts("relay: too little gas"):
        relay.relay(*proven(made, 0), sender=people.anyone, gas_limit=2_060_000)
    relay.relay(*proven(made, 0), sender=people.anyone)
    assert 2_000_000 > listed.gas() > 1_990_000


def test_target_cannot_come_back(relay, listed, events, certify, people):
    made = events(2)
    certify(1, made)
    again = relay.relay.encode_input(*proven(made, 1))
    listed.behave(CALL_BACK, again, sender=people.deployer)
    relay.relay(*proven(made, 0), sender=people.anyone)
    assert relay.nextNumber() == 1
    assert relay.undelivered(0)


def test_skipped_event_can_turn_up(relay, listed, events, certify, people):
    made = events(2)
    certify(1, made)
    with ape.reverts("relay: only the dao"):
        relay.skip(0, sender=people.anyone)
    with ape.reverts("relay: not the next event"):
        relay.skip(1, sender=people.dao)
    relay.skip(0, sender=people.dao)
    relay.relay(*proven(made, 1), sender=people.anyone)
    with ape.reverts("relay: not certified"):
        relay.skip(2, sender=people.dao)
    relay.retry(*proven(made, 0), sender=people.anyone)
    assert [listed.heard(0), listed.heard(1)] == [mark(made[1]), mark(made[0])]


def test_certificates_follow_each_other(relay, events, certify, committee, epoch, people):
    with ape.reverts("relay: epoch not anchored"):
        certify(2, events(1))
    with ape.reverts("relay: numbers do not follow"):
        certify(1, events(1, first=1))
    with ape.reverts("relay: not a later epoch"):
        certify(0, events(1))
    with ape.reverts("relay: no events"):
        certify(1, [], first=0)
    with ape.reverts("anchor: no quorum"):
        certify(1, events(1), seats=range(14))
    certify(1, events(1))
    with ape.reverts("relay: not a later epoch"):
        certify(1, events(1, first=1))


def test_certificate_is_signed_for_this_relay(relay, events, committee, epoch, people):
    leaves = [each.hash() for each in events(1)]
    root = anchors.event_root(6133, 1, 0, leaves)
    elsewhere = to_canonical_address(people.dao.address)
    signed = committee.sign(anchors.event_attestation(6133, elsewhere, 1, root))
    with ape.reverts("anchor: bad signature"):
        relay.certify(1, root, 0, 1, *signed, sender=people.anyone)
    with ape.reverts("relay: empty root"):
        relay.certify(1, bytes(32), 0, 1, *signed, sender=people.anyone)


def test_list_of_targets(relay, listener, people, anchor):
    with ape.reverts("relay: only the dao"):
        relay.setTarget(listener, GAS, sender=people.anyone)
    with ape.reverts("relay: too much callback gas"):
        relay.setTarget(listener, 2_000_001, sender=people.dao)
    with ape.reverts("relay: target has no code"):
        relay.setTarget(people.anyone, GAS, sender=people.dao)
    for ours in (relay, anchor):
        with ape.reverts("relay: target is ours"):
            relay.setTarget(ours, GAS, sender=people.dao)
    relay.setTarget(listener, GAS, sender=people.dao)
    receipt = relay.setTarget(listener, 0, sender=people.dao)
    (event,) = relay.TargetSet.from_receipt(receipt)
    assert (event.target, event.old, event.new) == (listener, GAS, 0)


def test_constructor(project, people, anchor):
    for arguments, reason in [
        ((NOBODY, anchor), "relay: no dao"),
        ((people.dao, people.dao), "relay: no anchor"),
    ]:
        with ape.reverts(reason):
            people.deployer.deploy(project.EventRelay, *arguments)
