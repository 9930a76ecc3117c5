"""Locks, power and delegation of VePARS: what works, and what is refused at each edge."""

import ape
import pytest

PARS = 10**18
DAY = 86_400
YEAR = 365 * DAY
MINTIME = 30 * DAY
MAXTIME = 4 * YEAR
ZERO = "0x0000000000000000000000000000000000000000"


@pytest.fixture
def alice(accounts):
    return accounts[0]


@pytest.fixture
def bob(accounts):
    return accounts[1]


@pytest.fixture
def carol(accounts):
    return accounts[2]


@pytest.fixture
def now(chain):
    """The second of the newest block."""
    return lambda: chain.blocks.head.timestamp


# --- Locks ------------------------------------------------------------------------------------


def test_thousand_pars_for_four_years(escrow, lock, alice, chain, now):
    """1000 at first, 500 after two years, 0 at the end; past reads agree."""
    lock_id = lock(alice, 1000 * PARS, MAXTIME)
    start = now()

    assert escrow.votingPower(alice) == 1000 * PARS
    assert escrow.votingPowerAt(alice, start + 2 * YEAR) == 500 * PARS
    chain.mine(timestamp=start + 2 * YEAR)
    assert escrow.getVotes(alice) == 500 * PARS
    assert escrow.totalSupply() == 500 * PARS
    assert escrow.balanceOf(alice) == 500 * PARS
    assert escrow.getPastVotes(alice, start) == 1000 * PARS

    chain.mine(timestamp=start + MAXTIME - 1)
    assert escrow.getVotes(alice) == 1000 * PARS // MAXTIME
    chain.mine(timestamp=start + MAXTIME)
    assert escrow.getVotes(alice) == 0
    escrow.withdraw(lock_id, sender=alice)
    assert escrow.getPastVotes(alice, start + YEAR) == 750 * PARS
    assert escrow.getPastTotalSupply(start + YEAR) == 750 * PARS


def test_lock_is_told(escrow, wpars, alice, now):
    held = wpars.balanceOf(escrow)
    receipt = escrow.lock(5 * PARS, YEAR, sender=alice)
    (lock_id,) = escrow.locksOf(alice)

    assert receipt.return_value == lock_id == int(alice.address, 16) << 96
    assert wpars.balanceOf(escrow) == held + 5 * PARS
    assert escrow.getLock(lock_id) == (alice, 5 * PARS, 5 * PARS, now() + YEAR, alice, 0)
    assert escrow.Locked(
        owner=alice, lockId=lock_id, amount=5 * PARS, weight=5 * PARS, end=now() + YEAR
    ) in list(receipt.events)
    assert escrow.DelegateVotesChanged(
        delegate=alice, previousVotes=0, newVotes=5 * PARS // 4
    ) in list(receipt.events)


@pytest.mark.parametrize(
    ("amount", "duration", "reason"),
    [
        (0, YEAR, "VePARS: nothing to lock"),
        (PARS, MINTIME - 1, "VePARS: shorter than 30 days"),
        (PARS, 0, "VePARS: shorter than 30 days"),
        (PARS, MAXTIME + 1, "VePARS: longer than 4 years"),
        (PARS, 2**256 - 1, "VePARS: longer than 4 years"),
        (2**95, YEAR, "VePARS: too much"),
        (2**127, YEAR, "VePARS: too much"),
        (2**256 - 1, YEAR, "VePARS: too much"),
        (2**95 - 1, YEAR, "WPARS: balance too low"),
    ],
)
def test_locks_that_are_none(escrow, alice, amount, duration, reason):
    with ape.reverts(reason):
        escrow.lock(amount, duration, sender=alice)


@pytest.mark.parametrize("duration", [MINTIME, MAXTIME])
def test_shortest_and_longest(escrow, lock, alice, duration):
    lock(alice, PARS, duration)

    assert escrow.getVotes(alice) == PARS * duration // MAXTIME


