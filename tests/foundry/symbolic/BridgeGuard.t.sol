// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Calm, Token, deploy, slotOf, vm} from "../Base.sol";
import {BridgeGuard} from "../Bytecode.sol";
import {IBridgeGuard} from "../Interfaces.sol";

/// The bucket of the bridge, from every level at every time: the day's cap is a number, so that all
/// is linear.
contract BridgeGuardTest {
    uint256 constant DAY = 86_400;
    uint256 constant CAP = 100_000 ether;
    uint256 constant DAILY = 1_000_000 ether;
    uint256 constant BUCKETS = 68;

    IBridgeGuard bridge;
    Token token;

    function setUp() public {
        token = new Token();
        IBridgeGuard.Guardian[] memory members = new IBridgeGuard.Guardian[](4);
        for (uint160 place = 0; place < 4; place++) {
            members[place] = IBridgeGuard.Guardian(address(place + 1), bytes32(uint256(place + 1)));
        }
        IBridgeGuard.Route[] memory routes = new IBridgeGuard.Route[](1);
        routes[0] = IBridgeGuard.Route(1, bytes32(uint256(1)));
        bridge = IBridgeGuard(
            deploy(
                BridgeGuard,
                abi.encode(
                    address(this), address(new Calm()), address(this), members, 3, 2,
                    address(token), CAP, DAILY, 0, routes
                )
            )
        );
        token.mint(address(this), type(uint128).max);
    }

    function bucketSlot() internal view returns (bytes32) {
        bytes32 ofToken = slotOf(BUCKETS, bytes32(uint256(uint160(address(token)))));
        return slotOf(uint256(ofToken), bytes32(uint256(1)));
    }

    /// Whatever the bucket holds: what passes is put into it exactly, and it does not overflow.
    function check_bucket_takes_exactly_what_passes(
        uint112 amount, uint192 level, uint32 since, uint32 passed
    ) public {
        vm.assume(level <= DAILY * DAY);
        uint256 time = uint256(since) + passed;
        vm.warp(time);
        vm.store(address(bridge), bucketSlot(), bytes32((uint256(level) << 64) | since));
        (bool sent,) = address(bridge).call(
            abi.encodeCall(
                IBridgeGuard.send, (1, address(token), amount, bytes32(uint256(2)), false)
            )
        );
        uint256 leaked = uint256(passed) * DAILY;
        uint256 left = leaked >= level ? 0 : level - leaked;
        uint256 filled = left + uint256(amount) * 2 * DAY;
        assert(sent == (amount > 0 && amount <= CAP && filled <= DAILY * DAY));
        if (sent) {
            uint256 word = uint256(vm.load(address(bridge), bucketSlot()));
            assert(word >> 64 == filled);
            assert(word & type(uint64).max == time);
        }
    }
}
