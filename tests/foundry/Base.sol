// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What we use of the cheats that forge and halmos share.
interface Vm {
    function assume(bool condition) external pure;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function store(address account, bytes32 slot, bytes32 value) external;
    function warp(uint256 timestamp) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// Put a contract on the chain: its bytecode, and its constructor's arguments behind it.
function deploy(bytes memory code, bytes memory arguments) returns (address made) {
    bytes memory all = abi.encodePacked(code, arguments);
    assembly {
        made := create(0, add(all, 32), mload(all))
    }
    require(made != address(0), "not deployed");
}

/// The slot of a Vyper HashMap's entry.
function slotOf(uint256 slot, bytes32 key) pure returns (bytes32) {
    return keccak256(abi.encode(slot, key));
}

/// A token that moves what it is told to move.
contract Token {
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transferFrom(address owner, address to, uint256 amount) external returns (bool) {
        balanceOf[owner] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// An emergency organ that never pauses.
contract Calm {
    function paused() external pure returns (bool) {
        return false;
    }
}

/// What forge asks of a test that it runs campaigns on: whom to call.
abstract contract Campaign {
    address[] private targets;

    function target(address account) internal {
        targets.push(account);
    }

    function targetContracts() external view returns (address[] memory) {
        return targets;
    }
}
