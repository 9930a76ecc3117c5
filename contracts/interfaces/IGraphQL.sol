// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant GRAPHQL = address(0x0500);

/// GraphQL queries over the chain, its precompiles, entities, feeds, pools and models.
interface IGraphQL {
    error GraphQLSyntaxError(uint256 position, string expected);
    error ValidationError(uint256 position, string rule);
    error VariablesError(uint256 position, string reason);
    error LimitExceeded(string limit, uint256 maximum);
    error NotResolved(uint256 position, string reason);
    error UnknownDocument(uint16 id);

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

    /// Answer a document with variables, a JSON object. Besides this price: the cost of the
    /// document, the state it reads, and 3 gas for a byte of the response.
    function query(
        string calldata document,
        bytes calldata variables
    ) external view returns (bytes memory json);

    /// Answer a document without variables.
    function query(string calldata document) external view returns (bytes memory json);

    /// Return what query charges for a document before it reads anything.
    function cost(
        string calldata document,
        bytes calldata variables
    ) external pure returns (uint256 gas);

    /// Return the same without variables.
    function cost(string calldata document) external pure returns (uint256 gas);

    /// Answer a document that is known by a number.
    function queryPredefined(
        uint16 id,
        bytes calldata variables
    ) external view returns (bytes memory json);

    /// Return a document that is known by a number.
    function predefined(uint16 id) external pure returns (string memory document);

    /// Return the schema, with what each field costs.
    function schema() external pure returns (string memory text);
}