def test_lock_without_allowance(escrow, wpars, alice):
    wpars.approve(escrow, PARS - 1, sender=alice)
    with ape.reverts("WPARS: allowance too low"):
        escrow.lock(PARS, YEAR, sender=alice)


def test_sixteen_locks(escrow, lock, alice, chain, now):
    """A slot is free again after a withdrawal; its old id names nothing."""
    first = lock(alice, PARS, MINTIME)
    for _ in range(15):
        lock(alice, PARS, MINTIME + DAY)
    assert len(escrow.locksOf(alice)) == 16
    with ape.reverts("VePARS: 16 locks at most"):
        escrow.lock(PARS, YEAR, sender=alice)

    chain.mine(timestamp=now() + MINTIME)
    with ape.reverts("VePARS: 16 locks at most"):
        escrow.lock(PARS, YEAR, sender=alice)
    escrow.withdraw(first, sender=alice)
    again = lock(alice, PARS, YEAR)
    assert again == first + (16 << 8)
    assert set(escrow.locksOf(alice)) == {first + (i << 8) + i for i in range(1, 16)} | {again}
    with ape.reverts("VePARS: no such lock"):
        escrow.withdraw(first, sender=alice)
    with ape.reverts("VePARS: no such lock"):
        escrow.getLock(first)


def test_increase(escrow, wpars, lock, alice, chain, now):
    lock_id = lock(alice, 100 * PARS, 2 * YEAR)
    end = now() + 2 * YEAR
    chain.pending_timestamp = end - YEAR
    receipt = escrow.increase(lock_id, 60 * PARS, sender=alice)

    assert escrow.getVotes(alice) == 40 * PARS
    assert escrow.totalSupply() == 40 * PARS
    assert wpars.balanceOf(escrow) == 160 * PARS
    assert escrow.getLock(lock_id)[1:4] == (160 * PARS, 160 * PARS, end)
    assert escrow.Increased(
        lockId=lock_id, added=60 * PARS, amount=160 * PARS, weight=160 * PARS
    ) in list(receipt.events)


def test_increase_in_the_last_second(escrow, lock, alice, chain, now):
    """A dead lock takes nothing; a nearly dead one what its last second is worth."""
    lock_id = lock(alice, PARS, MINTIME)
    end = now() + MINTIME
    with chain.isolate():
        chain.pending_timestamp = end
        with ape.reverts("VePARS: lock has ended"):
            escrow.increase(lock_id, PARS, sender=alice)
    chain.pending_timestamp = end - 1
    escrow.increase(lock_id, PARS, sender=alice)
    assert escrow.getVotes(alice) == 2 * PARS // MAXTIME


def test_increase_refusals(escrow, lock, alice, bob):
    lock_id = lock(alice, PARS, YEAR)
    with ape.reverts("VePARS: nothing to lock"):
        escrow.increase(lock_id, 0, sender=alice)
    with ape.reverts("VePARS: not your lock"):
        escrow.increase(lock_id, PARS, sender=bob)
    with ape.reverts("VePARS: too much"):
        escrow.increase(lock_id, 2**95 - PARS, sender=alice)
    for wrong in (lock_id + 1, lock_id + (1 << 8), lock_id + 16, lock_id + (1 << 40)):
        with ape.reverts("VePARS: no such lock"):
            escrow.increase(wrong, PARS, sender=alice)


def test_extend(escrow, lock, alice, chain, now):
    lock_id = lock(alice, 100 * PARS, YEAR)
    end = now() + YEAR
    chain.pending_timestamp = end - DAY
    receipt = escrow.extendLock(lock_id, MAXTIME, sender=alice)

    assert escrow.getVotes(alice) == escrow.totalSupply() == 100 * PARS
    assert escrow.getPastVotes(alice, end - DAY - 1) == 100 * PARS * (DAY + 1) // MAXTIME
    assert escrow.Extended(lockId=lock_id, end=end - DAY + MAXTIME, weight=100 * PARS) in list(
        receipt.events
    )
    chain.mine(timestamp=end + DAY)
    assert escrow.getPastVotes(alice, end) == 100 * PARS * (MAXTIME - DAY) // MAXTIME


