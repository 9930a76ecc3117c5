// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant MODEL_REGISTRY = address(0x0302);

/// Content-addressed models: proven upload, sealing, versions by name.
interface IModelRegistry {
    error UnknownModel(bytes32 modelId);
    error ModelExists(bytes32 modelId);
    error NotOpen(uint8 status);
    error NotSealed(uint8 status);
    error InvalidChunk(uint256 index);
    error ChunkExists(uint256 index);
    error InvalidProof(uint256 index);
    error ChunksMissing(uint256 missing);
    error InvalidName();
    error VersionExists(uint256 version);
    error UnknownVersion(uint256 version);
    error InvalidHeader(uint256 position);
    error InvalidWeights(uint256 position);
    error NotOwner(address owner);
    error NotAdmin(address admin);
    error InvalidPageSize(uint256 first);
    error NotCanonical(uint256 index);
    error InvalidIndex(uint256 index);
    error NoPoseidonRoot();
    event ModelBegun(bytes32 indexed modelId, address indexed owner, uint8 kind, uint256 size);
    event ChunkStored(bytes32 indexed modelId, uint256 index, address account);
    event ModelSealed(bytes32 indexed modelId);
    event ModelDeprecated(bytes32 indexed modelId);
    event ModelAdopted(bytes32 indexed modelId, bool adopted);
    event AdminChanged(address indexed before, address indexed admin);
    event VersionPublished(
        address indexed namespace,
        bytes32 indexed modelId,
        string name,
        uint256 version
    );
    event VersionRetired(
        address indexed namespace,
        bytes32 indexed modelId,
        string name,
        uint256 version
    );

    /// Begin a model. Its id is the hash of header and root; the caller is its owner. A Poseidon
    /// root of 0 is none.
    function beginModel(
        bytes calldata header,
        bytes32 weightsRoot,
        uint256 poseidonRoot
    ) external returns (bytes32 modelId);

    /// Store a chunk of 16,384 bytes, the last of what is left, with the siblings of its subtree,
    /// from the bottom up. Anybody may.
    function putChunk(
        bytes32 modelId,
        uint256 index,
        bytes calldata data,
        bytes32[] calldata proof
    ) external;

    /// Check the weights by the rules of their kind, and make the model immutable. Anybody may.
    function sealModel(bytes32 modelId) external;

    /// Say, as the owner, that a sealed model should no longer be used. It still answers.
    function deprecate(bytes32 modelId) external;

    /// Set or take back the curator's flag of a sealed model.
    function adopt(bytes32 modelId, bool adopted) external;

    /// Hand the curator's role on; to address 0 it ends.
    function setAdmin(address admin) external;

    /// Add a sealed model as the next version of a name in the caller's namespace.
    function publish(string calldata name, bytes32 modelId) external returns (uint256 version);

    /// Retire a version of a name in the caller's namespace, for good.
    function retire(string calldata name, uint256 version) external;

    /// Return the curator.
    function admin() external view returns (address admin);

    /// Return the model of a version, from 1.
    function versionOf(
        address namespace,
        string calldata name,
        uint256 version
    ) external view returns (bytes32 modelId, bool retired);

    /// Return how many versions a name has, which is the number of the newest.
    function versionCount(
        address namespace,
        string calldata name
    ) external view returns (uint256 versions);

    /// Return what is known of a model. Status: 1 open, 2 sealed, 3 deprecated. Kind: 1 dense, 2
    /// trees, 3 transformer, 4 linear.
    function modelOf(bytes32 modelId) external view returns (
        address owner,
        uint8 status,
        uint8 kind,
        bool adopted,
        uint256 size,
        uint256 chunks,
        uint256 stored
    );

    /// Return the bytes of a row in and out, and the gas of computing: once, and for each row.
    /// 0x0303 adds reading the model and the bytes.
    function priceOf(bytes32 modelId) external view returns (
        uint256 inputSize,
        uint256 outputSize,
        uint256 callGas,
        uint256 rowGas
    );

    /// Return the header of a model.
    function headerOf(bytes32 modelId) external view returns (bytes memory header);

    /// Return the roots over a model's weights.
    function rootsOf(
        bytes32 modelId
    ) external view returns (bytes32 weightsRoot, uint256 poseidonRoot);

    /// Return the account whose code is a zero byte and the chunk, or address 0.
    function chunkOf(bytes32 modelId, uint256 index) external view returns (address account);

    /// Return which of 1 to 100 chunks from `start` on are not there yet.
    function missingChunks(
        bytes32 modelId,
        uint256 start,
        uint256 first
    ) external view returns (uint256[] memory indices);

    /// Return how many models were ever begun.
    function modelCount() external view returns (uint256 count);

    /// Return 1 to 100 ids from `start` on, in the order in which they were begun.
    function models(uint256 start, uint256 first) external view returns (bytes32[] memory modelIds);

    /// Return the id of a header, which is checked, and a root.
    function modelIdOf(
        bytes calldata header,
        bytes32 weightsRoot
    ) external pure returns (bytes32 modelId);

    /// Check that 1,024 bytes, the last leaf of what is left, are the weights at an index, stored
    /// or not.
    function verifyLeaf(
        bytes32 modelId,
        uint256 index,
        bytes calldata leaf,
        bytes32[] calldata path
    ) external view returns (bool valid);

    /// Check that the Poseidon root has the stored leaf at an index.
    function verifyPoseidon(
        bytes32 modelId,
        uint256 index,
        uint256[] calldata path
    ) external view returns (bool valid);
}
