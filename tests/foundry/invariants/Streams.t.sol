// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Calm, Campaign, Token, deploy, vm} from "../Base.sol";
import {Streams} from "../Bytecode.sol";
import {IStreams} from "../Interfaces.sol";

/// Streams of every shape, claimed and cancelled at every time.
contract StreamsHandler {
    IStreams public streams;
    Token public token;
    uint256 public funded;
    uint256 public paid;
    uint256 public back;

    constructor() {
        token = new Token();
        streams = IStreams(deploy(Streams, abi.encode(address(new Calm()))));
        token.mint(address(this), type(uint128).max);
    }

    function open(uint96 amount, uint32 cliff, uint32 length) external {
        uint256 end = uint256(length) % (5 * 365 days) + 1;
        uint256 start = block.timestamp;
        streams.createVestingStream(
            address(token), address(0xd1), uint256(amount) + 1, start, start + cliff % (end + 1),
            start + end, address(this)
        );
        funded += uint256(amount) + 1;
    }

    function claim(uint256 which) external {
        paid += streams.claim(1 + which % streams.count());
    }

    function cancel(uint256 which) external {
        back += streams.cancelStream(1 + which % streams.count());
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + time % 200 days + 1);
    }
}

contract StreamsInvariants is Campaign {
    StreamsHandler handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        handler = new StreamsHandler();
        target(address(handler));
    }

    /// Paid, given back, due and not due yet are together what was funded, and the rest is held.
    function invariant_funds_are_conserved() public view {
        IStreams streams = handler.streams();
        uint256 rest;
        for (uint256 id = 1; id <= streams.count(); id++) {
            rest += streams.claimable(id) + streams.unvested(id);
        }
        assert(handler.paid() + handler.back() + rest == handler.funded());
        assert(handler.token().balanceOf(address(streams)) == rest);
        assert(handler.token().balanceOf(address(0xd1)) == handler.paid());
    }
}