def test_extend_refusals(escrow, lock, alice, bob, chain, now):
    lock_id = lock(alice, PARS, YEAR)
    end = now() + YEAR
    with ape.reverts("VePARS: not your lock"):
        escrow.extendLock(lock_id, 2 * YEAR, sender=bob)
    with ape.reverts("VePARS: longer than 4 years"):
        escrow.extendLock(lock_id, MAXTIME + 1, sender=alice)
    chain.pending_timestamp = end - YEAR + 10
    with ape.reverts("VePARS: not an extension"):
        escrow.extendLock(lock_id, YEAR - 10, sender=alice)
    with chain.isolate():
        chain.pending_timestamp = end - DAY
        with ape.reverts("VePARS: shorter than 30 days"):
            escrow.extendLock(lock_id, MINTIME - 1, sender=alice)
        chain.pending_timestamp = end
        with ape.reverts("VePARS: lock has ended"):
            escrow.extendLock(lock_id, YEAR, sender=alice)
    chain.pending_timestamp = end - YEAR + 10
    escrow.extendLock(lock_id, YEAR - 9, sender=alice)
    assert escrow.getLock(lock_id)[3] == end + 1


def test_withdraw(escrow, wpars, lock, alice, bob, chain, now):
    lock_id = lock(alice, 3 * PARS, MINTIME)
    end = now() + MINTIME
    before = wpars.balanceOf(alice)
    chain.pending_timestamp = end - 1
    with ape.reverts("VePARS: lock has not ended"):
        escrow.withdraw(lock_id, sender=alice)
    chain.pending_timestamp = end
    with ape.reverts("VePARS: not your lock"):
        escrow.withdraw(lock_id, sender=bob)
    chain.pending_timestamp = end
    receipt = escrow.withdraw(lock_id, sender=alice)

    assert escrow.Withdrawn(owner=alice, lockId=lock_id, amount=3 * PARS) in list(receipt.events)
    assert wpars.balanceOf(alice) == before + 3 * PARS
    assert wpars.balanceOf(escrow) == 0
    with ape.reverts("VePARS: no such lock"):
        escrow.withdraw(lock_id, sender=alice)


def test_end_of_the_calendar(escrow, alice, chain):
    """A time in a word has 32 bits: in the 136th year no lock is made that would not fit."""
    last = escrow.EPOCH() + 2**32 - 1
    chain.pending_timestamp = last - MINTIME + 1
    with ape.reverts("VePARS: end of the calendar"):
        escrow.lock(PARS, MINTIME, sender=alice)
    chain.pending_timestamp = last - MINTIME + 1
    with ape.reverts("VePARS: end of the calendar"):
        escrow.lock(PARS, MAXTIME, sender=alice)
    chain.pending_timestamp = last - MINTIME + 1
    escrow.checkpoint(alice, sender=alice)


# --- Delegation -------------------------------------------------------------------------------


def test_delegate(escrow, delegate, lock, alice, bob, carol, now):
    lock(alice, 100 * PARS, MAXTIME)
    lock(alice, 100 * PARS, 2 * YEAR)
    lock(bob, 100 * PARS, MAXTIME)
    receipt = delegate(alice, carol)

    assert escrow.delegates(alice) == carol
    assert escrow.getVotes(alice) == 0
    moved = escrow.getVotes(carol)
    assert 149 * PARS < moved <= 150 * PARS
    assert escrow.DelegateChanged(delegator=alice, fromDelegate=alice, toDelegate=carol) in list(
        receipt.events
    )
    assert escrow.DelegateVotesChanged(delegate=carol, previousVotes=0, newVotes=moved) in list(
        receipt.events
    )
    assert escrow.DelegateVotesChanged(delegate=alice, previousVotes=moved, newVotes=0) in list(
        receipt.events
    )
    assert escrow.balanceOf(alice) == moved
    assert escrow.balanceOf(carol) == 0

    lock(alice, 100 * PARS, MAXTIME)
    assert escrow.getVotes(alice) == 0
    assert escrow.getVotes(carol) > 249 * PARS


