"""Votes for gauges: what they count, when, and what is refused."""

import ape
import pytest

PARS = 10**18
DAY = 86_400
WEEK = 7 * DAY
YEAR = 365 * DAY
MAXTIME = 4 * YEAR
ONE = 10**18
ZERO = "0x0000000000000000000000000000000000000000"


@pytest.fixture
def alice(accounts):
    return accounts[0]


@pytest.fixture
def bob(accounts):
    return accounts[1]


@pytest.fixture
def shares(controller):
    """The parts of an epoch, by gauge."""

    def run(epoch):
        gauges, parts = controller.shares(epoch)
        return dict(zip(gauges, parts, strict=True))

    return run


def test_vote_and_count(controller, escrow, lock, enter, gauges, alice, bob, shares):
    """A vote counts from the next epoch on, with the power of its first second."""
    lock(alice, 100 * PARS, MAXTIME)
    receipt = controller.voteForGauges(gauges[:2], [7_500, 2_500], sender=alice)
    assert list(receipt.events) == [
        controller.Voted(voter=alice, firstEpoch=1, gauges=list(gauges[:2]), shares=[7_500, 2_500])
    ]
    controller.checkpoint([alice], sender=bob)
    assert controller.gaugeWeight(gauges[0], 0) == 0

    enter(1, DAY)
    power = escrow.getPastVotes(alice, controller.epochStart(1))
    assert controller.getEffectiveVoteWeight(alice, gauges[0]) == power * 7_500 // 10_000
    receipt = controller.checkpoint([alice], sender=bob)
    assert list(receipt.events) == [controller.Counted(voter=alice, epoch=1, power=power)]
    assert controller.gaugeWeight(gauges[0], 1) == power * 7_500 // 10_000
    assert controller.gaugeWeight(gauges[1], 1) == power * 2_500 // 10_000
    assert controller.getVote(alice) == (gauges[:2], [7_500, 2_500], 1, True)

    assert list(controller.checkpoint([alice, alice], sender=bob).events) == []
    assert controller.gaugeWeight(gauges[0], 1) == power * 7_500 // 10_000
    with ape.reverts("GaugeController: epoch is not over"):
        controller.shares(1)
    enter(2)
    assert shares(1) == {gauges[0]: ONE // 2, gauges[1]: ONE // 2}
    assert controller.getVote(alice)[3] is False


def test_vote_fades(controller, escrow, lock, enter, gauges, alice):
    """A tenth less in each epoch, nothing in the eleventh."""
    lock(alice, 100 * PARS, MAXTIME)
    controller.voteForGauges(gauges[:1], [10_000], sender=alice)
    for epoch in range(1, 13):
        enter(epoch)
        power = escrow.getPastVotes(alice, controller.epochStart(epoch))
        expected = power * max(0, 11 - epoch) // 10
        assert controller.getEffectiveVoteWeight(alice, gauges[0]) == expected
        controller.checkpoint([alice], sender=alice)
        assert controller.gaugeWeight(gauges[0], epoch) == expected


def test_new_vote_counts_from_the_next_epoch(controller, lock, enter, gauges, alice):
    """What stood at the start of an epoch is counted for it before it is replaced."""
    lock(alice, 100 * PARS, MAXTIME)
    controller.voteForGauges(gauges[:1], [10_000], sender=alice)
    enter(1)
    controller.voteForGauges(gauges[1:2], [10_000], sender=alice)
    counted = controller.gaugeWeight(gauges[0], 1)
    assert counted > 99 * PARS
    controller.voteForGauges(gauges[2:3], [10_000], sender=alice)
    assert controller.gaugeWeight(gauges[0], 1) == counted
    enter(2)
    controller.checkpoint([alice], sender=alice)

    assert controller.gaugeWeight(gauges[1], 2) == 0
    assert controller.gaugeWeight(gauges[2], 2) > 99 * PARS


def test_vote_taken_back(controller, lock, enter, gauges, alice):
    lock(alice, 100 * PARS, MAXTIME)
    controller.voteForGauges(gauges[:1], [10_000], sender=alice)
    controller.voteForGauges([], [], sender=alice)
    enter(1)
    controller.checkpoint([alice], sender=alice)

    assert controller.gaugeWeight(gauges[0], 1) == 0
    assert controller.getVote(alice) == ([], [], 1, False)


def test_ten_choices(controller, lock, enter, dao, alice):
    found = [f"0x{i + 10:040}" for i in range(10)]
    for gauge in found:
        controller.addGauge(gauge, 0, sender=dao)
    lock(alice, 100 * PARS, MAXTIME)
    parts = [1, 9_990, 1, 1, 1, 1, 1, 1, 1, 2]
    controller.voteForGauges(found, parts, sender=alice)
    assert controller.getVote(alice)[:2] == (found, parts)
    enter(1)
    controller.checkpoint([alice], sender=alice)
    assert controller.gaugeWeight(found[9], 1) // 2 == controller.gaugeWeight(found[0], 1)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([10_000], "GaugeController: unequal lengths"),
        ([5_000, 4_999], "GaugeController: not the whole"),
        ([5_000, 5_001], "GaugeController: not the whole"),
        ([2**256 - 1, 2**256 - 1], "GaugeController: not the whole"),
        ([10_000, 0], "GaugeController: share of nothing"),
    ],
)
def test_votes_that_are_none(controller, gauges, alice, parts, reason):
    with ape.reverts(reason):
        controller.voteForGauges(gauges[:2], parts, sender=alice)


