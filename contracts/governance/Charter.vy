# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title The charter: how the DAO decides
@license MIT
@notice Holds the parameters of each class of proposals, and the hash of the constitution. The DAO
        changes them, within bounds that nobody can change. A change makes a new version of the
        class; versions stay, so that a proposal goes by those it was made under.
@dev Classes: 0 standard, 1 extended, 2 major, 3 emergency. Times are seconds, shares basis points.
     Emergency proposals have a short review, so they may only make calls that are listed here.

     A version is one word, from its low end: delay 24 bits, period 24, quorum 16, approval 16,
     timelock 24, window 24, extension 8 (whole hours), threshold 96, version 16.
"""


struct Parameters:
    voting_delay: uint256
    voting_period: uint256
    quorum: uint256
    approval: uint256
    timelock_delay: uint256
    execution_window: uint256
    late_quorum_extension: uint256
    proposal_threshold: uint256


event ParameterChanged:
    proposal_class: indexed(uint256)
    parameter: indexed(uint256)
    old: uint256
    new: uint256
    version: uint256


event ConstitutionChanged:
    old: bytes32
    new: bytes32


event EmergencyCallChanged:
    target: indexed(address)
    selector: indexed(bytes4)
    allowed: bool


CLASSES: constant(uint256) = 4
EMERGENCY: constant(uint256) = 3
PARAMETERS: constant(uint256) = 8

DAYS: constant(uint256) = 86_400
HOUR: constant(uint256) = 3_600

# Of each parameter, in the order of the struct. Emergencies have their own for three of them.
LOWEST: constant(uint256[8]) = [
    7 * DAYS, 3 * DAYS, 500, 5_000, 1 * DAYS, 3 * DAYS, 0, 1_000 * 10**18
]
HIGHEST: constant(uint256[8]) = [
    30 * DAYS, 30 * DAYS, 5_000, 7_500, 30 * DAYS, 30 * DAYS, 7 * DAYS, 10_000_000 * 10**18
]
LOWEST_EMERGENCY: constant(uint256[8]) = [
    HOUR, 1 * DAYS, 2_000, 6_000, 1 * DAYS, 3 * DAYS, 0, 1_000 * 10**18
]
HIGHEST_EMERGENCY: constant(uint256[8]) = [
    7 * DAYS, 7 * DAYS, 5_000, 7_500, 7 * DAYS, 7 * DAYS, 2 * DAYS, 10_000_000 * 10**18
]

DAO: public(immutable(address))

constitution: public(bytes32)
emergencyCalls: public(HashMap[address, HashMap[bytes4, bool]])
current: public(uint256[CLASSES])
versions: public(HashMap[uint256, HashMap[uint256, uint256]])


@deploy
def __init__(dao: address, constitution: bytes32, classes: Parameters[CLASSES]):
    """
    @param classes The parameters of the four classes, in order.
    """
    assert dao != empty(address), "charter: no dao"
    DAO = dao
    self.constitution = constitution
    log ConstitutionChanged(old=empty(bytes32), new=constitution)
    for i: uint256 in range(CLASSES):
        values: uint256[8] = [
            classes[i].voting_delay,
            classes[i].voting_period,
            classes[i].quorum,
            classes[i].approval,
            classes[i].timelock_delay,
            classes[i].execution_window,
            classes[i].late_quorum_extension,
            classes[i].proposal_threshold,
        ]
        for j: uint256 in range(PARAMETERS):
            self._check(i, j, values[j])
            log ParameterChanged(proposal_class=i, parameter=j, old=0, new=values[j], version=1)
        self._write(i, values, 1)


# --- Changes, by the DAO ----------------------------------------------------------------------


@external
def setVotingDelay(proposal_class: uint256, seconds: uint256):
    self._set(proposal_class, 0, seconds)


@external
def setVotingPeriod(proposal_class: uint256, seconds: uint256):
    self._set(proposal_class, 1, seconds)


@external
def setQuorum(proposal_class: uint256, basis_points: uint256):
    self._set(proposal_class, 2, basis_points)


@external
def setApproval(proposal_class: uint256, basis_points: uint256):
    self._set(proposal_class, 3, basis_points)


@external
def setTimelockDelay(proposal_class: uint256, seconds: uint256):
    self._set(proposal_class, 4, seconds)


@external
def setExecutionWindow(proposal_class: uint256, seconds: uint256):
    self._set(proposal_class, 5, seconds)


@external
def setLateQuorumExtension(proposal_class: uint256, seconds: uint256):
    self._set(proposal_class, 6, seconds)


@external
def setProposalThreshold(proposal_class: uint256, votes: uint256):
    self._set(proposal_class, 7, votes)


@external
def setConstitution(new: bytes32):
    assert msg.sender == DAO, "charter: only the dao"
    log ConstitutionChanged(old=self.constitution, new=new)
    self.constitution = new


@external
def setEmergencyCall(target: address, selector: bytes4, allowed: bool):
    """
    @notice Says whether an emergency proposal may make a call.
    """
    assert msg.sender == DAO, "charter: only the dao"
    self.emergencyCalls[target][selector] = allowed
    log EmergencyCallChanged(target=target, selector=selector, allowed=allowed)


# --- Reads ------------------------------------------------------------------------------------


@external
@view
def parameters(proposal_class: uint256) -> Parameters:
    values: uint256[8] = self._unpacked(self.current[proposal_class])
    return Parameters(
        voting_delay=values[0],
        voting_period=values[1],
        quorum=values[2],
        approval=values[3],
        timelock_delay=values[4],
        execution_window=values[5],
        late_quorum_extension=values[6],
        proposal_threshold=values[7],
    )


@external
@pure
def bounds(proposal_class: uint256, parameter: uint256) -> (uint256, uint256):
    """
    @notice Returns the lowest and the highest value of a parameter.
    """
    assert proposal_class < CLASSES, "charter: unknown class"
    assert parameter < PARAMETERS, "charter: unknown parameter"
    return self._bounds(proposal_class, parameter)


# --- Inside -----------------------------------------------------------------------------------


@internal
def _set(proposal_class: uint256, parameter: uint256, new: uint256):
    assert msg.sender == DAO, "charter: only the dao"
    assert proposal_class < CLASSES, "charter: unknown class"
    self._check(proposal_class, parameter, new)
    word: uint256 = self.current[proposal_class]
    values: uint256[8] = self._unpacked(word)
    version: uint256 = (word >> 232) + 1
    log ParameterChanged(
        proposal_class=proposal_class,
        parameter=parameter,
        old=values[parameter],
        new=new,
        version=version,
    )
    values[parameter] = new
    self._write(proposal_class, values, version)


@internal
@pure
def _check(proposal_class: uint256, parameter: uint256, new: uint256):
    low: uint256 = 0
    high: uint256 = 0
    low, high = self._bounds(proposal_class, parameter)
    assert new >= low, "charter: below the minimum"
    assert new <= high, "charter: above the maximum"
    if parameter == 6:
        assert new % HOUR == 0, "charter: not whole hours"


@internal
@pure
def _bounds(proposal_class: uint256, parameter: uint256) -> (uint256, uint256):
    if proposal_class == EMERGENCY:
        return LOWEST_EMERGENCY[parameter], HIGHEST_EMERGENCY[parameter]
    return LOWEST[parameter], HIGHEST[parameter]


@internal
def _write(proposal_class: uint256, values: uint256[8], version: uint256):
    word: uint256 = (
        values[0]
        | (values[1] << 24)
        | (values[2] << 48)
        | (values[3] << 64)
        | (values[4] << 80)
        | (values[5] << 104)
        | ((values[6] // HOUR) << 128)
        | (values[7] << 136)
        | (version << 232)
    )
    self.current[proposal_class] = word
    self.versions[proposal_class][version] = word


@internal
@pure
def _unpacked(word: uint256) -> uint256[8]:
    return [
        word & (2**24 - 1),
        (word >> 24) & (2**24 - 1),
        (word >> 48) & (2**16 - 1),
        (word >> 64) & (2**16 - 1),
        (word >> 80) & (2**24 - 1),
        (word >> 104) & (2**24 - 1),
        ((word >> 128) & (2**8 - 1)) * HOUR,
        (word >> 136) & (2**96 - 1),
    ]
