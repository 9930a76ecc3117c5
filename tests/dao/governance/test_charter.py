"""The charter: bounds, versions, and who may change it."""

import ape
import pytest
from eth_utils import keccak

DAY = 86_400
VOTES = 10**18
SETTERS = (
    ("setVotingDelay", 0, 7 * DAY, 30 * DAY, 3600, 7 * DAY),
    ("setVotingPeriod", 1, 3 * DAY, 30 * DAY, DAY, 7 * DAY),
    ("setQuorum", 2, 500, 5000, 2000, 5000),
    ("setApproval", 3, 5000, 7500, 6000, 7500),
    ("setTimelockDelay", 4, DAY, 30 * DAY, DAY, 7 * DAY),
    ("setExecutionWindow", 5, 3 * DAY, 30 * DAY, 3 * DAY, 7 * DAY),
    ("setLateQuorumExtension", 6, 0, 7 * DAY, 0, 2 * DAY),
    ("setProposalThreshold", 7, 1000 * VOTES, 10**7 * VOTES, 1000 * VOTES, 10**7 * VOTES),
)
NAMES = (
    "voting_delay",
    "voting_period",
    "quorum",
    "approval",
    "timelock_delay",
    "execution_window",
    "late_quorum_extension",
    "proposal_threshold",
)


@pytest.fixture(scope="module")
def charter(dao, project, accounts):
    """A charter whose DAO is an account."""
    classes = [dao.charter.parameters(kind) for kind in range(4)]
    return accounts[5].deploy(project.Charter, accounts[5], keccak(b"first"), classes)


@pytest.mark.parametrize("kind", range(4))
@pytest.mark.parametrize("setter", SETTERS, ids=lambda each: each[0])
def test_bounds_to_the_second_and_the_wei(charter, accounts, setter, kind):
    name, index, *bounds = setter
    low, high = bounds[2:] if kind == 3 else bounds[:2]
    assert tuple(charter.bounds(kind, index)) == (low, high)
    change = getattr(charter, name)
    if low:
        with ape.reverts("charter: below the minimum"):
            change(kind, low - 1, sender=accounts[5])
    with ape.reverts("charter: above the maximum"):
        change(kind, high + 1, sender=accounts[5])
    before = {each: charter.parameters(kind)[each] for each in NAMES}
    version = charter.current(kind) >> 232
    for step, new in enumerate((low, high), 1):
        receipt = change(kind, new, sender=accounts[5])
        (event,) = receipt.decode_logs(charter.ParameterChanged)
        assert (event.proposal_class, event.parameter, event.new) == (kind, index, new)
        assert event.version == version + step == charter.current(kind) >> 232
        assert charter.versions(kind, version + step) == charter.current(kind)
    after = charter.parameters(kind)
    assert {each: after[each] for each in NAMES} == {**before, NAMES[index]: high}


def test_versions_stay(charter, accounts):
    first = charter.current(0)
    charter.setQuorum(0, 1234, sender=accounts[5])
    charter.setQuorum(0, 4321, sender=accounts[5])
    assert charter.versions(0, first >> 232) == first
    assert charter.versions(0, (first >> 232) + 1) >> 48 & 0xFFFF == 1234
    assert charter.versions(0, (first >> 232) + 2) == charter.current(0)
    assert charter.versions(0, (first >> 232) + 3) == 0


def test_only_the_dao_changes_it(charter, accounts):
    for name, _, low, *_ in SETTERS:
        with ape.reverts("charter: only the dao"):
            getattr(charter, name)(0, low, sender=accounts[0])
    with ape.reverts("charter: only the dao"):
        charter.setConstitution(keccak(b"mine"), sender=accounts[0])
    with ape.reverts("charter: only the dao"):
        charter.setEmergencyCall(accounts[1], b"\1\2\3\4", True, sender=accounts[0])


def test_what_there_is_not(charter, accounts):
    with ape.reverts("charter: unknown class"):
        charter.setQuorum(4, 1000, sender=accounts[5])
    with ape.reverts("charter: unknown class"):
        charter.bounds(4, 0)
    with ape.reverts("charter: unknown parameter"):
        charter.bounds(0, 8)
    with ape.reverts("charter: not whole hours"):
        charter.setLateQuorumExtension(0, DAY + 1, sender=accounts[5])


def test_constitution_and_emergency_calls(charter, accounts):
    assert bytes(charter.constitution()) == keccak(b"first")
    receipt = charter.setConstitution(keccak(b"second"), sender=accounts[5])
    (event,) = receipt.decode_logs(charter.ConstitutionChanged)
    assert (bytes(event.old), bytes(event.new)) == (keccak(b"first"), keccak(b"second"))
    assert bytes(charter.constitution()) == keccak(b"second")
    for allowed in (True, False):
        receipt = charter.setEmergencyCall(accounts[1], b"\1\2\3\4", allowed, sender=accounts[5])
        (event,) = receipt.decode_logs(charter.EmergencyCallChanged)
        assert (event.target, event.allowed) == (accounts[1], allowed)
        assert charter.emergencyCalls(accounts[1], b"\1\2\3\4") == allowed
    assert not charter.emergencyCalls(accounts[1], b"\1\2\3\5")


def test_deployment_within_the_bounds(dao, project, accounts):
    classes = [list(dao.charter.parameters(kind)) for kind in range(4)]
    with ape.reverts("charter: no dao"):
        accounts[5].deploy(project.Charter, "0x" + 40 * "0", bytes(32), classes)
    classes[2][3] = 7501
    with ape.reverts("charter: above the maximum"):
        accounts[5].deploy(project.Charter, accounts[5], bytes(32), classes)
    classes[2][3] = 6700
    classes[3][0] = 0
    with ape.reverts("charter: below the minimum"):
        accounts[5].deploy(project.Charter, accounts[5], bytes(32), classes)