def test_vote_for_what_is_no_gauge(controller, gauges, dao, alice):
    with ape.reverts("GaugeController: gauge is not there"):
        controller.voteForGauges([alice], [10_000], sender=alice)
    controller.removeGauge(gauges[0], sender=dao)
    with ape.reverts("GaugeController: gauge is not there"):
        controller.voteForGauges(gauges[:1], [10_000], sender=alice)


# --- Parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([40, 30, 30], [40, 30, 30]),
        ([50, 50], [50, 50]),
        ([80, 15, 5], [50, 37.5, 12.5]),
        ([100], [50]),
        ([4_900, 4_900, 200], [49, 49, 2]),
        ([4_951, 4_950, 98], [None, None]),
        ([9_903, 97], [50]),
        ([], []),
    ],
)
def test_parts(controller, lock, enter, gauges, accounts, shares, votes, expected):
    """At most half, nothing below a hundredth; together all, or half of it for one alone."""
    for voter, amount, gauge in zip(accounts, votes, gauges, strict=False):
        lock(voter, amount * PARS // 10, MAXTIME)
        controller.voteForGauges([gauge], [10_000], sender=voter)
    enter(1)
    # All locks last 4 years from about the same second, and are worth nearly their amounts.
    controller.checkpoint(accounts[: len(votes)], sender=accounts[0])
    enter(2)

    found = shares(1)
    assert list(found) == list(gauges[: len(expected)])
    for part, per_cent in zip(found.values(), expected, strict=True):
        if per_cent is not None:
            assert abs(part - int(per_cent * 10**16)) <= 10**11
    whole = ONE if len(found) > 1 else ONE // 2 * len(found)
    assert whole - len(found) <= sum(found.values()) <= whole


@pytest.mark.parametrize(("small", "found"), [(100, 2), (99, 1)])
def test_least_part_to_the_edge(controller, lock, enter, gauges, alice, shares, small, found):
    """One per cent exactly is enough, whatever the power."""
    lock(alice, 1_234_567, MAXTIME)
    controller.voteForGauges(gauges[:2], [10_000 - small, small], sender=alice)
    enter(1)
    controller.checkpoint([alice], sender=alice)
    enter(2)

    assert len(shares(1)) == found


def test_removed_gauge_burns_no_power(controller, lock, enter, gauges, dao, alice, bob, shares):
    """The others share all; added again, it has its votes again."""
    lock(alice, 100 * PARS, MAXTIME)
    lock(bob, 50 * PARS, MAXTIME)
    controller.voteForGauges(gauges[:3], [3_400, 3_300, 3_300], sender=alice)
    controller.voteForGauges(gauges[1:2], [10_000], sender=bob)
    enter(1)
    controller.checkpoint([alice], sender=alice)
    controller.removeGauge(gauges[1], sender=dao)
    controller.checkpoint([bob], sender=alice)
    enter(2)

    assert set(shares(1)) == {gauges[0], gauges[2]}
    assert ONE - 2 <= sum(shares(1).values()) <= ONE
    controller.addGauge(gauges[1], 4, sender=dao)
    assert set(shares(1)) == set(gauges[:3])
    assert shares(1)[gauges[1]] == ONE // 2
    controller.checkpoint([alice, bob], sender=alice)
    assert controller.gaugeWeight(gauges[1], 2) > 0


def test_gauges(controller, gauges, dao, alice):
    assert controller.getGauges() == list(gauges)
    receipt = controller.removeGauge(gauges[1], sender=dao)
    assert list(receipt.events) == [controller.GaugeRemoved(gauge=gauges[1])]
    assert controller.getGauges() == [gauges[0], gauges[3], gauges[2]]
    controller.removeGauge(gauges[2], sender=dao)
    controller.removeGauge(gauges[3], sender=dao)
    receipt = controller.addGauge(gauges[1], 4, sender=dao)
    assert list(receipt.events) == [controller.GaugeAdded(gauge=gauges[1], gaugeType=4)]
    assert controller.getGauges() == [gauges[0], gauges[1]]
    assert controller.gaugeType(gauges[1]) == 4

    with ape.reverts("GaugeController: only the dao"):
        controller.addGauge(alice, 0, sender=alice)
    with ape.reverts("GaugeController: only the dao"):
        controller.removeGauge(gauges[0], sender=alice)
    with ape.reverts("GaugeController: gauge is there"):
        controller.addGauge(gauges[0], 0, sender=dao)
    with ape.reverts("GaugeController: gauge is not there"):
        controller.removeGauge(alice, sender=dao)
    with ape.reverts("GaugeController: no such type"):
        controller.addGauge(alice, 5, sender=dao)
    with ape.reverts("GaugeController: no gauge"):
        controller.addGauge(ZERO, 0, sender=dao)


def test_too_many_gauges(controller, dao, alice):
    for i in range(64):
        controller.addGauge(f"0x{i + 1:040x}", 0, sender=dao)
    with ape.reverts("GaugeController: too many gauges"):
        controller.addGauge(alice, 0, sender=dao)


def test_ids_are_used_up(controller, gauges, dao, alice, networks):
    """A vote's word has 9 bits for a gauge: 511 ever. Those that were there can come back."""
    slot = 66  # the length of the list of all
    assert int.from_bytes(networks.provider.get_storage(controller.address, slot)) == 4
    networks.provider.set_storage(controller.address, slot, 510)
    controller.addGauge(alice, 0, sender=dao)
    controller.voteForGauges([alice], [10_000], sender=alice)
    assert controller.getVote(alice)[0] == [alice]
    with ape.reverts("GaugeController: ids are used up"):
        controller.addGauge(dao, 0, sender=dao)
    controller.removeGauge(gauges[0], sender=dao)
    controller.addGauge(gauges[0], 0, sender=dao)


def test_epochs(controller, chain):
    start = controller.START()
    assert controller.epochStart(3) == start + 3 * WEEK
    chain.mine(timestamp=start + 3 * WEEK - 1)
    assert controller.epoch() == 2
    chain.mine(timestamp=start + 3 * WEEK)
    assert controller.epoch() == 3


def test_no_count_in_the_first_second(controller, lock, gauges, alice, chain):
    """Then the power of the epoch is not known yet."""
    lock(alice, 100 * PARS, MAXTIME)
    controller.voteForGauges(gauges[:1], [10_000], sender=alice)
    chain.pending_timestamp = controller.epochStart(1)
    with ape.reverts("VePARS: not over yet"):
        controller.checkpoint([alice], sender=alice)


def test_constructor(project, owner, escrow, dao):
    with ape.reverts("GaugeController: no escrow"):
        owner.deploy(project.GaugeController, owner, dao)
    with ape.reverts("GaugeController: no dao"):
        owner.deploy(project.GaugeController, escrow, ZERO)
