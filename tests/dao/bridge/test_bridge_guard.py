"""What the bridge guard does and refuses: transfers, the queue, guardians, changes, pauses."""

import ape
import pytest

HOUR = 3600
DAY = 24 * HOUR
WAIT = 2 * DAY
GRACE = 7 * DAY
PARS = 10**18
CAP = 100_000 * PARS
ZERO = "0x0000000000000000000000000000000000000000"
DONE, QUEUED, CHALLENGED, REJECTED, REFUNDED = 1, 2, 3, 4, 5


# --- Construction ---


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("dao", ZERO, "no dao"),
        ("pauser", ZERO, "no pause contract"),
        ("treasury", ZERO, "no treasury"),
        ("threshold", 4, "threshold too low"),
        ("threshold", 0, "threshold too low"),
        ("threshold", 8, "threshold too high"),
        ("lattice", 2, "lattice too low"),
        ("lattice", 6, "lattice too high"),
        ("members", [], "too few members"),
        ("token", ZERO, "token without code"),
        ("per_transfer", 0, "no cap"),
        ("daily", 2 * CAP - 1, "over half of a day"),
        ("daily", 2**112, "cap too high"),
        ("fee", 101, "fee too high"),
        ("routes", [(6133, b"\x11" * 32)], "this chain"),
    ],
)
def test_construction_refuses(project, bridge, arguments, name, value, reason):
    with ape.reverts(f"bridge: {reason}"):
        bridge.dao.deploy(project.BridgeGuard, *{**arguments, name: value}.values())


def test_threshold_of_each_size(project, bridge, arguments):
    """More than two thirds attest, more than a third by ML-DSA: at each size from 4."""
    for size, threshold, lattice in [(4, 3, 2), (5, 4, 2), (6, 5, 2), (7, 5, 3)]:
        members = bridge.members(range(size))
        right = {**arguments, "members": members, "threshold": threshold, "lattice": lattice}
        contract = bridge.dao.deploy(project.BridgeGuard, *right.values())
        assert contract.committee() == (1, size, threshold, lattice)
        with ape.reverts("bridge: threshold too low"):
            low = {**right, "threshold": threshold - 1}
            bridge.dao.deploy(project.BridgeGuard, *low.values())
        with ape.reverts("bridge: lattice too low"):
            bridge.dao.deploy(project.BridgeGuard, *{**right, "lattice": lattice - 1}.values())


def test_members_are_distinct(bridge):
    contract, dao = bridge.contract, bridge.dao
    members = bridge.members(range(4))
    with ape.reverts("bridge: members unsorted"):
        contract.proposeGuardians([members[0], *members[:3]], 3, 2, sender=dao)
    with ape.reverts("bridge: members unsorted"):
        contract.proposeGuardians(members[::-1], 3, 2, sender=dao)
    with ape.reverts("bridge: members unsorted"):
        contract.proposeGuardians([(ZERO, members[0][1]), *members[1:]], 3, 2, sender=dao)
    with ape.reverts("bridge: no key"):
        contract.proposeGuardians([(members[0][0], b"\0" * 32), *members[1:]], 3, 2, sender=dao)
    with ape.reverts("bridge: same key twice"):
        same = [*members[:3], (members[3][0], members[1][1])]
        contract.proposeGuardians(same, 3, 2, sender=dao)
    with ape.reverts("bridge: too few members"):
        contract.proposeGuardians(members[:3], 3, 2, sender=dao)


# --- Sending ---


def test_send_locks_less_the_fee(bridge):
    contract = bridge.contract
    receipt = bridge.send(1_000 * PARS)
    (sent,) = receipt.events.filter(contract.Sent)
    assert (sent.chain, sent.nonce, sent.amount) == (1, 0, 999 * PARS)
    assert sent.account == bridge.user.address
    assert contract.locked(bridge.token) == 999 * PARS
    assert contract.fees(bridge.token) == PARS
    assert bridge.token.balanceOf(contract) == 1_000 * PARS
    assert contract.entry(sent.id) == (DONE, 0, 0, 0)
    (sent,) = bridge.send(1_000).events.filter(contract.Sent)
    assert (sent.nonce, sent.amount) == (1, 999)


