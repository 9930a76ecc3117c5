// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

interface IToken {
    function transferFrom(address owner, address to, uint256 amount) external returns (bool);
}

/// A vote escrow by the method that is usual: a line of bias and slope for each voter and for all
/// (the zero address), a point of it for each week, and ends rounded down to weeks, so that the
/// slopes that end can be looked up by week. One lock for each account; a point is one word; votes
/// can be delegated, and decay for the delegate.
contract PackedEscrow {
    uint256 internal constant WEEK = 7 days;
    uint256 internal constant MAXTIME = 4 * 365 days;
    uint256 internal constant WEEKS_MAX = 255;
    address internal constant ALL = address(0);

    struct Point {
        uint112 bias;
        uint96 slope;
        uint48 time;
    }

    struct Locked {
        uint128 amount;
        uint64 end;
    }

    event Deposit(address indexed account, uint256 amount, uint256 end);
    event DelegateChanged(address indexed account, address indexed from, address indexed to);
    event DelegateVotesChanged(address indexed delegate, uint256 previousVotes, uint256 newVotes);

    IToken internal immutable token;
    mapping(address => Locked) public locked;
    mapping(address => address) internal chosen;
    mapping(address => uint256) public pointsOf;
    mapping(address => mapping(uint256 => Point)) public points;
    mapping(address => mapping(uint256 => uint256)) public endingSlope;

    constructor(address token_) {
        token = IToken(token_);
    }

    function lock(uint256 amount, uint256 duration) external {
        require(amount != 0 && locked[msg.sender].amount == 0, "lock");
        uint256 end = ((block.timestamp + duration) / WEEK) * WEEK;
        require(end > block.timestamp && duration <= MAXTIME, "end");
        locked[msg.sender] = Locked(uint128(amount), uint64(end));
        _add(delegates(msg.sender), amount / MAXTIME, end);
        _add(ALL, amount / MAXTIME, end);
        emit Deposit(msg.sender, amount, end);
        require(token.transferFrom(msg.sender, address(this), amount), "transfer");
    }

    function increase(uint256 amount) external {
        Locked memory held = locked[msg.sender];
        require(amount != 0 && held.end > block.timestamp, "increase");
        uint256 more = (held.amount + amount) / MAXTIME - held.amount / MAXTIME;
        held.amount += uint128(amount);
        locked[msg.sender] = held;
        _add(delegates(msg.sender), more, held.end);
        _add(ALL, more, held.end);
        emit Deposit(msg.sender, amount, held.end);
        require(token.transferFrom(msg.sender, address(this), amount), "transfer");
    }

    function delegate(address to) external {
        address from = delegates(msg.sender);
        chosen[msg.sender] = to;
        emit DelegateChanged(msg.sender, from, to);
        Locked memory held = locked[msg.sender];
        if (held.end <= block.timestamp) return;
        uint256 slope = held.amount / MAXTIME;
        (uint256 number, Point memory point) = _caughtUp(from);
        uint256 bias = point.bias;
        point.bias -= uint112(slope * (held.end - block.timestamp));
        point.slope -= uint96(slope);
        endingSlope[from][held.end] -= slope;
        points[from][number] = point;
        pointsOf[from] = number;
        emit DelegateVotesChanged(from, bias, point.bias);
        _add(to, slope, held.end);
    }

    function checkpoint() external {
        (uint256 number, Point memory point) = _caughtUp(ALL);
        points[ALL][number] = point;
        pointsOf[ALL] = number;
    }

    function delegates(address account) public view returns (address) {
        address to = chosen[account];
        return to == address(0) ? account : to;
    }

    function _add(address voter, uint256 slope, uint256 end) internal {
        (uint256 number, Point memory point) = _caughtUp(voter);
        uint256 bias = point.bias;
        point.bias += uint112(slope * (end - block.timestamp));
        point.slope += uint96(slope);
        endingSlope[voter][end] += slope;
        points[voter][number] = point;
        pointsOf[voter] = number;
        if (voter != ALL) emit DelegateVotesChanged(voter, bias, point.bias);
    }

    /// The line of a voter now, with a point written for each week since the last.
    function _caughtUp(address voter) internal returns (uint256 number, Point memory point) {
        number = pointsOf[voter];
        point = points[voter][number];
        if (point.time == block.timestamp) return (number, point);
        if (point.time == 0) return (1, Point(0, 0, uint48(block.timestamp)));
        uint256 week = (point.time / WEEK) * WEEK;
        for (uint256 i; i < WEEKS_MAX; ++i) {
            week += WEEK;
            uint256 time = week < block.timestamp ? week : block.timestamp;
            uint256 gone = uint256(point.slope) * (time - point.time);
            point.bias = gone < point.bias ? uint112(point.bias - gone) : 0;
            if (time == week) point.slope -= uint96(endingSlope[voter][week]);
            point.time = uint48(time);
            ++number;
            if (time == block.timestamp) break;
            points[voter][number] = point;
        }
    }
}
