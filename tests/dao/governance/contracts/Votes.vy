# pragma version 0.4.3
# Past votes as a test gives them: the last of a second counts, and only seconds that are over.

struct Point:
    at: uint256
    amount: uint256

points: HashMap[address, DynArray[Point, 64]]
total: DynArray[Point, 256]


@external
def set(account: address, amount: uint256):
    old: uint256 = self._at(account, block.timestamp)
    sum: uint256 = 0
    if len(self.total) != 0:
        sum = self.total[len(self.total) - 1].amount
    self.points[account].append(Point(at=block.timestamp, amount=amount))
    self.total.append(Point(at=block.timestamp, amount=sum - old + amount))


@external
@view
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    assert timepoint < block.timestamp, "votes: not past"
    return self._at(account, timepoint)


@external
@view
def getPastTotalSupply(timepoint: uint256) -> uint256:
    assert timepoint < block.timestamp, "votes: not past"
    found: uint256 = 0
    for point: Point in self.total:
        if point.at <= timepoint:
            found = point.amount
    return found


@internal
@view
def _at(account: address, timepoint: uint256) -> uint256:
    found: uint256 = 0
    for point: Point in self.points[account]:
        if point.at <= timepoint:
            found = point.amount
    return found