@pytest.mark.parametrize("back", ["owner", "zero"])
def test_delegate_back(escrow, delegate, lock, alice, bob, back):
    lock(alice, 100 * PARS, MAXTIME)
    delegate(alice, bob)
    delegate(alice, alice if back == "owner" else ZERO)

    assert escrow.delegates(alice) == alice
    assert escrow.getVotes(bob) == 0
    assert escrow.getVotes(alice) > 99 * PARS


def test_nothing_changes_without_change(escrow, delegate, lock, alice):
    lock(alice, 100 * PARS, MAXTIME)
    receipt = delegate(alice, alice)

    assert receipt.events == [
        escrow.DelegateChanged(delegator=alice, fromDelegate=alice, toDelegate=alice)
    ]


def test_delegate_one_lock(escrow, delegate, lock, alice, bob, carol):
    one = lock(alice, 100 * PARS, MAXTIME)
    lock(alice, 10 * PARS, MAXTIME)
    receipt = escrow.delegateLock(one, bob, sender=alice)

    assert escrow.LockDelegated(
        lockId=one, fromDelegate=alice, toDelegate=bob, pledgedUntil=0
    ) in list(receipt.events)
    assert escrow.getLock(one)[4] == bob
    assert escrow.getVotes(bob) > 99 * PARS
    delegate(alice, carol)
    assert escrow.getVotes(bob) > 99 * PARS
    assert 9 * PARS < escrow.getVotes(carol) <= 10 * PARS
    escrow.delegateLock(one, ZERO, sender=alice)
    assert escrow.getLock(one)[4] == carol
    assert escrow.getVotes(bob) == 0
    assert escrow.getVotes(carol) > 109 * PARS


def test_delegate_refusals(escrow, delegate, lock, alice, bob, chain, now):
    lock_id = lock(alice, PARS, MINTIME)
    with ape.reverts("VePARS: not to the escrow"):
        delegate(alice, escrow)
    with ape.reverts("VePARS: not to the escrow"):
        escrow.delegateLock(lock_id, escrow, sender=alice)
    with ape.reverts("VePARS: not your lock"):
        escrow.delegateLock(lock_id, bob, sender=bob)
    chain.pending_timestamp = now() + MINTIME
    with ape.reverts("VePARS: lock has ended"):
        escrow.delegateLock(lock_id, bob, sender=alice)


def test_pledge(escrow, delegate, lock, alice, bob, carol, chain, now):
    lock_id = lock(alice, 100 * PARS, YEAR)
    end = now() + YEAR
    until = now() + 10 * DAY
    receipt = escrow.pledge(lock_id, bob, until, sender=alice)

    assert escrow.LockDelegated(
        lockId=lock_id, fromDelegate=alice, toDelegate=bob, pledgedUntil=until
    ) in list(receipt.events)
    assert escrow.getLock(lock_id)[4:] == (bob, until)
    delegate(alice, carol)
    escrow.increase(lock_id, 100 * PARS, sender=alice)
    escrow.extendLock(lock_id, 2 * YEAR, sender=alice)
    assert escrow.getVotes(bob) == 100 * PARS
    chain.pending_timestamp = until - 1
    with ape.reverts("VePARS: lock is pledged"):
        escrow.delegateLock(lock_id, alice, sender=alice)
    chain.pending_timestamp = until - 1
    with ape.reverts("VePARS: lock is pledged"):
        escrow.pledge(lock_id, bob, end, sender=alice)
    chain.pending_timestamp = until
    escrow.delegateLock(lock_id, ZERO, sender=alice)
    assert escrow.getVotes(bob) == 0
    assert escrow.getLock(lock_id)[4:] == (carol, 0)


