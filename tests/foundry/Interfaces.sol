// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IBridgeGuard {
    struct Guardian {
        address account;
        bytes32 keyHash;
    }

    struct Route {
        uint256 chain;
        bytes32 remote;
    }

    struct Transfer {
        uint256 chain;
        bytes32 remote;
        uint256 nonce;
        address token;
        address account;
        bytes32 counterpart;
        uint256 amount;
    }

    function send(uint256 chain, address token, uint256 amount, bytes32 to, bool wait)
        external
        returns (bytes32);
    function execute(Transfer calldata transfer, bool outbound) external;
    function challenge(bytes32 id) external;
    function resolve(bytes32 id, bool allowed) external;
    function refund(Transfer calldata transfer) external;
    function collect(address token) external;
    function proposeDelay(uint256 delay) external returns (bytes32);
    function applyDelay(uint256 delay) external;
    function proposeToken(address token, uint256 each, uint256 daily, uint256 fee)
        external
        returns (bytes32);
    function applyToken(address token, uint256 each, uint256 daily, uint256 fee) external;
    function delay() external view returns (uint256);
    function locked(address token) external view returns (uint256);
    function fees(address token) external view returns (uint256);
    function messageId(Transfer calldata transfer, bool outbound) external view returns (bytes32);
}

interface IVePARS {
    function lock(uint256 amount, uint256 duration) external returns (uint256 id);
    function increase(uint256 id, uint256 amount) external;
    function extendLock(uint256 id, uint256 duration) external;
    function withdraw(uint256 id) external;
    function delegate(address to) external;
    function delegateLock(uint256 id, address to) external;
    function locksOf(address account) external view returns (uint256[] memory);
    function balanceOf(address account) external view returns (uint256);
    function votingPowerAt(address account, uint256 time) external view returns (uint256);
    function totalPowerAt(uint256 time) external view returns (uint256);
}

interface ITimelock {
    function setup(address governor) external;
    function schedule(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata datas,
        bytes32 predecessor,
        bytes32 salt,
        uint256 delay,
        uint256 window,
        uint8 class
    ) external returns (bytes32 id, uint256 ready);
    function execute(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata datas,
        bytes32 predecessor,
        bytes32 salt
    ) external;
    function cancel(bytes32 id) external;
    function updateDelay(uint256 delay) external;
    function getMinDelay() external view returns (uint256);
    function hashOperationBatch(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata datas,
        bytes32 predecessor,
        bytes32 salt
    ) external view returns (bytes32);
}

interface ICharter {
    function setVotingDelay(uint256 class, uint256 value) external;
    function setVotingPeriod(uint256 class, uint256 value) external;
    function setQuorum(uint256 class, uint256 value) external;
    function setApproval(uint256 class, uint256 value) external;
    function setTimelockDelay(uint256 class, uint256 value) external;
    function setExecutionWindow(uint256 class, uint256 value) external;
    function setLateQuorumExtension(uint256 class, uint256 value) external;
    function setProposalThreshold(uint256 class, uint256 value) external;
    function parameters(uint256 class) external view returns (uint256[8] memory);
}

interface IStreams {
    function createVestingStream(
        address asset,
        address recipient,
        uint256 amount,
        uint256 start,
        uint256 cliff,
        uint256 end,
        address canceller
    ) external payable returns (uint256 id);
    function claim(uint256 id) external returns (uint256);
    function cancelStream(uint256 id) external returns (uint256);
    function claimable(uint256 id) external view returns (uint256);
    function unvested(uint256 id) external view returns (uint256);
    function count() external view returns (uint256);
}

interface IWPARS {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
    function transfer(address to, uint256 amount) external returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
    function totalSupply() external view returns (uint256);
}
