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

    function powers(address account, uint256 passed) internal view returns (uint256 own, uint256 all) {
        own = ve.votingPowerAt(account, START + passed);
        all = ve.totalPowerAt(START + passed);
    }

    /// Every amount, at the edges of a lock of four years: all, half, the last second, nothing.
    function check_power_of_every_amount(uint88 amount) public {
        vm.assume(amount > 0);
        ve.lock(amount, MAXTIME);
        uint256[5] memory times = [0, MAXTIME / 2, MAXTIME - 1, MAXTIME, 2 * MAXTIME];
        for (uint256 i = 0; i < times.length; i++) {
            uint256 left = times[i] < MAXTIME ? MAXTIME - times[i] : 0;
            (uint256 own, uint256 all) = powers(address(this), times[i]);
            assert(own == uint256(amount) * left / MAXTIME);
            assert(all == own);
        }
    }

    /// From its end on, at every second, a lock of every duration has no power.
    function check_nothing_after_the_end(uint32 duration, uint32 passed) public {
        vm.assume(duration >= MINTIME && duration <= MAXTIME && passed >= duration);
        ve.lock(1 ether, duration);
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
    function check_withdrawal_waits_for_the_end(uint32 duration, uint32 passed) public {
        vm.assume(duration >= MINTIME && duration <= MAXTIME);
        uint256 id = ve.lock(1 ether, duration);
        vm.warp(START + passed);
        (bool success,) = address(ve).call(abi.encodeCall(IVePARS.withdraw, (id)));
        assert(success == (passed >= duration));
    }
}
