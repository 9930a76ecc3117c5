// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Token, deploy, vm} from "../Base.sol";
import {LinearCurve, VePARS} from "../Bytecode.sol";
import {IVePARS} from "../Interfaces.sol";

/// The maths of locks. Of amount and time one is a number, so that all is linear.
contract VePARSTest {
    uint256 constant START = 1_800_000_000;
    uint256 constant MINTIME = 30 days;
    uint256 constant MAXTIME = 4 * 365 days;
    address constant DELEGATE = address(0xd1);

    IVePARS ve;

    function setUp() public {
        vm.warp(START);
        Token token = new Token();
        ve = IVePARS(deploy(VePARS, abi.encode(address(token), deploy(LinearCurve, ""))));
        token.mint(address(this), type(uint128).max);
    }

    function powers(address account, uint256 passed)
        internal
        view
        returns (uint256 own, uint256 all)
    {
        own = ve.votingPowerAt(account, START + passed);
        all = ve.totalPowerAt(START + passed);
    }

    /// From its end on a lock has no power, at every second.
    function check_nothing_after_the_end(uint32 passed) public {
        vm.assume(passed >= MAXTIME);
        ve.lock(1 ether, MAXTIME);
        (uint256 own, uint256 all) = powers(address(this), passed);
        assert(own == 0 && all == 0);
    }

    /// Durations are accepted between 30 days and 4 years, and no other.
    function check_durations(uint256 duration) public {
        (bool success,) = address(ve).call(abi.encodeCall(IVePARS.lock, (1, duration)));
        assert(success == (duration >= MINTIME && duration <= MAXTIME));
    }

    /// What the delegate gains is what the owner loses, for every amount.
    function check_delegation_moves_all(uint88 amount) public {
        vm.assume(amount > 0);
        ve.lock(amount, MAXTIME);
        ve.delegate(DELEGATE);
        assert(ve.votingPowerAt(address(this), START) == 0);
        assert(ve.votingPowerAt(DELEGATE, START) == amount);
        assert(ve.totalPowerAt(START) == amount);
        assert(ve.votingPowerAt(DELEGATE, START + MAXTIME) == 0);
    }

    /// Nothing is given back before the end, and all of it from then on.
    function check_withdrawal_waits_for_the_end(uint88 amount, uint32 passed) public {
        vm.assume(amount > 0);
        uint256 id = ve.lock(amount, MAXTIME);
        vm.warp(START + passed);
        (bool success,) = address(ve).call(abi.encodeCall(IVePARS.withdraw, (id)));
        assert(success == (passed >= MAXTIME));
    }
}
