// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant HOOK_REGISTRY = address(0x0402);

/// A list of hooks with the code they had: an index, never an authority.
interface IHookRegistry {
    error NotAHook(address hook);
    error AlreadyRegistered(address hook, address owner);
    error NotRegistered(address hook);
    error NotOwner(address owner);
    error InvalidPageSize(uint256 count);
    event HookRegistered(
        address indexed hook,
        address indexed owner,
        uint16 flags,
        bytes32 codeHash,
        string text
    );
    event HookRemoved(address indexed hook, address indexed owner);

    /// Enter a contract whose address is that of a hook. Who comes first owns the entry, until the
    /// hook itself enters itself.
    function register(address hook, string calldata text) external returns (uint256 place);

    /// Replace the text of one's own entry, and note the hash of the code anew.
    function update(address hook, string calldata text) external;

    /// Take one's own entry out. The last entry moves to its place.
    function remove(address hook) external;

    /// Return an entry.
    function get(address hook) external view returns (
        address owner,
        uint16 flags,
        bytes32 codeHash,
        string memory text,
        uint256 place
    );

    /// Return whether a hook has an entry.
    function isRegistered(address hook) external view returns (bool registered);

    /// Return whether the code of a hook is the one that its entry notes.
    function stillMatches(address hook) external view returns (bool unchanged);

    /// Return the number of entries.
    function count() external view returns (uint256 entries);

    /// Return 1 to 100 hooks, from a place on; fewer at the end of the list.
    function page(uint256 first, uint256 length) external view returns (address[] memory hooks);
}
