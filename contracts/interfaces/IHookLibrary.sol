// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant HOOKS = address(0x0403);

/// Permissions in the addresses of hooks, and the search for such an address.
interface IHookLibrary {
    error HookAddressNotValid(address hook);
    error InvalidFlags(uint16 flags);
    error TooManyTries(uint256 maximum);
    error NoSuchSalt(uint256 salt);

    /// Return what the pool manager calls a hook for: bits 13 to 0 of its address.
    function permissions(address hook) external pure returns (
        bool beforeInitialize,
        bool afterInitialize,
        bool beforeAddLiquidity,
        bool afterAddLiquidity,
        bool beforeRemoveLiquidity,
        bool afterRemoveLiquidity,
        bool beforeSwap,
        bool afterSwap,
        bool beforeDonate,
        bool afterDonate,
        bool beforeSwapReturnDelta,
        bool afterSwapReturnDelta,
        bool afterAddLiquidityReturnDelta,
        bool afterRemoveLiquidityReturnDelta
    );

    /// Return the low 14 bits of an address.
    function flags(address hook) external pure returns (uint16 mask);

    /// Return whether a pool can have this hook with this fee: a flag for returning a delta needs
    /// the flag of its call; only a hook can have the dynamic fee 0x800000, and one without flags
    /// must.
    function isValid(address hook, uint24 fee) external pure returns (bool valid);

    /// Revert unless the address has these flags and no others: a hook's constructor asks this of
    /// its own address.
    function validate(address hook, uint16 mask) external pure;

    /// Return where CREATE2 puts a contract.
    function computeAddress(
        address deployer,
        bytes32 salt,
        bytes32 initCodeHash
    ) external pure returns (address created);

    /// Search up to 262,144 salts from the first on for an address with these flags and no others.
    /// Costs 15 gas a salt, in batches of 512.
    function find(
        address deployer,
        uint16 mask,
        bytes32 initCodeHash,
        uint256 firstSalt,
        uint256 tries
    ) external pure returns (bool found, bytes32 salt, address hook);
}
