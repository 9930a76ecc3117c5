// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {deploy, vm} from "../Base.sol";
import {Charter} from "../Bytecode.sol";
import {ICharter} from "../Interfaces.sol";

/// The rights over the charter, whose DAO is this contract.
contract CharterTest {
    ICharter charter;
    bytes4[8] setters = [
        ICharter.setVotingDelay.selector,
        ICharter.setVotingPeriod.selector,
        ICharter.setQuorum.selector,
        ICharter.setApproval.selector,
        ICharter.setTimelockDelay.selector,
        ICharter.setExecutionWindow.selector,
        ICharter.setLateQuorumExtension.selector,
        ICharter.setProposalThreshold.selector
    ];

    function setUp() public {
        uint256[8][4] memory classes;
        for (uint256 i = 0; i < 3; i++) {
            classes[i] =
                [uint256(7 days), 7 days, 1_000, 5_000, 2 days, 14 days, 2 days, 100_000 ether];
        }
        classes[3] = [uint256(1 hours), 1 days, 2_000, 6_000, 1 days, 3 days, 0, 100_000 ether];
        charter = ICharter(deploy(Charter, abi.encode(address(this), bytes32(0), classes)));
    }

    /// There is no other class.
    function check_no_other_class(uint256 class, uint256 value) public {
        if (class < 4) return;
        for (uint256 parameter = 0; parameter < 8; parameter++) {
            (bool success,) = address(charter).call(
                abi.encodeWithSelector(setters[parameter], class, value)
            );
            assert(!success);
        }
    }

    /// Nobody but the DAO changes anything.
    function check_strangers(address stranger, uint256 value) public {
        if (stranger == address(this)) return;
        for (uint256 parameter = 0; parameter < 8; parameter++) {
            vm.prank(stranger);
            (bool success,) = address(charter).call(
                abi.encodeWithSelector(setters[parameter], 0, value)
            );
            assert(!success);
        }
    }
}
