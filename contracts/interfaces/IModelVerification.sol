// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant VERIFICATION = address(0x0304);

/// Claims about what a network answers, with bonds, challenges and a last word.
interface IModelVerification {
    error UnknownJob(bytes32 jobId);
    error UnknownClaim(bytes32 claimId);
    error UnknownModel(bytes32 modelId);
    error NotSealed(uint8 status);
    error UnsupportedModel(uint8 kind);
    error InvalidInput(uint256 rowSize, uint256 rowsMax);
    error WrongSteps(uint256 expected);
    error WrongBond(uint256 expected);
    error ClaimExists(bytes32 claimId);
    error WrongStatus(uint8 status);
    error WrongTurn(uint8 turn);
    error NotAPlayer(address expected);
    error TooLate(uint64 deadline);
    error TooEarly(uint64 deadline);
    error NotIncluded();
    error WrongInput();
    error NoFraud();
    error InvalidLayer(uint256 layers);
    event JobOpened(bytes32 indexed jobId, bytes32 indexed modelId, bytes input);
    event Committed(
        bytes32 indexed claimId,
        bytes32 indexed jobId,
        address indexed committer,
        bytes32 outputHash,
        bytes32 traceRoot
    );
    event Challenged(bytes32 indexed claimId, address indexed challenger);
    event Shown(bytes32 indexed claimId, bytes32 left, bytes32 right);
    event Chosen(bytes32 indexed claimId, uint32 layer, uint32 first, uint32 leaves);
    event Defended(bytes32 indexed claimId, address indexed challenger);
    event Rejected(bytes32 indexed claimId, address indexed winner);
    event Finalized(bytes32 indexed claimId, bytes32 indexed jobId);

    /// Ask what a sealed dense network answers to one or more rows. The input is logged. Asked
    /// again, a question has the same id.
    function openJob(bytes32 modelId, bytes calldata input) external returns (bytes32 jobId);

    /// Stand for an answer with the bond as value: the BLAKE3 hash of the output, the root of the
    /// trace, and its steps, which are the network's layers.
    function commitResult(
        bytes32 jobId,
        bytes32 outputHash,
        bytes32 traceRoot,
        uint256 steps
    ) external payable returns (bytes32 claimId);

    /// Reject a claim whose output is not what the last sums of its trace become.
    function challengeOutput(
        bytes32 claimId,
        bytes calldata sums,
        bytes32[] calldata path
    ) external;

    /// Reject a claim in which a layer's sums are not its matrix times its inputs. `before` has the
    /// sums of the layer before, or the input of layer 0.
    function challengeProduct(
        bytes32 claimId,
        uint256 layer,
        bytes calldata before,
        bytes32[] calldata pathBefore,
        bytes calldata sums,
        bytes32[] calldata path
    ) external;

    /// Begin a dispute, with the bond as value. The committer is to show next.
    function challenge(bytes32 claimId) external payable;

    /// As committer, show the children of the disputed node.
    function show(bytes32 claimId, bytes32 left, bytes32 right) external;

    /// As challenger, dispute the first child that is wrong.
    function choose(bytes32 claimId, bool right) external;

    /// As challenger, have the one output that is left computed, from the sums of the layer before
    /// and their path to the last left neighbour that was not disputed, or from the input. Whoever
    /// was wrong loses the bond.
    function prove(
        bytes32 claimId,
        bytes calldata before,
        bytes32[] calldata path
    ) external returns (bool wrong);

    /// Decide against who let the turn pass.
    function timeout(bytes32 claimId) external;

    /// Close a claim whose window has passed without dispute; the bond goes back.
    function finalize(bytes32 claimId) external;

    /// Return a job.
    function jobOf(
        bytes32 jobId
    ) external view returns (bytes32 modelId, bytes32 inputHash, uint32 rows, uint32 layers);

    /// Return a claim. Status: 1 open, 2 in dispute, 3 rejected, 4 final.
    function claimOf(bytes32 claimId) external view returns (
        bytes32 jobId,
        address committer,
        uint8 status,
        bytes32 outputHash,
        bytes32 traceRoot,
        uint64 windowEnd
    );

    /// Return where a dispute stands. Turn: 1 the committer shows, 2 the challenger chooses, 3 the
    /// challenger proves.
    function gameOf(bytes32 claimId) external view returns (
        address challenger,
        uint8 turn,
        uint64 deadline,
        bool withinLayer,
        uint32 layer,
        uint32 first,
        uint32 leaves,
        bytes32 node,
        bytes32 left,
        bytes32 right
    );

    /// Return whether a claim is final and these bytes are its output.
    function verifyOutput(
        bytes32 claimId,
        bytes calldata output
    ) external view returns (bool valid);

    /// Return 1 if three matrices are a leaf under a root, plus 2 if A·B = C by the vectors of the
    /// seed. Shape: rows, inner, columns; A and B int8, C int32.
    function verifyFreivalds(
        bytes32 root,
        uint256 index,
        uint256 count,
        bytes32[] calldata path,
        bytes32 seed,
        uint32[3] calldata shape,
        bytes calldata a,
        bytes calldata b,
        bytes calldata c
    ) external pure returns (uint8 flags);

    /// Return the id that a job has.
    function jobIdOf(
        bytes32 modelId,
        bytes32 inputHash,
        uint32 rows
    ) external pure returns (bytes32 jobId);

    /// Return the id that somebody's claim has.
    function claimIdOf(bytes32 jobId, address committer) external pure returns (bytes32 claimId);

    /// Return the bond in wei, and the seconds of a window and of a turn.
    function settings() external view returns (uint256 bond, uint64 window, uint64 turn);
}
