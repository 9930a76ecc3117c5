// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Campaign, deploy, vm} from "../Base.sol";
import {LinearCurve, VePARS, WPARS} from "../Bytecode.sol";
import {IVePARS, IWPARS} from "../Interfaces.sol";

/// Wrapping, moving and locking by four people.
contract TokensHandler {
    IWPARS public wpars;
    IVePARS public ve;
    uint256 constant PEOPLE = 4;

    uint256 public locked;
    mapping(uint256 => uint256) public amountOf;
    uint256 public wrongReads;
    uint256 pastTime;
    uint256 pastTotal;

    constructor() {
        wpars = IWPARS(deploy(WPARS, ""));
        ve = IVePARS(deploy(VePARS, abi.encode(address(wpars), deploy(LinearCurve, ""))));
        for (uint256 i = 0; i < PEOPLE; i++) {
            vm.deal(person(i), 2 ** 90);
            vm.prank(person(i));
            wpars.approve(address(ve), type(uint256).max);
        }
    }

    function person(uint256 seed) public pure returns (address) {
        return address(uint160(0x1000 + seed % PEOPLE));
    }

    function pick(address who, uint256 seed) internal view returns (uint256) {
        uint256[] memory ids = ve.locksOf(who);
        require(ids.length > 0);
        return ids[seed % ids.length];
    }

    function wrap(uint256 seed, uint80 amount) external {
        vm.prank(person(seed));
        wpars.deposit{value: amount}();
    }

    function unwrap(uint256 seed, uint256 amount) external {
        address who = person(seed);
        amount %= wpars.balanceOf(who) + 1;
        vm.prank(who);
        wpars.withdraw(amount);
    }

    function move(uint256 seed, uint256 to, uint256 amount) external {
        address who = person(seed);
        amount %= wpars.balanceOf(who) + 1;
        vm.prank(who);
        wpars.transfer(person(to), amount);
    }

    function lock(uint256 seed, uint256 amount, uint256 duration) external {
        address who = person(seed);
        amount = 1 + amount % wpars.balanceOf(who);
        vm.prank(who);
        uint256 id = ve.lock(amount, 30 days + duration % (4 * 365 days - 30 days + 1));
        amountOf[id] = amount;
        locked += amount;
    }

    function increase(uint256 seed, uint256 which, uint256 amount) external {
        address who = person(seed);
        uint256 id = pick(who, which);
        amount = 1 + amount % wpars.balanceOf(who);
        vm.prank(who);
        ve.increase(id, amount);
        amountOf[id] += amount;
        locked += amount;
    }

    function extend(uint256 seed, uint256 which, uint256 duration) external {
        address who = person(seed);
        uint256 id = pick(who, which);
        vm.prank(who);
        ve.extendLock(id, 30 days + duration % (4 * 365 days - 30 days + 1));
    }

    function withdraw(uint256 seed, uint256 which) external {
        address who = person(seed);
        uint256 id = pick(who, which);
        vm.prank(who);
        ve.withdraw(id);
        locked -= amountOf[id];
        amountOf[id] = 0;
    }

    function delegate(uint256 seed, uint256 to) external {
        vm.prank(person(seed));
        ve.delegate(person(to));
    }

    function delegateLock(uint256 seed, uint256 which, uint256 to) external {
        address who = person(seed);
        uint256 id = pick(who, which);
        vm.prank(who);
        ve.delegateLock(id, person(to));
    }

    /// Time passes; what was the total at some past second is so still.
    function pass(uint32 time) external {
        if (pastTime != 0 && ve.totalPowerAt(pastTime) != pastTotal) wrongReads++;
        pastTime = block.timestamp;
        vm.warp(block.timestamp + time % 90 days + 1);
        pastTotal = ve.totalPowerAt(pastTime);
    }
}

contract TokensInvariants is Campaign {
    TokensHandler handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        handler = new TokensHandler();
        target(address(handler));
    }

    /// Each WPARS is a PARS that is there.
    function invariant_wrapped_is_held() public view {
        uint256 sum = handler.wpars().balanceOf(address(handler.ve()));
        for (uint256 i = 0; i < 4; i++) sum += handler.wpars().balanceOf(handler.person(i));
        assert(address(handler.wpars()).balance == sum);
    }

    /// What is locked is held.
    function invariant_locked_is_held() public view {
        assert(handler.wpars().balanceOf(address(handler.ve())) == handler.locked());
    }

    /// Votes of all, and power of all owners, are the total; each of the four is rounded down once.
    function invariant_powers_are_the_total() public view {
        uint256 votes;
        uint256 owned;
        for (uint256 i = 0; i < 4; i++) {
            votes += handler.ve().votingPowerAt(handler.person(i), block.timestamp);
            owned += handler.ve().balanceOf(handler.person(i));
        }
        uint256 total = handler.ve().totalPowerAt(block.timestamp);
        assert(votes <= total && total <= votes + 4);
        assert(owned <= total && total <= owned + 4);
        assert(total <= handler.locked());
    }

    /// Past totals do not change.
    function invariant_past_stays() public view {
        assert(handler.wrongReads() == 0);
    }
}