def test_fee_is_rounded_up(bridge):
    bridge.send(1_001)
    assert bridge.contract.fees(bridge.token) == 2
    with ape.reverts("bridge: nothing to send"):
        bridge.send(1)


def test_send_refuses(bridge):
    contract, token, user = bridge.contract, bridge.token, bridge.user
    with ape.reverts("bridge: no route"):
        contract.send(2, token, PARS, b"\x22" * 32, False, sender=user)
    with ape.reverts("bridge: no recipient"):
        contract.send(1, token, PARS, b"\0" * 32, False, sender=user)
    with ape.reverts("bridge: not a token"):
        contract.send(1, bridge.pauser, PARS, b"\x22" * 32, False, sender=user)
    with ape.reverts("bridge: nothing to send"):
        bridge.send(0)
    token.mint(user, 2**113, sender=user)
    with ape.reverts("bridge: too much"):
        bridge.send(2**112)
    token.behave(0, ZERO, False, sender=user)
    with ape.reverts("bridge: not paid"):
        bridge.send()


def test_what_arrives_counts(bridge):
    """A token that takes a fee of its own locks what is there, and no more."""
    bridge.token.behave(10, ZERO, True, sender=bridge.user)
    (sent,) = bridge.send(1_000 * PARS).events.filter(bridge.contract.Sent)
    assert sent.amount == 900 * PARS - 900 * PARS // 1_000
    assert bridge.token.balanceOf(bridge.contract) == 900 * PARS


def test_token_that_answers_nothing(bridge, containers, chain):
    silent = bridge.dao.deploy(containers["silent"])
    bridge.contract.proposeToken(silent, CAP, 2 * CAP, 0, sender=bridge.dao)
    chain.pending_timestamp += DAY
    bridge.contract.applyToken(silent, CAP, 2 * CAP, 0, sender=bridge.user)
    silent.mint(bridge.user, PARS, sender=bridge.user)
    other = bridge.with_token(silent)
    other.send(PARS)
    other.release(other.transfer(0, PARS))
    assert silent.balanceOf(bridge.user) == PARS


# --- Releasing ---


def test_release_pays(bridge):
    bridge.send(1_000 * PARS)
    before = bridge.token.balanceOf(bridge.user)
    transfer = bridge.transfer(0, 5 * PARS)
    receipt = bridge.release(transfer)
    assert receipt.return_value is True
    (released,) = receipt.events.filter(bridge.contract.Released)
    assert released.id == bridge.contract.messageId(transfer, False)
    assert bridge.token.balanceOf(bridge.user) == before + 5 * PARS
    assert bridge.contract.locked(bridge.token) == 994 * PARS
    with ape.reverts("bridge: message seen"):
        bridge.release(transfer)


def test_all_by_lattice_keys(bridge):
    bridge.send(10 * PARS)
    receipt = bridge.release(bridge.transfer(0), lattice=(1, 2, 4, 5, 6), classical=())
    assert receipt.return_value is True


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("chain", 2, "other remote"),
        ("remote", b"\x12" * 32, "other remote"),
        ("remote", b"\0" * 32, "no remote"),
        ("account", ZERO, "nobody to pay"),
        ("amount", 0, "nothing to pay"),
        ("amount", 2**112, "too much"),
        ("amount", 1_000 * PARS, "more than locked"),
    ],
)
def test_release_refuses_transfer(bridge, field, value, reason):
    bridge.send(1_000 * PARS)
    with ape.reverts(f"bridge: {reason}"):
        bridge.release(bridge.transfer(0, **{field: value}))


def test_release_refuses_other_parties(bridge):
    bridge.send(1_000 * PARS)
    with ape.reverts("bridge: pays itself"):
        bridge.release(bridge.transfer(0, account=bridge.contract.address))
    with ape.reverts("bridge: not a token"):
        bridge.release(bridge.transfer(0, token=bridge.contract.address))


