# pragma version 0.4.3
# SPDX-License-Identifier: MIT
# One lot, sold to whoever has bid most of the chain's own coin when time is up.

event Bid:
    bidder: indexed(address)
    value: uint256

event Closed:
    winner: indexed(address)
    value: uint256

BENEFICIARY: public(immutable(address))
ENDS_AT: public(immutable(uint256))
highestBidder: public(address)
highestBid: public(uint256)
closed: public(bool)
refunds: public(HashMap[address, uint256])


@deploy
def __init__(beneficiary: address, seconds: uint256):
    BENEFICIARY = beneficiary
    ENDS_AT = block.timestamp + seconds


@payable
@external
def bid():
    assert block.timestamp < ENDS_AT, "auction: over"
    assert msg.value > self.highestBid, "auction: bid too low"
    self.refunds[self.highestBidder] += self.highestBid
    self.highestBidder = msg.sender
    self.highestBid = msg.value
    log Bid(bidder=msg.sender, value=msg.value)


@external
def claim():
    amount: uint256 = self.refunds[msg.sender]
    assert amount > 0, "auction: nothing to claim"
    self.refunds[msg.sender] = 0
    send(msg.sender, amount)


@external
def close():
    assert block.timestamp >= ENDS_AT, "auction: not over"
    assert not self.closed, "auction: closed"
    self.closed = True
    log Closed(winner=self.highestBidder, value=self.highestBid)
    send(BENEFICIARY, self.highestBid)
