// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant ENTITY_STORE = address(0x0501);

/// Typed tables that contracts write and anybody pages through.
interface IEntityStore {
    error UnknownType(bytes32 typeId);
    error TypeExists(bytes32 typeId);
    error NotOwner(address owner);
    error InvalidName();
    error InvalidColumn(uint256 column);
    error InvalidRow(bytes reason);
    error InvalidKey();
    error RowNotFound(uint256 id);
    error NotIndexed(uint256 column);
    error ScanLimit(uint256 column);
    error InvalidPageSize(uint256 first);
    event TypeDefined(bytes32 indexed typeId, address indexed namespace, string name);
    event EntityChanged(bytes32 indexed typeId, uint256 indexed id, bytes32 rowHash);

    /// Declare a type in the caller's namespace. Kinds: 0 uint256, 1 int256, 2 bytes32, 3 address,
    /// 4 bytes. Bit c of the mask gives column c a sorted index.
    function defineType(
        string calldata name,
        string[] calldata columns,
        uint8[] calldata kinds,
        uint16 indexMask
    ) external returns (bytes32 typeId);

    /// Add a row: the ABI encoding of its columns. Hints, one for each indexed column or none, are
    /// rows near which the new one belongs.
    function append(
        bytes32 typeId,
        bytes calldata row,
        uint256[] calldata hints
    ) external returns (uint256 id);

    /// Add a row under a key that is not zero, or replace the one it names.
    function upsert(
        bytes32 typeId,
        bytes32 key,
        bytes calldata row,
        uint256[] calldata hints
    ) external returns (uint256 id);

    /// Replace the row with this id.
    function update(
        bytes32 typeId,
        uint256 id,
        bytes calldata row,
        uint256[] calldata hints
    ) external;

    /// Delete the row with this id.
    function remove(bytes32 typeId, uint256 id) external;

    /// Return a row as the ABI encoding of its columns.
    function get(bytes32 typeId, uint256 id) external view returns (bytes memory row);

    /// Return the row that has a key, or 0.
    function idOf(bytes32 typeId, bytes32 key) external view returns (uint256 id);

    /// Return the number of rows.
    function count(bytes32 typeId) external view returns (uint256 rows);

    /// Return 1 to 100 row ids in order of insertion: those after a row, or, after 0, from the
    /// beginning. A cursor that was removed is refused.
    function page(
        bytes32 typeId,
        uint256 afterId,
        uint256 first
    ) external view returns (uint256[] memory ids);

    /// Return 1 to 100 row ids in order of an indexed column; equal values in order of insertion.
    function pageByColumn(
        bytes32 typeId,
        uint8 column,
        bool descending,
        uint256 afterId,
        uint256 first
    ) external view returns (uint256[] memory ids);

    /// Return what a type was declared as.
    function typeOf(bytes32 typeId) external view returns (
        address namespace,
        string memory name,
        string[] memory columns,
        uint8[] memory kinds,
        uint16 indexMask
    );

    /// Return the id that a type of this name in this namespace has.
    function typeIdOf(
        address namespace,
        string calldata name
    ) external pure returns (bytes32 typeId);
}
