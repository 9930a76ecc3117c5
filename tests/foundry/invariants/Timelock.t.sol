// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Campaign, deploy, vm} from "../Base.sol";
import {Timelock} from "../Bytecode.sol";
import {ITimelock} from "../Interfaces.sol";

/// Batches scheduled, cancelled and executed at every time, under delays that change: this contract
/// is governor and Safe.
contract TimelockHandler {
    ITimelock public timelock;
    uint256 public early;
    uint256 public late;
    uint256 public unscheduled;
    uint256 public executions;

    struct Batch {
        uint256 ready;
        uint256 end;
        bool live;
    }

    Batch[] batches;
    bool executing;
    address[] targets;
    uint256[] values;
    bytes[] datas;

    constructor() {
        timelock = ITimelock(deploy(Timelock, abi.encode(address(this), address(this), 2 days)));
        timelock.setup(address(this));
        targets.push(address(0xbeef));
        values.push(0);
        datas.push("");
    }

    function execTransactionFromModuleReturnData(address, uint256, bytes calldata, uint8)
        external
        returns (bool, bytes memory)
    {
        require(msg.sender == address(timelock));
        if (!executing) unscheduled++;
        return (true, "");
    }

    function vetoGuardian() external pure returns (address) {
        return address(0xdead);
    }

    function schedule(uint32 delay, uint32 window) external {
        uint256 salt = batches.length;
        (, uint256 ready) = timelock.schedule(
            targets, values, datas, bytes32(0), bytes32(salt), delay, 3 days + window % 27 days, 0
        );
        uint256 least = timelock.getMinDelay();
        if (ready < block.timestamp + least || ready < block.timestamp + delay) early++;
        batches.push(Batch(ready, ready + 3 days + window % 27 days, true));
    }

    function execute(uint256 which) external {
        which %= batches.length;
        executing = true;
        timelock.execute(targets, values, datas, bytes32(0), bytes32(which));
        executing = false;
        executions++;
        if (block.timestamp < batches[which].ready) early++;
        if (block.timestamp > batches[which].end) late++;
        if (!batches[which].live) unscheduled++;
        batches[which].live = false;
    }

    function cancel(uint256 which) external {
        which %= batches.length;
        timelock.cancel(
            timelock.hashOperationBatch(targets, values, datas, bytes32(0), bytes32(which))
        );
        batches[which].live = false;
    }

    function updateDelay(uint32 delay) external {
        timelock.updateDelay(delay);
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + time % 4 days + 1);
    }
}

contract TimelockInvariants is Campaign {
    TimelockHandler handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        handler = new TimelockHandler();
        target(address(handler));
    }

    /// Nothing before its time or after its window, nothing twice, and nothing that was cancelled.
    function invariant_only_in_its_window() public view {
        assert(handler.early() == 0);
        assert(handler.late() == 0);
        assert(handler.unscheduled() == 0);
    }

    /// The minimum is at least a day.
    function invariant_floor() public view {
        assert(handler.timelock().getMinDelay() >= 1 days);
    }
}
