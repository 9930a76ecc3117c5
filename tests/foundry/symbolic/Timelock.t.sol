// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {deploy, vm} from "../Base.sol";
import {Timelock} from "../Bytecode.sol";
import {ITimelock} from "../Interfaces.sol";

/// The timelock between its governor and its Safe, both played by this contract.
contract TimelockTest {
    uint256 constant START = 1_800_000_000;
    uint256 constant DELAY = 2 days;

    ITimelock timelock;
    uint256 calls;
    address[] targets;
    uint256[] values;
    bytes[] datas;

    function setUp() public {
        vm.warp(START);
        timelock = ITimelock(deploy(Timelock, abi.encode(address(this), address(this), DELAY)));
        timelock.setup(address(this));
        targets.push(address(0xbeef));
        values.push(0);
        datas.push("");
    }

    function execTransactionFromModuleReturnData(address, uint256, bytes calldata, uint8)
        external
        returns (bool, bytes memory)
    {
        calls++;
        return (true, "");
    }

    function vetoGuardian() external pure returns (address) {
        return address(0xdead);
    }

    function schedule(uint256 delay, uint256 window) internal returns (bool success) {
        (success,) = address(timelock).call(
            abi.encodeCall(
                ITimelock.schedule,
                (targets, values, datas, bytes32(0), bytes32(uint256(1)), delay, window, 0)
            )
        );
    }

    function execute() internal returns (bool success) {
        (success,) = address(timelock).call(
            abi.encodeCall(
                ITimelock.execute, (targets, values, datas, bytes32(0), bytes32(uint256(1)))
            )
        );
    }

    /// Whatever delay and window were asked for, a batch runs from its time to its end, and once.
    function check_runs_in_its_window(uint256 delay, uint256 window, uint40 passed) public {
        bool scheduled = schedule(delay, window);
        assert(scheduled == (delay <= 30 days && window >= 3 days && window <= 30 days));
        if (!scheduled) return;
        uint256 ready = START + (delay < DELAY ? DELAY : delay);
        uint256 time = START + passed;
        vm.warp(time);
        bool executed = execute();
        assert(executed == (time >= ready && time <= ready + window));
        assert(calls == (executed ? 1 : 0));
        assert(!executed || !execute());
    }

    /// The minimum is never below a day, whoever asks.
    function check_delay_stays_in_bounds(uint256 delay) public {
        (bool success,) = address(timelock).call(abi.encodeCall(ITimelock.updateDelay, (delay)));
        assert(success == (delay >= 1 days && delay <= 30 days));
        assert(timelock.getMinDelay() == (success ? delay : DELAY));
    }

    /// A change of the minimum does not move what is scheduled.
    function check_scheduled_time_is_fixed(uint256 delay, uint40 passed) public {
        assert(schedule(0, 3 days));
        vm.assume(delay >= 1 days && delay <= 30 days);
        timelock.updateDelay(delay);
        vm.warp(START + passed);
        assert(execute() == (passed >= DELAY && passed <= DELAY + 3 days));
    }

    /// Nobody but the governor schedules, nobody but the DAO changes the minimum.
    function check_strangers(address stranger, uint256 delay) public {
        vm.assume(stranger != address(this));
        vm.prank(stranger);
        assert(!schedule(DELAY, 3 days));
        vm.prank(stranger);
        (bool success,) = address(timelock).call(abi.encodeCall(ITimelock.updateDelay, (delay)));
        assert(!success);
    }

    /// What was cancelled does not run.
    function check_cancelled_never_runs(uint40 passed) public {
        assert(schedule(DELAY, 3 days));
        bytes32 id = timelock.hashOperationBatch(
            targets, values, datas, bytes32(0), bytes32(uint256(1))
        );
        timelock.cancel(id);
        vm.warp(START + passed);
        assert(!execute());
    }
}