@pytest.mark.parametrize(
    ("lattice", "classical", "reason"),
    [
        ((0, 1, 2), (3,), "too few guardians"),
        ((), (), "too few guardians"),
        ((0, 1), (2, 3, 4), "too few lattice keys"),
        ((0, 1), (2, 3, 4, 5, 6), "too few lattice keys"),
        ((0, 0, 1), (2, 3), "guardians unsorted"),
        ((0, 1, 2), (2, 3), "guardians unsorted"),
    ],
)
def test_release_counts_distinct_guardians(bridge, lattice, classical, reason):
    bridge.send(10 * PARS)
    with ape.reverts(f"bridge: {reason}"):
        bridge.release(bridge.transfer(0), lattice=lattice, classical=classical)


def test_release_refuses_signatures(bridge):
    bridge.send(10 * PARS)
    transfer = bridge.transfer(0)
    good = bridge.attestations(transfer)

    def refused(reason, attestations):
        with ape.reverts(f"bridge: {reason}"):
            bridge.contract.release(transfer, attestations, sender=bridge.user)

    refused("guardians unsorted", good[::-1])
    refused("no such guardian", [*good, (7, good[3][1])])
    refused("no such guardian", [*good, (255, good[3][1])])
    refused("wrong signature", [*good[:4], (5, good[4][1])])
    refused("wrong lattice signature", [*good[:2], (3, good[2][1]), *good[4:]])
    for size in (0, 64, 66, 4626):
        refused("wrong lattice signature", [(0, b"\1" * size), *good[1:]])
    flipped = bytearray(good[0][1])
    flipped[2_000] ^= 1
    refused("wrong lattice signature", [(0, bytes(flipped)), *good[1:]])
    other = bridge.attestations(bridge.transfer(0, 2 * PARS))
    refused("wrong lattice signature", other)
    bridge.contract.release(transfer, good, sender=bridge.user)


def test_high_s_is_no_signature(bridge):
    bridge.send(10 * PARS)
    transfer = bridge.transfer(0)
    good = bridge.attestations(transfer)
    place, signature = good[4]
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    s = order - int.from_bytes(signature[32:64], "big")
    high = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with ape.reverts("bridge: wrong signature"):
        bridge.contract.release(transfer, [*good[:4], (place, high)], sender=bridge.user)


def test_key_that_is_not_stored(bridge, project, arguments):
    contract = bridge.dao.deploy(project.BridgeGuard, *arguments.values())
    transfer = bridge.transfer(0)
    attestations = bridge.attestations(transfer, digest=contract.digest(transfer))
    with ape.reverts("bridge: key not stored"):
        contract.release(transfer, attestations, sender=bridge.user)


def test_keys_are_stored_once(bridge):
    key = bridge.keys[0].public_key().public_bytes_raw()
    with ape.reverts("bridge: key stored already"):
        bridge.contract.storeKey(key, sender=bridge.user)
    with ape.reverts("pq_keys: wrong key size"):
        bridge.contract.storeKey(key[:-1], sender=bridge.user)


# --- Caps and queue ---


def test_edges_of_caps(bridge, chain):
    """A transfer at the cap goes; five of them fill the bucket; the rest leaks to the second."""
    contract, token = bridge.contract, bridge.token
    contract.proposeToken(token, CAP, 10 * CAP, 0, sender=bridge.dao)
    chain.pending_timestamp += DAY
    contract.applyToken(token, CAP, 10 * CAP, 0, sender=bridge.user)
    with ape.reverts("bridge: over a cap"):
        bridge.send(CAP + 1)
    start = chain.pending_timestamp
    for _ in range(5):
        chain.pending_timestamp = start
        bridge.send(CAP)
    assert contract.available(token, True) == 0
    chain.pending_timestamp = start
    with ape.reverts("bridge: over a cap"):
        bridge.send(1)
    leak = 5 * CAP // DAY  # a second's
    chain.pending_timestamp = start + 1
    with ape.reverts("bridge: over a cap"):
        bridge.send(leak + 1)
    chain.pending_timestamp = start + 1
    bridge.send(leak)
    assert contract.available(token, False) == 5 * CAP


