// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant PQ_FAMILY = address(0x0600);
address constant PRIVACY_FAMILY = address(0x0700);
address constant THRESHOLD_FAMILY = address(0x0800);

/// What each family of precompiles answers.
interface IPrecompileFamily {
    /// Return the family and its entries.
    function info() external pure returns (
        string memory family,
        string memory purpose,
        address[] memory precompiles,
        string[] memory names
    );

    /// Return every method of every entry of the family.
    function methods() external pure returns (
        address[] memory precompiles,
        bytes4[] memory selectors,
        string[] memory signatures
    );

    /// Return the version of the whole set of precompiles.
    function version() external pure returns (uint256 version);
}
