"""A committee: terms, approvals of those who sit, a majority of all seats."""

import ape
import pytest

NOBODY = "0x" + 40 * "0"
DAY = 86400
TERM = 180 * DAY


@pytest.fixture
def seated(accounts):
    return list(accounts)[:5]


@pytest.fixture
def committee(project, world, deployer, seated):
    made = deployer.deploy(project.Committee, world.safe, "KHAZ", seated, TERM)
    deployer.transfer(made, 1_000)
    return made


@pytest.fixture
def proposed(committee, seated, receiver):
    """A proposal to send 10 wei, by the first member."""
    committee.propose(receiver, 10, b"", sender=seated[0])
    return 1


def test_members(committee, seated, stranger, chain):
    assert committee.getMembers() == seated
    assert committee.chair() == seated[0]
    assert committee.required() == 3
    assert not committee.isMember(stranger)
    end = committee.termEnd(seated[4])
    chain.mine(timestamp=end - 1)
    assert committee.isMember(seated[4])
    chain.mine(timestamp=end)
    assert not committee.isMember(seated[4])


def test_a_majority_executes(committee, proposed, seated, receiver):
    before = receiver.balance
    committee.approve(proposed, sender=seated[1])
    with ape.reverts("committee: no majority"):
        committee.execute(proposed, b"", sender=seated[1])
    committee.approve(proposed, sender=seated[2])
    assert committee.approvalsOf(proposed) == 3
    committee.execute(proposed, b"", sender=seated[4])

    assert receiver.balance == before + 10
    with ape.reverts("committee: already done"):
        committee.execute(proposed, b"", sender=seated[4])


@pytest.mark.parametrize(("size", "needed"), [(3, 2), (4, 3), (5, 3), (8, 5)])
def test_required(project, world, deployer, accounts, size, needed):
    made = deployer.deploy(project.Committee, world.safe, "N", list(accounts)[:size], TERM)
    assert made.required() == needed


def test_only_members_act(committee, proposed, stranger, receiver):
    for function, arguments in (
        ("propose", (receiver, 0, b"")),
        ("approve", (proposed,)),
        ("execute", (proposed, b"")),
    ):
        with ape.reverts("committee: only a member"):
            getattr(committee, function)(*arguments, sender=stranger)


def test_who_left_does_not_count(committee, proposed, seated, world):
    for member in seated[1:3]:
        committee.approve(proposed, sender=member)
    world.vote(committee, "remove", seated[2])
    assert committee.getMembers() == [*seated[:2], seated[4], seated[3]]
    assert committee.approvalsOf(proposed) == 2
    with ape.reverts("committee: no majority"):
        committee.execute(proposed, b"", sender=seated[1])


def test_who_came_back_has_approved_nothing(committee, proposed, seated, world, chain):
    committee.approve(proposed, sender=seated[2])
    world.vote(committee, "remove", seated[2])
    world.vote(committee, "seat", seated[2], chain.blocks.head.timestamp + TERM)
    assert not committee.hasApproved(proposed, seated[2])
    committee.approve(proposed, sender=seated[2])
    assert committee.hasApproved(proposed, seated[2])


def test_a_longer_term_keeps_approvals_and_a_new_one_does_not(
    committee, seated, world, chain, receiver
):
    end = committee.termEnd(seated[1])
    chain.mine(timestamp=end - DAY)
    committee.propose(receiver, 1, b"", sender=seated[1])
    committee.approve(1, sender=seated[2])
    world.vote(committee, "seat", seated[1], end + DAY)
    assert committee.hasApproved(1, seated[1])
    chain.mine(timestamp=end)
    assert not committee.hasApproved(1, seated[2])
    world.vote(committee, "seat", seated[2], end + TERM)
    assert not committee.hasApproved(1, seated[2])
    assert len(committee.getMembers()) == 5


def test_two_in_their_term_are_too_few(committee, seated, world, chain, receiver):
    end = committee.termEnd(seated[0])
    for member in seated[:2]:
        world.vote(committee, "seat", member, end + TERM)
    chain.mine(timestamp=end)
    committee.propose(receiver, 1, b"", sender=seated[0])
    committee.approve(1, sender=seated[1])
    with ape.reverts("committee: too few in their term"):
        committee.execute(1, b"", sender=seated[0])


def test_equal_proposals_do_not_hide_each_other(committee, seated, receiver):
    for member in seated[:2]:
        committee.propose(receiver, 10, b"", sender=member)
    for member in seated[2:4]:
        committee.approve(1, sender=member)
    assert (committee.approvalsOf(1), committee.approvalsOf(2)) == (3, 1)
    committee.execute(1, b"", sender=seated[0])
    assert not committee.getProposal(2).done


def test_approving_twice_and_taking_back(committee, proposed, seated):
    with ape.reverts("committee: already approved"):
        committee.approve(proposed, sender=seated[0])
    with ape.reverts("committee: not approved"):
        committee.takeBack(proposed, sender=seated[1])
    committee.takeBack(proposed, sender=seated[0])
    assert committee.approvalsOf(proposed) == 0