def test_queue_of_what_leaves(bridge, chain):
    contract = bridge.contract
    receipt = bridge.send(2 * CAP, may_wait=True)
    assert receipt.events.filter(contract.Sent) == []
    (event,) = receipt.events.filter(contract.Queued)
    transfer = bridge.queued(receipt)
    assert transfer["amount"] == 2 * CAP - 2 * CAP // 1_000
    assert contract.locked(bridge.token) == 0
    assert contract.entry(event.id) == (QUEUED, event.ready, 0, 2 * CAP // 1_000)
    assert event.ready == receipt.timestamp + WAIT
    chain.pending_timestamp = event.ready - 1
    with ape.reverts("bridge: waits still"):
        contract.execute(transfer, True, sender=bridge.user)
    chain.pending_timestamp = event.ready
    (sent,) = contract.execute(transfer, True, sender=bridge.user).events.filter(contract.Sent)
    assert sent.amount == transfer["amount"]
    assert contract.locked(bridge.token) == transfer["amount"]
    assert contract.fees(bridge.token) == 2 * CAP // 1_000
    with ape.reverts("bridge: not queued"):
        contract.execute(transfer, True, sender=bridge.user)


def queue_inbound(bridge, nonce=0):
    """Bring so much out that it can come back, and bring it back at once."""
    transfer = bridge.transfer(nonce, 2 * CAP)
    receipt = bridge.release(transfer)
    assert receipt.return_value is False
    (event,) = receipt.events.filter(bridge.contract.Queued)
    return transfer, event


@pytest.fixture
def funded(bridge, chain):
    """The bridge with a million locked, by way of the queue."""
    transfer = bridge.queued(bridge.send(10 * CAP, may_wait=True))
    chain.pending_timestamp += WAIT + 1
    bridge.contract.execute(transfer, True, sender=bridge.user)
    return bridge


def test_queue_of_what_returns(funded, chain):
    contract = funded.contract
    transfer, event = queue_inbound(funded)
    with ape.reverts("bridge: message seen"):
        funded.release(transfer)
    chain.pending_timestamp = event.ready - 1
    with ape.reverts("bridge: waits still"):
        contract.execute(transfer, False, sender=funded.user)
    before = funded.token.balanceOf(funded.user)
    available = contract.available(funded.token, False)
    chain.pending_timestamp = event.ready
    contract.execute(transfer, False, sender=funded.treasury)
    assert funded.token.balanceOf(funded.user) == before + 2 * CAP
    assert contract.available(funded.token, False) == available


def test_queue_expires(funded, chain):
    contract = funded.contract
    transfer, event = queue_inbound(funded)
    last, lapsed = queue_inbound(funded, 1)
    chain.pending_timestamp = event.ready + GRACE - 1
    contract.execute(transfer, False, sender=funded.user)
    chain.pending_timestamp = lapsed.ready + GRACE
    with ape.reverts("bridge: expired"):
        contract.execute(last, False, sender=funded.user)
    funded.release(last)
    assert contract.entry(lapsed.id)[1] > lapsed.ready + GRACE


def test_execute_only_what_was_queued(funded, chain):
    contract = funded.contract
    transfer, event = queue_inbound(funded)
    chain.pending_timestamp = event.ready
    with ape.reverts("bridge: other transfer"):
        contract.execute({**transfer, "amount": 3 * CAP}, False, sender=funded.user)
    with ape.reverts("bridge: other transfer"):
        other = {**transfer, "account": funded.treasury.address}
        contract.execute(other, False, sender=funded.user)
    with ape.reverts("bridge: not queued"):
        contract.execute(transfer, True, sender=funded.user)
    with ape.reverts("bridge: not queued"):
        contract.execute({**transfer, "nonce": 5}, False, sender=funded.user)


def test_challenge_stops(funded, chain):
    contract = funded.contract
    transfer, event = queue_inbound(funded)
    with ape.reverts("bridge: only a guardian"):
        contract.challenge(event.id, sender=funded.user)
    contract.challenge(event.id, sender=funded.guardians[6])
    with ape.reverts("bridge: not queued"):
        contract.challenge(event.id, sender=funded.guardians[5])
    chain.pending_timestamp = event.ready
    with ape.reverts("bridge: not queued"):
        contract.execute(transfer, False, sender=funded.user)
    with ape.reverts("bridge: message seen"):
        funded.release(transfer)
    with ape.reverts("bridge: only the dao"):
        contract.resolve(event.id, True, sender=funded.guardians[6])
    receipt = contract.resolve(event.id, True, sender=funded.dao)
    ready = receipt.timestamp + WAIT
    assert contract.entry(event.id) == (QUEUED, ready, 1, 0)
    with ape.reverts("bridge: not challenged"):
        contract.resolve(event.id, True, sender=funded.dao)
    chain.pending_timestamp = ready
    contract.execute(transfer, False, sender=funded.user)


def test_rejected_for_ever(funded, chain):
    contract = funded.contract
    transfer, event = queue_inbound(funded)
    contract.challenge(event.id, sender=funded.guardians[0])
    contract.resolve(event.id, False, sender=funded.dao)
    assert contract.entry(event.id)[0] == REJECTED
    chain.pending_timestamp = event.ready + GRACE
    with ape.reverts("bridge: message seen"):
        funded.release(transfer)
    with ape.reverts("bridge: not queued"):
        contract.execute(transfer, False, sender=funded.user)
    with ape.reverts("bridge: nothing to refund"):
        contract.refund(transfer, sender=funded.user)


def test_refund_of_what_was_rejected(bridge):
    contract = bridge.contract
    before = bridge.token.balanceOf(bridge.user)
    receipt = bridge.send(2 * CAP, may_wait=True)
    (event,) = receipt.events.filter(contract.Queued)
    transfer = bridge.queued(receipt)
    with ape.reverts("bridge: not expired"):
        contract.refund(transfer, sender=bridge.user)
    contract.challenge(event.id, sender=bridge.guardians[0])
    with ape.reverts("bridge: not expired"):
        contract.refund(transfer, sender=bridge.user)
    contract.resolve(event.id, False, sender=bridge.dao)
    with ape.reverts("bridge: other transfer"):
        contract.refund({**transfer, "amount": 3 * CAP}, sender=bridge.user)
    contract.refund(transfer, sender=bridge.treasury)
    assert bridge.token.balanceOf(bridge.user) == before
    assert contract.entry(event.id)[0] == REFUNDED
    with ape.reverts("bridge: nothing to refund"):
        contract.refund(transfer, sender=bridge.user)


@pytest.mark.parametrize("challenged", [False, True])
def test_refund_of_what_expired(bridge, chain, challenged):
    contract = bridge.contract
    before = bridge.token.balanceOf(bridge.user)
    receipt = bridge.send(2 * CAP, may_wait=True)
    (event,) = receipt.events.filter(contract.Queued)
    transfer = bridge.queued(receipt)
    if challenged:
        contract.challenge(event.id, sender=bridge.guardians[0])
    chain.pending_timestamp = event.ready + GRACE - 1
    with ape.reverts("bridge: not expired"):
        contract.refund(transfer, sender=bridge.user)
    chain.pending_timestamp = event.ready + GRACE
    contract.refund(transfer, sender=bridge.user)
    assert bridge.token.balanceOf(bridge.user) == before


def test_fees_go_to_the_treasury(bridge):
    contract = bridge.contract
    with ape.reverts("bridge: no fees"):
        contract.collect(bridge.token, sender=bridge.user)
    bridge.send(10_000 * PARS)
    contract.collect(bridge.token, sender=bridge.user)
    assert bridge.token.balanceOf(bridge.treasury) == 10 * PARS
    assert (contract.fees(bridge.token), contract.locked(bridge.token)) == (0, 9_990 * PARS)


def test_payment_that_fails_is_not_lost(bridge):
    """A token that refuses one recipient stops that message only, and only for now."""
    bridge.send(100 * PARS)
    bridge.token.behave(0, bridge.user, True, sender=bridge.user)
    with ape.reverts("token: refused"):
        bridge.release(bridge.transfer(0))
    bridge.release(bridge.transfer(1, account=bridge.treasury.address))
    bridge.token.behave(0, ZERO, False, sender=bridge.user)
    with ape.reverts("bridge: not transferred"):
        bridge.release(bridge.transfer(0))
    bridge.token.behave(0, ZERO, True, sender=bridge.user)
    bridge.release(bridge.transfer(0))


# --- Changes ---


def test_changes_wait_a_day(bridge, chain):
    contract, dao, user = bridge.contract, bridge.dao, bridge.user
    members = bridge.members(range(4))
    changes = [
        (contract.proposeGuardians, contract.applyGuardians, (members, 3, 2)),
        (contract.proposeToken, contract.applyToken, (bridge.token, CAP, 4 * CAP, 50)),
        (contract.proposeRoute, contract.applyRoute, (10, b"\x33" * 32)),
        (contract.proposeDelay, contract.applyDelay, (2 * DAY,)),
    ]
    for propose, apply, arguments in changes:
        with ape.reverts("bridge: only the dao"):
            propose(*arguments, sender=user)
        with ape.reverts("bridge: not proposed"):
            apply(*arguments, sender=user)
        (event,) = propose(*arguments, sender=dao).events.filter(contract.ChangeProposed)
        with ape.reverts("bridge: proposed already"):
            propose(*arguments, sender=dao)
        chain.pending_timestamp = event.eta - 1
        with ape.reverts("bridge: change too early"):
            apply(*arguments, sender=user)
        chain.pending_timestamp = event.eta
        apply(*arguments, sender=user)
        with ape.reverts("bridge: not proposed"):
            apply(*arguments, sender=user)
    assert contract.committee() == (2, 4, 3, 2)
    assert [tuple(each) for each in contract.guardians()] == members
    assert contract.limits(bridge.token) == (CAP, 4 * CAP, 50)
    assert contract.remotes(10) == b"\x33" * 32
    assert contract.delay() == 2 * DAY


def test_changes_expire(bridge, chain):
    contract = bridge.contract
    (event,) = contract.proposeDelay(2 * DAY, sender=bridge.dao).events.filter(
        contract.ChangeProposed
    )
    chain.pending_timestamp = event.eta + GRACE
    with ape.reverts("bridge: change expired"):
        contract.applyDelay(2 * DAY, sender=bridge.user)
    (again,) = contract.proposeDelay(2 * DAY, sender=bridge.dao).events.filter(
        contract.ChangeProposed
    )
    chain.pending_timestamp = again.eta + GRACE - 1
    contract.applyDelay(2 * DAY, sender=bridge.user)


def test_changes_can_be_cancelled(bridge, chain):
    contract = bridge.contract
    (event,) = contract.proposeDelay(2 * DAY, sender=bridge.dao).events.filter(
        contract.ChangeProposed
    )
    with ape.reverts("bridge: only the dao"):
        contract.cancelChange(event.change, sender=bridge.user)
    contract.cancelChange(event.change, sender=bridge.dao)
    with ape.reverts("bridge: not proposed"):
        contract.cancelChange(event.change, sender=bridge.dao)
    chain.pending_timestamp = event.eta
    with ape.reverts("bridge: not proposed"):
        contract.applyDelay(2 * DAY, sender=bridge.user)


def test_delay_has_a_floor(bridge, chain):
    contract, dao = bridge.contract, bridge.dao
    with ape.reverts("bridge: delay below 24 hours"):
        contract.proposeDelay(DAY - 1, sender=dao)
    with ape.reverts("bridge: delay above 30 days"):
        contract.proposeDelay(30 * DAY + 1, sender=dao)
    contract.proposeDelay(3 * DAY, sender=dao)
    chain.pending_timestamp += DAY
    contract.applyDelay(3 * DAY, sender=dao)
    receipt = contract.proposeDelay(DAY, sender=dao)
    (event,) = receipt.events.filter(contract.ChangeProposed)
    assert event.eta == receipt.timestamp + 3 * DAY


def test_token_changes_are_checked_when_proposed(bridge):
    contract, token, dao = bridge.contract, bridge.token, bridge.dao
    with ape.reverts("bridge: token without code"):
        contract.proposeToken(bridge.user, CAP, 2 * CAP, 0, sender=dao)
    with ape.reverts("bridge: over half of a day"):
        contract.proposeToken(token, CAP + 1, 2 * CAP, 0, sender=dao)
    with ape.reverts("bridge: fee too high"):
        contract.proposeToken(token, CAP, 2 * CAP, 101, sender=dao)
    with ape.reverts("bridge: this chain"):
        contract.proposeRoute(6133, b"\x11" * 32, sender=dao)


def test_closed_route(bridge, chain):
    contract = bridge.contract
    waiting = bridge.queued(bridge.send(2 * CAP, may_wait=True))
    contract.proposeRoute(1, b"\0" * 32, sender=bridge.dao)
    chain.pending_timestamp += DAY
    contract.applyRoute(1, b"\0" * 32, sender=bridge.user)
    with ape.reverts("bridge: no route"):
        bridge.send()
    with ape.reverts("bridge: other remote"):
        bridge.release(bridge.transfer(0))
    chain.pending_timestamp += WAIT
    with ape.reverts("bridge: other remote"):
        contract.execute(waiting, True, sender=bridge.user)
    chain.pending_timestamp += GRACE
    contract.refund(waiting, sender=bridge.user)


# --- Pauses ---


def test_emergency_pause_stops_transfers(funded, chain):
    contract, user = funded.contract, funded.user
    transfer, event = queue_inbound(funded)
    funded.pauser.set(True, sender=user)
    assert contract.paused()
    with ape.reverts("bridge: paused"):
        funded.send()
    with ape.reverts("bridge: paused"):
        funded.release(funded.transfer(1))
    chain.pending_timestamp = event.ready
    with ape.reverts("bridge: paused"):
        contract.execute(transfer, False, sender=user)
    with ape.reverts("bridge: paused"):
        contract.refund(transfer, sender=user)
    contract.challenge(event.id, sender=funded.guardians[0])
    funded.pauser.set(False, sender=user)
    funded.send()


def test_guardians_pause(bridge, chain):
    contract, guardians = bridge.contract, bridge.guardians
    with ape.reverts("bridge: only a guardian"):
        contract.pause(sender=bridge.dao)
    first = contract.pause(sender=guardians[0]).timestamp
    with ape.reverts("bridge: voted already"):
        contract.pause(sender=guardians[0])
    bridge.send()
    chain.pending_timestamp = first + HOUR + 1
    contract.pause(sender=guardians[1])
    assert not contract.paused()
    chain.pending_timestamp = first + 2 * HOUR + 1
    contract.pause(sender=guardians[2])
    start = first + 2 * HOUR + 1
    assert contract.pausedUntil() == start + 3 * DAY
    with ape.reverts("bridge: paused"):
        bridge.send()
    chain.pending_timestamp = start + 3 * DAY - 1
    with ape.reverts("bridge: paused"):
        bridge.send()
    chain.pending_timestamp = start + 3 * DAY
    bridge.send()
    chain.pending_timestamp = start + 6 * DAY - 1
    with ape.reverts("bridge: paused before"):
        contract.pause(sender=guardians[0])
    chain.pending_timestamp = start + 6 * DAY
    contract.pause(sender=guardians[0])
    contract.pause(sender=guardians[1])
    assert contract.paused()


def test_dao_lifts_a_pause(bridge):
    contract = bridge.contract
    with ape.reverts("bridge: not paused"):
        contract.lift(sender=bridge.dao)
    contract.pause(sender=bridge.guardians[0])
    contract.pause(sender=bridge.guardians[1])
    with ape.reverts("bridge: only the dao"):
        contract.lift(sender=bridge.guardians[0])
    contract.lift(sender=bridge.dao)
    bridge.send()
    with ape.reverts("bridge: paused before"):
        contract.pause(sender=bridge.guardians[0])


def test_former_guardians_are_nobody(bridge, chain):
    contract = bridge.contract
    change = (bridge.members([0, 1, 2, 6]), 3, 2)
    contract.proposeGuardians(*change, sender=bridge.dao)
    chain.pending_timestamp += DAY
    contract.pause(sender=bridge.guardians[5])
    contract.applyGuardians(*change, sender=bridge.user)
    contract.pause(sender=bridge.guardians[6])
    assert not contract.paused(), "the vote of a former guardian counted"
    standing = [contract.isGuardian(each) for each in bridge.guardians]
    assert standing == [True, True, True, False, False, False, True]
    with ape.reverts("bridge: only a guardian"):
        contract.pause(sender=bridge.guardians[3])
