# pragma version 0.4.3
# A governor that says what it is told to, and remembers what was voted.


struct Vote:
    voter: address
    support: uint8
    params: Bytes[48]


proposalSnapshot: public(HashMap[uint256, uint256])
proposalDeadline: public(HashMap[uint256, uint256])
votes: public(HashMap[uint256, Vote])


@external
def set(proposalId: uint256, snapshot: uint256, deadline: uint256):
    self.proposalSnapshot[proposalId] = snapshot
    self.proposalDeadline[proposalId] = deadline


@external
def castVoteWithReasonAndParams(
    proposalId: uint256, support: uint8, reason: String[64], params: Bytes[48]
) -> uint256:
    assert block.timestamp > self.proposalSnapshot[proposalId], "governor: not active"
    assert block.timestamp <= self.proposalDeadline[proposalId], "governor: not active"
    assert self.votes[proposalId].voter == empty(address), "governor: has voted"
    self.votes[proposalId] = Vote(voter=msg.sender, support=support, params=params)
    return 0
