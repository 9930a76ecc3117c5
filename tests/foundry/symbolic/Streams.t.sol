// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Calm, Token, deploy, vm} from "../Base.sol";
import {Streams} from "../Bytecode.sol";
import {IStreams} from "../Interfaces.sol";

/// The maths of streams: what is due grows, is never more than was funded, and waits for the cliff.
contract StreamsTest {
    uint256 constant START = 1_800_000_000;
    uint256 constant LENGTH = 4 * 365 days;
    uint256 constant CLIFF = 365 days;
    address constant RECIPIENT = address(0xd1);

    IStreams streams;
    Token token;

    function setUp() public {
        vm.warp(START);
        token = new Token();
        streams = IStreams(deploy(Streams, abi.encode(address(new Calm()))));
        token.mint(address(this), type(uint128).max);
    }

    function open(uint256 amount) internal returns (uint256) {
        return streams.createVestingStream(
            address(token), RECIPIENT, amount, START, START + CLIFF, START + LENGTH, address(this)
        );
    }

    /// Every amount, at the edges.
    function check_due_of_every_amount(uint112 amount) public {
        vm.assume(amount > 0);
        uint256 id = open(amount);
        uint256[5] memory times = [CLIFF - 1, CLIFF, LENGTH - 1, LENGTH, 2 * LENGTH];
        for (uint256 i = 0; i < times.length; i++) {
            vm.warp(START + times[i]);
            uint256 due = streams.claimable(id);
            if (i == 0) assert(due == 0);
            else if (i < 3) assert(due == uint256(amount) * times[i] / LENGTH);
            else assert(due == amount);
        }
    }

    /// Cancelled at an edge, what is owed and what goes back are together what was funded.
    function check_cancelled_before_the_cliff(uint112 amount) public {
        vm.assume(amount > 0);
        cancel(amount, CLIFF - 1);
    }

    function check_cancelled_at_the_cliff(uint112 amount) public {
        vm.assume(amount > 0);
        cancel(amount, CLIFF);
    }

    function cancel(uint112 amount, uint256 passed) internal {
        uint256 id = open(amount);
        vm.warp(START + passed);
        uint256 due = streams.claimable(id);
        uint256 back = streams.cancelStream(id);
        assert(back + due == amount);
        vm.warp(START + 2 * LENGTH);
        assert(streams.claimable(id) == due);
        if (due > 0) assert(streams.claim(id) == due);
        assert(token.balanceOf(address(streams)) == 0);
        assert(token.balanceOf(RECIPIENT) == due);
    }

    /// Before the cliff nothing is due, from the end on all is: at every second.
    function check_cliff_and_end(uint40 passed) public {
        uint256 id = open(1 ether);
        vm.assume(passed < CLIFF || passed >= LENGTH);
        vm.warp(START + passed);
        assert(streams.claimable(id) == (passed < CLIFF ? 0 : 1 ether));
    }
}
