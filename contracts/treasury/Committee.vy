# SPDX-License-Identifier: MIT
# What it is for: a body of 3 to 21 members with terms, that acts by a majority of its members.
# Who may do what: the DAO seats and removes members and names the chair; a member proposes a call,
#   approves it, and takes the approval back; the chair calls off what is not executed; any member
#   has a call executed that a majority approved; the chair hands over to another member.
# Trust model: only members in their term count, when they propose, approve and at the execution. An
#   approval ends with the seat: who comes back has approved nothing. A majority is more than half
#   of all seats, of which at least 3 are in their term.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on


struct Proposal:
    target: address
    amount: uint256
    data_hash: bytes32
    proposed: uint256
    done: bool


MIN_MEMBERS: public(constant(uint256)) = 3
MAX_MEMBERS: public(constant(uint256)) = 21
MAX_TERM_SECONDS: public(constant(uint256)) = 2 * 365 * 86400
OPEN_SECONDS: public(constant(uint256)) = 30 * 86400
MAX_DATA: constant(uint256) = 2048

TIME_MASK: constant(uint256) = 2**64 - 1

DAO: public(immutable(address))


event MemberSeated:
    member: indexed(address)
    until: uint256


event MemberRemoved:
    member: indexed(address)


event ChairChanged:
    old: indexed(address)
    new: indexed(address)


event Proposed:
    id: indexed(uint256)
    member: indexed(address)
    target: indexed(address)
    amount: uint256
    data: Bytes[MAX_DATA]


event Approved:
    id: indexed(uint256)
    member: indexed(address)


event ApprovalTakenBack:
    id: indexed(uint256)
    member: indexed(address)


event CalledOff:
    id: indexed(uint256)


event Executed:
    id: indexed(uint256)
    member: indexed(address)


event Received:
    sender: indexed(address)
    amount: uint256


name: public(immutable(String[32]))
members: DynArray[address, MAX_MEMBERS]
seats: HashMap[address, uint256]  # end of term 0..63 | number of the seating 64..127
seatings: uint256
chair: public(address)
count: public(uint256)
proposals: HashMap[uint256, Proposal]
approvals: HashMap[uint256, HashMap[address, uint256]]  # the seating that approved


@deploy
def __init__(
    dao: address,
    own_name: String[32],
    first: DynArray[address, MAX_MEMBERS],
    term_seconds: uint256,
):
    """
    @param first The first members; the first of them is the chair.
    @param term_seconds How long they are seated.
    """
    assert dao != empty(address), "committee: no dao"
    assert len(first) >= MIN_MEMBERS, "committee: too few members"
    DAO = dao
    name = own_name
    for member: address in first:
        self._seat(member, block.timestamp + term_seconds)
    self.chair = first[0]
    log ChairChanged(old=empty(address), new=first[0])


@payable
@external
@reentrant
def __default__():
    assert len(msg.data) == 0, "committee: no such function"
    log Received(sender=msg.sender, amount=msg.value)


# --- The DAO ----------------------------------------------------------------------------------


@external
def seat(member: address, until: uint256):
    """
    @notice Seats a member, or gives one who is seated another end of the term.
    """
    self._only_dao()
    self._seat(member, until)


@external
def remove(member: address):
    """
    @notice Takes a member's seat. The chair must have gone to another before.
    """
    self._only_dao()
    assert self.seats[member] != 0, "committee: no such member"
    assert member != self.chair, "committee: chair keeps the seat"
    assert len(self.members) > MIN_MEMBERS, "committee: too few members"
    self.seats[member] = 0
    last: address = self.members.pop()
    if last != member:
        for i: uint256 in range(len(self.members), bound=MAX_MEMBERS):
            if self.members[i] == member:
                self.members[i] = last
                break
    log MemberRemoved(member=member)


@external
def setChair(member: address):
    """
    @notice Names the chair: the DAO does, and the chair hands over.
    """
    if msg.sender != DAO:
        assert msg.sender == self.chair, "committee: neither dao nor chair"
        self._only_member()
    assert self._is_member(member), "committee: only a member"
    log ChairChanged(old=self.chair, new=member)
    self.chair = member


# --- The members ------------------------------------------------------------------------------


@external
def propose(target: address, amount: uint256, data: Bytes[MAX_DATA]) -> uint256:
    """
    @notice Proposes a call, and approves it. Each proposal has a number of its own, so none hides
            another.
    """
    self._only_member()
    assert target != self, "committee: call of itself"
    id: uint256 = self.count + 1
    self.count = id
    self.proposals[id] = Proposal(
        target=target,
        amount=amount,
        data_hash=keccak256(data),
        proposed=block.timestamp,
        done=False,
    )
    log Proposed(id=id, member=msg.sender, target=target, amount=amount, data=data)
    self._approve(id)
    return id


