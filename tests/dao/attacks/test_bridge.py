"""Attacks on the bridge guard: caps (39), the queue (40), and what emptied other bridges (41)."""

import runpy
from pathlib import Path

import ape
import pytest

# The fixtures are those of the bridge's own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "bridge" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

HOUR = 3600
DAY = 24 * HOUR
WAIT = 2 * DAY
GRACE = 7 * DAY
PARS = 10**18
CAP = 100_000 * PARS
ZERO = "0x0000000000000000000000000000000000000000"

SPLITTER = """
# pragma version 0.4.3
interface Bridge:
    def send(
        there: uint256, token: address, amount: uint256, to: bytes32, wait: bool
    ) -> bytes32: nonpayable

@external
def split(bridge: address, token: address, amount: uint256, to: bytes32):
    for _: uint256 in range(100):
        extcall Bridge(bridge).send(1, token, amount, to, True)
"""


def fill(bridge, **options):
    """Send at one moment all that goes without waiting."""
    start = bridge.chain.pending_timestamp
    for _ in range(5):
        bridge.chain.pending_timestamp = start
        bridge.send(CAP, **options)
    return start


@pytest.fixture
def free(bridge, chain):
    """The bridge without a fee, so that sums are round."""
    change = (bridge.token, CAP, 10 * CAP, 0)
    bridge.contract.proposeToken(*change, sender=bridge.dao)
    chain.pending_timestamp += DAY
    bridge.contract.applyToken(*change, sender=bridge.user)
    return bridge


@pytest.fixture
def funded(free):
    """The bridge with a million locked, by way of the queue."""
    transfer = free.queued(free.send(10 * CAP, may_wait=True))
    free.chain.pending_timestamp += WAIT + 1
    free.contract.execute(transfer, True, sender=free.user)
    return free


def queue_inbound(bridge, nonce=0):
    transfer = bridge.transfer(nonce, 2 * CAP)
    (event,) = bridge.release(transfer).events.filter(bridge.contract.Queued)
    return transfer, event


# --- 39: caps ---