def test_pledge_refusals(escrow, lock, alice, bob, chain, now):
    lock_id = lock(alice, PARS, YEAR)
    end = now() + YEAR
    chain.pending_timestamp = end - DAY
    with ape.reverts("VePARS: pledge is in the past"):
        escrow.pledge(lock_id, bob, end - DAY, sender=alice)
    with ape.reverts("VePARS: pledge beyond the end"):
        escrow.pledge(lock_id, bob, end + 1, sender=alice)
    with ape.reverts("VePARS: pledge beyond the end"):
        escrow.pledge(lock_id, bob, 2**256 - 1, sender=alice)
    with ape.reverts("VePARS: pledge to nobody"):
        escrow.pledge(lock_id, ZERO, end, sender=alice)
    with ape.reverts("VePARS: not to the escrow"):
        escrow.pledge(lock_id, escrow, end, sender=alice)
    with ape.reverts("VePARS: not your lock"):
        escrow.pledge(lock_id, bob, end, sender=bob)
    escrow.pledge(lock_id, bob, end, sender=alice)
    chain.pending_timestamp = end
    escrow.withdraw(lock_id, sender=alice)


def test_slot_forgets_its_delegation(escrow, lock, alice, bob, chain, now):
    """The next lock of a slot follows its owner's delegate."""
    old = lock(alice, PARS, MINTIME)
    escrow.delegateLock(old, bob, sender=alice)
    chain.pending_timestamp = now() + MINTIME
    escrow.withdraw(old, sender=alice)
    new = lock(alice, PARS, YEAR)

    assert escrow.getLock(new)[4] == alice
    assert escrow.getVotes(bob) == 0


# --- Delegation by signature ------------------------------------------------------------------


@pytest.fixture
def signed(escrow, chain, sign_typed):
    def sign(account, delegatee, nonce, expiry, chain_id=None, name="vePARS"):
        domain = {
            "name": name,
            "version": "1",
            "chainId": chain_id or chain.chain_id,
            "verifyingContract": escrow.address,
        }
        types = "address delegatee,uint256 nonce,uint256 expiry"
        values = (delegatee.address, nonce, expiry)
        return sign_typed(account, domain, "Delegation", types, values)

    return sign


def test_delegate_by_signature(escrow, lock, alice, bob, carol, chain, signed):
    lock(alice, 100 * PARS, MAXTIME)
    expiry = chain.pending_timestamp + 60
    signature = signed(alice, bob, 0, expiry)
    with chain.isolate():
        chain.pending_timestamp = expiry + 1
        with ape.reverts("VePARS: signature expired"):
            escrow.delegateBySig(bob, 0, expiry, *signature, sender=carol)
    chain.pending_timestamp = expiry
    escrow.delegateBySig(bob, 0, expiry, *signature, sender=carol)

    assert escrow.delegates(alice) == bob
    assert escrow.nonces(alice) == 1
    assert escrow.getVotes(bob) > 99 * PARS
    chain.pending_timestamp = expiry
    with ape.reverts("VePARS: wrong nonce"):
        escrow.delegateBySig(bob, 0, expiry, *signature, sender=carol)


@pytest.mark.parametrize("fault", ["delegatee", "chain", "name"])
def test_signatures_for_something_else(escrow, lock, alice, bob, carol, chain, signed, fault):
    """They are of somebody else, who has no lock: nothing of the signer's moves."""
    lock(alice, 100 * PARS, MAXTIME)
    expiry = chain.pending_timestamp + 60
    signature = signed(
        alice,
        carol if fault == "delegatee" else bob,
        0,
        expiry,
        chain_id=6134 if fault == "chain" else None,
        name="vePARS2" if fault == "name" else "vePARS",
    )
    escrow.delegateBySig(bob, 0, expiry, *signature, sender=carol)

    assert escrow.delegates(alice) == alice
    assert escrow.nonces(alice) == 0
    assert escrow.getVotes(bob) == 0


