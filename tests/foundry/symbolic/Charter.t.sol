// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {deploy, vm} from "../Base.sol";
import {Charter} from "../Bytecode.sol";
import {ICharter} from "../Interfaces.sol";

/// The bounds of the charter, whose DAO is this contract: no value gets outside, of any class.
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
            classes[i] = [uint256(7 days), 7 days, 1_000, 5_000, 2 days, 14 days, 2 days, 100_000 ether];
        }
        classes[3] = [uint256(1 hours), 1 days, 2_000, 6_000, 1 days, 3 days, 0, 100_000 ether];
        charter = ICharter(deploy(Charter, abi.encode(address(this), bytes32(0), classes)));
    }

    /// What a class accepts is within its bounds, and is what it has then; nothing else changes.
    function check_bounds(uint256 value) public {
        for (uint256 class = 0; class < 4; class++) {
            for (uint256 parameter = 0; parameter < 8; parameter++) {
                set(class, parameter, value);
            }
        }
    }

    function set(uint256 class, uint256 parameter, uint256 value) internal {
        uint256[8] memory before = charter.parameters(class);
        uint256[8] memory other = charter.parameters((class + 1) % 4);
        (uint256 low, uint256 high) = charter.bounds(class, parameter);
        (bool success,) = address(charter).call(
            abi.encodeWithSelector(setters[parameter], class, value)
        );
        bool whole = parameter != 6 || value % 1 hours == 0;
        assert(success == (low <= value && value <= high && whole));
        uint256[8] memory changed = charter.parameters(class);
        uint256[8] memory still = charter.parameters((class + 1) % 4);
        for (uint256 i = 0; i < 8; i++) {
            assert(changed[i] == (success && i == parameter ? value : before[i]));
            assert(still[i] == other[i]);
        }
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