def test_attack_39_split_into_a_thousand(free):
    """A million in a thousand transfers: half goes at once, as in ten; the rest waits."""
    splitter = free.dao.deploy(SHARED["container"](SPLITTER))
    free.token.mint(splitter, 10 * CAP, sender=free.user)
    start, went = free.chain.pending_timestamp, 0
    for _ in range(10):
        split = (free.contract, free.token, CAP // 100, b"\x22" * 32)
        receipt = splitter.split(*split, sender=free.user)
        went += sum(each.amount for each in receipt.events.filter(free.contract.Sent))
    leaked = 5 * CAP * (receipt.timestamp - start + 1) // DAY
    assert 5 * CAP <= went <= 5 * CAP + leaked


def test_attack_39_straddle_a_window(free):
    """There is no window whose edge would give the cap twice."""
    free.chain.pending_timestamp = (free.chain.pending_timestamp // DAY + 1) * DAY - 1
    start = fill(free)
    free.chain.pending_timestamp = start + 1
    with ape.reverts("bridge: over a cap"):
        free.send(CAP)
    went, step = 5 * CAP, DAY // 5
    for turn in range(1, 5):
        free.chain.pending_timestamp = start + turn * step
        free.send(CAP)
        went += CAP
    free.chain.pending_timestamp = start + DAY - 1
    with ape.reverts("bridge: over a cap"):
        free.send(CAP)
    assert went <= 10 * CAP


def test_attack_39_directions_are_separate(funded):
    """Going round in circles frees nothing, and filling one way does not close the other."""
    fill(funded)
    assert funded.contract.available(funded.token, False) == 5 * CAP
    assert funded.release(funded.transfer(0, CAP)).return_value is True
    assert funded.contract.available(funded.token, True) < CAP // 100
    with ape.reverts("bridge: over a cap"):
        funded.send(CAP // 100)


def test_attack_39_filler_delays_at_a_price(bridge, chain):
    """Who fills the bucket pays its fee, and others wait at most: nobody is refused."""
    for _ in range(5):
        bridge.send(CAP)
    assert bridge.contract.fees(bridge.token) == 500 * PARS
    transfer = bridge.queued(bridge.send(CAP, may_wait=True, sender=bridge.user))
    chain.pending_timestamp += WAIT + 1
    bridge.contract.execute(transfer, True, sender=bridge.treasury)
    # What waits fills no bucket: it cannot be used to fill it for nothing.
    free = bridge.contract.available(bridge.token, True)
    bridge.send(3 * CAP, may_wait=True)
    assert bridge.contract.available(bridge.token, True) >= free


def test_attack_39_cap_lowered_while_used(free):
    """What has passed counts against the lower cap, and the bucket leaks by the lower one."""
    contract, change = free.contract, (free.token, CAP // 10, 2 * CAP, 0)
    contract.proposeToken(*change, sender=free.dao)
    free.chain.pending_timestamp += DAY - 10
    start = fill(free)
    free.chain.pending_timestamp = start + 20
    applied = contract.applyToken(*change, sender=free.user).timestamp
    assert contract.available(free.token, True) == 0
    level = 5 * CAP * 2 * DAY - (applied - start) * 10 * CAP
    opens = applied + -(-(level - 2 * CAP * DAY) // (2 * CAP))
    free.chain.pending_timestamp = opens - 1
    with ape.reverts("bridge: over a cap"):
        free.send(PARS)
    free.chain.pending_timestamp = opens + 1
    free.send(PARS)


def test_attack_39_cap_raised_counts_from_now(free):
    """Time before the change leaks by the old cap."""
    contract, change = free.contract, (free.token, 50 * CAP, 100 * CAP, 0)
    contract.proposeToken(*change, sender=free.dao)
    free.chain.pending_timestamp += DAY - 10
    start = fill(free)
    free.chain.pending_timestamp = start + 20
    contract.applyToken(*change, sender=free.user)
    room = (50 * CAP * 2 * DAY - (5 * CAP * 2 * DAY - 20 * 10 * CAP)) // (2 * DAY)
    free.chain.pending_timestamp = start + 20
    with ape.reverts("bridge: over a cap"):
        free.send(room + 1)
    free.chain.pending_timestamp = start + 20
    free.send(room)


def test_attack_39_fee_on_transfer(free):
    """A message carries what arrived, not what was said."""
    free.token.behave(50, ZERO, True, sender=free.user)
    (sent,) = free.send(CAP).events.filter(free.contract.Sent)
    assert sent.amount == CAP // 2 == free.token.balanceOf(free.contract)


def test_attack_39_token_that_calls_back(free):
    """A token cannot send, or release, while one is sent: what arrived would count twice."""
    data = free.contract.send.encode_input(1, free.token, PARS, b"\x22" * 32, False)
    free.token.callBack(free.contract, data, sender=free.user)
    with ape.reverts():
        free.send()
    free.token.callBack(ZERO, b"", sender=free.user)
    free.send()


# --- 40: queue ---


def test_attack_40_expired_entry(funded):
    transfer, event = queue_inbound(funded)
    funded.chain.pending_timestamp = event.ready + GRACE
    with ape.reverts("bridge: expired"):
        funded.contract.execute(transfer, False, sender=funded.user)


def test_attack_40_challenged_entry(funded):
    transfer, event = queue_inbound(funded)
    funded.chain.pending_timestamp = event.ready
    funded.contract.challenge(event.id, sender=funded.guardians[3])
    with ape.reverts("bridge: not queued"):
        funded.contract.execute(transfer, False, sender=funded.user)
    with ape.reverts("bridge: message seen"):
        funded.release(transfer)


def test_attack_40_same_entry_twice(funded):
    transfer, event = queue_inbound(funded)
    funded.chain.pending_timestamp = event.ready
    funded.contract.execute(transfer, False, sender=funded.user)
    with ape.reverts("bridge: not queued"):
        funded.contract.execute(transfer, False, sender=funded.user)
    with ape.reverts("bridge: message seen"):
        funded.release(transfer)
    # Nor by the same number with other content.
    with ape.reverts("bridge: message seen"):
        funded.release({**transfer, "amount": PARS})


def change_guardians(bridge, places, threshold, lattice):
    change = (bridge.members(places), threshold, lattice)
    bridge.contract.proposeGuardians(*change, sender=bridge.dao)
    bridge.chain.pending_timestamp += DAY
    bridge.contract.applyGuardians(*change, sender=bridge.user)


def test_attack_40_guardians_change_while_queued(funded):
    """What guardians attested who are no longer is attested anew, and waits anew."""
    transfer, event = queue_inbound(funded)
    change_guardians(funded, [0, 1, 2, 3, 4], 4, 2)
    funded.chain.pending_timestamp = event.ready
    with ape.reverts("bridge: guardians changed"):
        funded.contract.execute(transfer, False, sender=funded.user)
    receipt = funded.release(transfer)
    assert funded.contract.entry(event.id) == (2, receipt.timestamp + WAIT, 2, 0)
    funded.chain.pending_timestamp = receipt.timestamp + WAIT
    funded.contract.execute(transfer, False, sender=funded.user)


def test_attack_40_id_has_chains_contracts_and_nonce(bridge, project, arguments):
    """A message for another bridge, of another chain or number, is another message."""
    contract = bridge.contract
    twin = bridge.dao.deploy(project.BridgeGuard, *arguments.values())
    transfer = bridge.transfer(0)
    others = [
        contract.messageId(transfer, False),
        contract.messageId(transfer, True),
        contract.messageId({**transfer, "chain": 6134}, False),
        contract.messageId({**transfer, "remote": b"\x12" * 32}, False),
        contract.messageId({**transfer, "nonce": 1}, False),
        twin.messageId(transfer, False),
    ]
    assert len(set(others)) == len(others)
    for key in bridge.keys:
        twin.storeKey(key.public_key().public_bytes_raw(), sender=bridge.user)
    with ape.reverts("bridge: wrong lattice signature"):
        twin.release(transfer, bridge.attestations(transfer), sender=bridge.user)
    bridge.send(10 * PARS)
    attestations = bridge.attestations(transfer)
    contract.release(transfer, attestations, sender=bridge.user)


# --- 41: what emptied other bridges ---


def test_attack_41_default_remote(funded):
    """Nomad: what was never set up is no authority."""
    with ape.reverts("bridge: no remote"):
        funded.release(funded.transfer(0, chain=77, remote=b"\0" * 32))
    with ape.reverts("bridge: no remote"):
        funded.release(funded.transfer(0, remote=b"\0" * 32))
    with ape.reverts("bridge: too few guardians"):
        funded.contract.release(funded.transfer(0), [], sender=funded.user)


def test_attack_41_no_signers(bridge, project, arguments):
    """Ronin: there is no moment at which nobody, or nearly nobody, is enough."""
    for members in ([], arguments["members"][:3]):
        with ape.reverts("bridge: too few members"):
            wrong = {**arguments, "members": members, "threshold": 0, "lattice": 0}
            bridge.dao.deploy(project.BridgeGuard, *wrong.values())
    with ape.reverts("bridge: too few members"):
        bridge.contract.proposeGuardians([], 0, 0, sender=bridge.dao)
    # A place beyond the set is empty, and the zero account is what a broken signature recovers to.
    bridge.send(10 * PARS)
    transfer = bridge.transfer(0)
    good = bridge.attestations(transfer)
    with ape.reverts("bridge: no such guardian"):
        wrong = [*good[:4], (7, bytes(64) + b"\x1b")]
        bridge.contract.release(transfer, wrong, sender=bridge.user)
    with ape.reverts("bridge: wrong signature"):
        wrong = [*good[:4], (5, bytes(64) + b"\x1b")]
        bridge.contract.release(transfer, wrong, sender=bridge.user)


def test_attack_41_message_calls_nothing(funded):
    """Poly: a message reaches no list of ours; its token must be one, and its account not us."""
    members = funded.contract.guardians()
    for field, value, reason in (
        ("token", funded.contract.address, "not a token"),
        ("account", funded.contract.address, "pays itself"),
    ):
        with ape.reverts(f"bridge: {reason}"):
            funded.release(funded.transfer(0, **{field: value}))
    assert funded.contract.guardians() == members


def test_attack_41_new_threshold_on_old_signatures(funded):
    """Signatures are for one set of guardians: a smaller one does not make old ones enough."""
    transfer = funded.transfer(0)
    old = funded.attestations(transfer, lattice=(0, 1, 2), classical=(3,))
    with ape.reverts("bridge: too few guardians"):
        funded.contract.release(transfer, old, sender=funded.user)
    change_guardians(funded, [0, 1, 2, 3, 4], 4, 2)
    with ape.reverts("bridge: wrong lattice signature"):
        funded.contract.release(transfer, old, sender=funded.user)
    funded.release(transfer, lattice=(0, 1, 2), classical=(3,))


def test_attack_41_former_guardians(funded):
    """Whoever leaves the set signs no more, in no place."""
    change_guardians(funded, [0, 1, 2, 3, 6], 4, 2)
    transfer = funded.transfer(0)
    digest = funded.contract.digest(transfer)
    for place in (4, 5):
        with ape.reverts("bridge: wrong lattice signature"):
            wrong = [*funded.attestations(transfer, (0, 1, 2, 3), ())]
            wrong.append((4, funded.keys[place].sign(digest)))
            funded.contract.release(transfer, wrong, sender=funded.user)


def test_attack_41_zero_token(bridge):
    """Qubit: transfers of the zero address succeed by doing nothing; it is no token."""
    with ape.reverts("bridge: not a token"):
        bridge.contract.send(1, ZERO, PARS, b"\x22" * 32, True, sender=bridge.user)
    with ape.reverts("bridge: not a token"):
        bridge.release(bridge.transfer(0, token=ZERO))
    with ape.reverts("bridge: token without code"):
        bridge.contract.proposeToken(ZERO, CAP, 2 * CAP, 0, sender=bridge.dao)