def test_signature_faults(escrow, alice, bob, chain, signed):
    expiry = chain.pending_timestamp + 600
    v, r, s = signed(alice, bob, 1, expiry)
    with ape.reverts("VePARS: wrong nonce"):
        escrow.delegateBySig(bob, 1, expiry, v, r, s, sender=bob)
    v, r, s = signed(alice, bob, 0, expiry)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order - int.from_bytes(s)).to_bytes(32)
    with ape.reverts("ecdsa: high s"):
        escrow.delegateBySig(bob, 0, expiry, 55 - v, r, high, sender=bob)
    with ape.reverts("ecdsa: no signer"):
        escrow.delegateBySig(bob, 0, expiry, 29, r, s, sender=bob)


# --- Reads ------------------------------------------------------------------------------------


def test_clock(escrow, now):
    assert escrow.clock() == now()
    assert escrow.CLOCK_MODE() == "mode=timestamp"
    assert (escrow.name(), escrow.symbol(), escrow.decimals()) == (
        "vote-escrowed PARS",
        "vePARS",
        18,
    )
    assert tuple(escrow.eip712Domain())[1:3] == ("vePARS", "1")


def test_what_was_before_is_nothing(escrow, lock, alice, chain, now):
    chain.pending_timestamp = escrow.EPOCH() + 10
    lock(alice, PARS, MAXTIME)
    start = now()

    for t in (0, escrow.EPOCH() - 1, escrow.EPOCH(), start - 1):
        assert escrow.getPastVotes(alice, t) == 0
        assert escrow.getPastTotalSupply(t) == 0
    assert escrow.votingPowerAt(alice, 2**256 - 1) == 0
    assert escrow.totalPowerAt(2**256 - 1) == 0
    assert escrow.getVotes(ZERO) == 0


def test_no_reads_of_what_is_not_over(escrow, alice, now):
    for read in (lambda t: escrow.getPastVotes(alice, t), escrow.getPastTotalSupply):
        for t in (now(), now() + 1, 2**256 - 1):
            with ape.reverts("VePARS: not over yet"):
                read(t)


def test_checkpoint_changes_no_answer(escrow, lock, alice, bob, chain, now):
    """It is written where something has ended, and nowhere else."""
    lock(alice, 10 * PARS, MINTIME)
    lock(alice, 10 * PARS, MINTIME + DAY)
    lock(alice, 10 * PARS, YEAR)
    start = now()
    times = [start + k * DAY // 2 for k in range(100)]
    powers = [escrow.votingPowerAt(alice, t) for t in times]
    totals = [escrow.totalPowerAt(t) for t in times]
    for after, written in ((-DAY, 0), (5, 1), (6, 0), (2 * DAY, 1), (3 * DAY, 0)):
        for who in (alice, escrow):
            chain.pending_timestamp = start + MINTIME + after
            receipt = escrow.checkpoint(who, sender=bob)
            assert list(receipt.events) == [escrow.Checkpointed(account=who)] * written

    assert [escrow.votingPowerAt(alice, t) for t in times] == powers
    assert [escrow.totalPowerAt(t) for t in times] == totals


def test_checkpoints_of_one_end(escrow, lock, alice, accounts, chain, now):
    """There is nothing to write: a line that ends says all."""
    lock(alice, 10 * PARS, MINTIME)
    chain.mine(timestamp=now() + 2 * MINTIME)

    assert list(escrow.checkpoint(alice, sender=alice).events) == []
    assert list(escrow.checkpoint(accounts[8], sender=alice).events) == []


# --- Deployment -------------------------------------------------------------------------------


def test_constructor(project, owner, wpars, linear_curve):
    with ape.reverts("VePARS: token is no contract"):
        owner.deploy(project.VePARS, owner, linear_curve)
    with ape.reverts("VePARS: curve is no contract"):
        owner.deploy(project.VePARS, wpars, owner)