def test_the_call_is_what_was_proposed(committee, proposed, seated):
    for member in seated[1:3]:
        committee.approve(proposed, sender=member)
    with ape.reverts("committee: other data"):
        committee.execute(proposed, b"\x01", sender=seated[0])


def test_thirty_days(committee, proposed, seated, at):
    begun = committee.getProposal(proposed).proposed
    at(begun + 30 * DAY - 1)
    committee.approve(proposed, sender=seated[1])
    at(begun + 30 * DAY)
    with ape.reverts("committee: too late"):
        committee.approve(proposed, sender=seated[2])


def test_the_chair_calls_off_and_hands_over(committee, proposed, seated, stranger, world):
    with ape.reverts("committee: only the chair"):
        committee.callOff(proposed, sender=seated[1])
    with ape.reverts("committee: neither dao nor chair"):
        committee.setChair(seated[1], sender=seated[1])
    with ape.reverts("committee: only a member"):
        committee.setChair(stranger, sender=seated[0])
    committee.setChair(seated[1], sender=seated[0])
    committee.callOff(proposed, sender=seated[1])
    with ape.reverts("committee: already done"):
        committee.approve(proposed, sender=seated[2])
    world.vote(committee, "setChair", seated[3])
    assert committee.chair() == seated[3]


def test_the_dao_seats_and_removes(committee, seated, stranger, world, chain):
    until = chain.blocks.head.timestamp + TERM
    for function, arguments in (("seat", (stranger, until)), ("remove", (seated[1],))):
        with ape.reverts("committee: only the dao"):
            getattr(committee, function)(*arguments, sender=seated[0])
    with ape.reverts("committee: no such member"):
        world.vote(committee, "remove", stranger)
    with ape.reverts("committee: chair keeps the seat"):
        world.vote(committee, "remove", seated[0])
    for member in seated[3:]:
        world.vote(committee, "remove", member)
    with ape.reverts("committee: too few members"):
        world.vote(committee, "remove", seated[1])


def test_at_most_21_members(committee, world, chain, stranger):
    until = chain.blocks.head.timestamp + TERM
    for number in range(0x1000, 0x1000 + 16):
        world.vote(committee, "seat", f"0x{number:040x}", until)
    with ape.reverts("committee: too many members"):
        world.vote(committee, "seat", stranger, until)
    assert committee.required() == 11


@pytest.mark.parametrize(
    ("member", "seconds", "reason"),
    [
        (NOBODY, TERM, "committee: member is zero"),
        ("committee", TERM, "committee: member is committee"),
        ("stranger", 0, "committee: term is past"),
        ("stranger", 2 * 365 * DAY + 100, "committee: term too long"),
    ],
)
def test_seating_refuses(committee, stranger, world, chain, member, seconds, reason):
    named = {"committee": committee, "stranger": stranger}
    until = chain.blocks.head.timestamp + seconds
    with ape.reverts(reason):
        world.vote(committee, "seat", named.get(member, member), until)


def test_no_call_of_itself(committee, seated):
    with ape.reverts("committee: call of itself"):
        committee.propose(committee, 0, b"", sender=seated[0])
    with ape.reverts("committee: no such proposal"):
        committee.approve(9, sender=seated[0])


def test_receives(committee, stranger):
    receipt = stranger.transfer(committee, 3)
    assert [each.amount for each in receipt.decode_logs(committee.Received)] == [3]
    with ape.reverts("committee: no such function"):
        stranger.transfer(committee, 0, data=b"\x01\x02\x03\x04")


def test_nobody_deploys_it(project, deployer, seated, world):
    with ape.reverts("committee: no dao"):
        deployer.deploy(project.Committee, NOBODY, "N", seated, TERM)
    with ape.reverts("committee: too few members"):
        deployer.deploy(project.Committee, world.safe, "N", seated[:2], TERM)


def test_a_committee_spends_from_its_vault(project, world, deployer, seated, receiver, committee):
    """The whole way: the DAO funds a vault, a majority asks, and pays."""
    vault = deployer.deploy(
        project.Vault, world.safe, world.treasury, committee, world.pause, world.other, "K", "K"
    )
    world.vote(vault, "setAllowed", receiver, True)
    world.other.mint(vault, 100, sender=deployer)
    vault.bondSurplus(sender=deployer)
    for number, data in enumerate(
        (vault.request.encode_input(receiver, 60, True, bytes(32)), vault.execute.encode_input(1)),
        1,
    ):
        committee.propose(vault, 0, data, sender=seated[0])
        for member in seated[1:3]:
            committee.approve(number, sender=member)
        committee.execute(number, data, sender=seated[0])

    assert world.other.balanceOf(receiver) == 60
    assert vault.bonded() == 40