@external
def approve(id: uint256):
    self._only_member()
    self._check_open(id)
    assert not self._has_approved(id, msg.sender), "committee: already approved"
    self._approve(id)


@external
def takeBack(id: uint256):
    """
    @notice Takes an approval back.
    """
    self._check_open(id)
    assert self._has_approved(id, msg.sender), "committee: not approved"
    self.approvals[id][msg.sender] = 0
    log ApprovalTakenBack(id=id, member=msg.sender)


@external
def callOff(id: uint256):
    """
    @notice Ends a proposal: the chair may.
    """
    assert msg.sender == self.chair, "committee: only the chair"
    self._only_member()
    self._check_open(id)
    self.proposals[id].done = True
    log CalledOff(id=id)


@external
def execute(id: uint256, data: Bytes[MAX_DATA]):
    """
    @notice Makes the call that a majority approved; `data` is what was proposed.
    """
    self._only_member()
    self._check_open(id)
    proposal: Proposal = self.proposals[id]
    assert keccak256(data) == proposal.data_hash, "committee: other data"
    approved: uint256 = 0
    sitting: uint256 = 0
    approved, sitting = self._counted(id)
    assert sitting >= MIN_MEMBERS, "committee: too few in their term"
    assert approved * 2 > len(self.members), "committee: no majority"
    self.proposals[id].done = True
    log Executed(id=id, member=msg.sender)
    raw_call(proposal.target, data, value=proposal.amount)


# --- Reading ----------------------------------------------------------------------------------


@view
@external
@reentrant
def getMembers() -> DynArray[address, MAX_MEMBERS]:
    return self.members


@view
@external
@reentrant
def isMember(member: address) -> bool:
    """
    @notice Tells whether somebody is seated, and in the term.
    """
    return self._is_member(member)


@view
@external
@reentrant
def termEnd(member: address) -> uint256:
    return self.seats[member] & TIME_MASK


@view
@external
@reentrant
def required() -> uint256:
    """
    @notice Returns how many approvals a call takes.
    """
    return len(self.members) // 2 + 1


@view
@external
@reentrant
def approvalsOf(id: uint256) -> uint256:
    """
    @notice Returns how many members who are in their term have approved.
    """
    return self._counted(id)[0]


@view
@external
@reentrant
def hasApproved(id: uint256, member: address) -> bool:
    return self._is_member(member) and self._has_approved(id, member)


@view
@external
@reentrant
def getProposal(id: uint256) -> Proposal:
    return self.proposals[id]


# --- Inside -----------------------------------------------------------------------------------


@view
@internal
def _only_dao():
    assert msg.sender == DAO, "committee: only the dao"


@view
@internal
def _only_member():
    assert self._is_member(msg.sender), "committee: only a member"


@view
@internal
def _is_member(member: address) -> bool:
    return block.timestamp < self.seats[member] & TIME_MASK


@view
@internal
def _check_open(id: uint256):
    proposed: uint256 = self.proposals[id].proposed
    assert proposed != 0, "committee: no such proposal"
    assert not self.proposals[id].done, "committee: already done"
    assert block.timestamp < proposed + OPEN_SECONDS, "committee: too late"


@view
@internal
def _has_approved(id: uint256, member: address) -> bool:
    approval: uint256 = self.approvals[id][member]
    return approval != 0 and approval == self.seats[member] >> 64


@view
@internal
def _counted(id: uint256) -> (uint256, uint256):
    """
    @dev Counts those in their term who approved, and those in their term.
    """
    approved: uint256 = 0
    sitting: uint256 = 0
    for member: address in self.members:
        seat: uint256 = self.seats[member]
        if block.timestamp < seat & TIME_MASK:
            sitting += 1
            if self.approvals[id][member] == seat >> 64:
                approved += 1
    return approved, sitting


@internal
def _approve(id: uint256):
    self.approvals[id][msg.sender] = self.seats[msg.sender] >> 64
    log Approved(id=id, member=msg.sender)


@internal
def _seat(member: address, until: uint256):
    assert member != empty(address), "committee: member is zero"
    assert member != self, "committee: member is committee"
    assert until > block.timestamp, "committee: term is past"
    assert until <= block.timestamp + MAX_TERM_SECONDS, "committee: term too long"
    seating: uint256 = self.seats[member] >> 64
    # A term that ran out is not prolonged: it begins anew, without its approvals.
    if not self._is_member(member):
        if seating == 0:
            assert len(self.members) < MAX_MEMBERS, "committee: too many members"
            self.members.append(member)
        seating = self.seatings + 1
        self.seatings = seating
    self.seats[member] = seating << 64 | until
    log MemberSeated(member=member, until=until)
