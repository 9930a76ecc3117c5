// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Calm, Campaign, Token, deploy, vm} from "../Base.sol";
import {BridgeGuard} from "../Bytecode.sol";
import {IBridgeGuard} from "../Interfaces.sol";

/// Sends, queues, challenges, refunds and changed caps; guardians' signatures need a precompile
/// that is not here, so that nothing returns.
contract BridgeHandler {
    uint256 constant CAP = 100_000 ether;
    uint256 constant DAILY = 1_000_000 ether;
    uint256 constant FEE = 10;

    IBridgeGuard public bridge;
    Token public token;
    uint256 public early;
    uint256 public held;

    struct Passed {
        uint256 time;
        uint256 amount;
    }

    struct Waiting {
        IBridgeGuard.Transfer transfer;
        uint256 ready;
        uint256 fee;
    }

    Passed[] public passed;
    Waiting[] waiting;
    uint256 nonce;
    uint256 change;
    uint256 changeEta;

    constructor() {
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
                    address(this), address(new Calm()), address(0xfee), members, 3, 2,
                    address(token), CAP, DAILY, FEE, routes
                )
            )
        );
        token.mint(address(this), type(uint128).max);
    }

    function passedCount() external view returns (uint256) {
        return passed.length;
    }

    function send(uint256 amount, bool large) external {
        amount = CAP - amount % 1_000 + (large ? CAP : 0);
        uint256 before = bridge.locked(address(token));
        bytes32 id = bridge.send(1, address(token), amount, bytes32(uint256(2)), true);
        uint256 fee = (amount * FEE + 9_999) / 10_000;
        IBridgeGuard.Transfer memory sent = IBridgeGuard.Transfer(
            1, bytes32(uint256(1)), nonce++, address(token), address(this), bytes32(uint256(2)),
            amount - fee
        );
        require(id == bridge.messageId(sent, true));
        if (bridge.locked(address(token)) > before) {
            passed.push(Passed(block.timestamp, amount - fee));
        } else {
            held += amount;
            waiting.push(Waiting(sent, block.timestamp + 2 days, fee));
        }
    }

    function execute(uint256 which) external {
        Waiting memory each = waiting[which % waiting.length];
        bridge.execute(each.transfer, true);
        if (block.timestamp < each.ready) early++;
        held -= each.transfer.amount + each.fee;
        remove(which % waiting.length);
    }

    function refund(uint256 which, bool challenged) external {
        Waiting memory each = waiting[which % waiting.length];
        if (challenged) {
            bytes32 id = bridge.messageId(each.transfer, true);
            vm.prank(address(3));
            bridge.challenge(id);
            bridge.resolve(id, false);
        }
        bridge.refund(each.transfer);
        held -= each.transfer.amount + each.fee;
        remove(which % waiting.length);
    }

    function remove(uint256 place) internal {
        waiting[place] = waiting[waiting.length - 1];
        waiting.pop();
    }

    function propose(uint8 choice) external {
        change = [DAILY, 2 * CAP, 5 * CAP, DAILY / 2][choice % 4];
        bridge.proposeToken(address(token), CAP, change, FEE);
        changeEta = block.timestamp + 1 days;
    }

    function apply_() external {
        bridge.applyToken(address(token), CAP, change, FEE);
        if (block.timestamp < changeEta) early++;
    }

    function collect() external {
        bridge.collect(address(token));
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + (time % 40 == 0 ? 2 days : time % 2 hours));
    }
}

contract BridgeInvariants is Campaign {
    BridgeHandler handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        handler = new BridgeHandler();
        target(address(handler));
    }

    /// In no 24 hours does more than the highest of a day's caps go without waiting.
    function invariant_no_day_is_over_its_cap() public view {
        uint256 count = handler.passedCount();
        if (count == 0) return;
        (uint256 end,) = handler.passed(count - 1);
        uint256 sum;
        for (uint256 i = count; i > 0; i--) {
            (uint256 time, uint256 amount) = handler.passed(i - 1);
            if (time + 1 days <= end) break;
            sum += amount;
        }
        assert(sum <= 1_000_000 ether);
    }

    /// What is owed is there.
    function invariant_books_are_the_balance() public view {
        address token = address(handler.token());
        IBridgeGuard bridge = handler.bridge();
        uint256 owed = bridge.locked(token) + bridge.fees(token) + handler.held();
        assert(handler.token().balanceOf(address(bridge)) == owed);
    }

    /// Nothing, transfer or change, went before its time.
    function invariant_nothing_early() public view {
        assert(handler.early() == 0);
    }
}
