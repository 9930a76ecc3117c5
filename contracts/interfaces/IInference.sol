// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant INFERENCE = address(0x0303);

/// Answers of registered models: int8 networks, trees, linear models, a decoder.
interface IInference {
    error UnknownModel(bytes32 modelId);
    error NotSealed(uint8 status);
    error WrongKind(uint8 kind);
    error InvalidInputSize(uint256 row, uint256 actual);
    error OutputTooLong(uint256 size);
    error InvalidToken(uint256 index);
    error InvalidTokenCount(uint256 prompt, uint256 more);

    /// Answer one or more rows. A dense network takes and gives int8, or gives int32 sums; trees
    /// take int32, linear models too, big-endian, and give int64; an arg-max is a uint32, a
    /// probability a uint16 in 65,535ths. Computing, reading the model and the bytes of the answer
    /// are charged on the way: see 0x0302 priceOf.
    function infer(
        bytes32 modelId,
        bytes calldata input
    ) external view returns (bytes memory output);

    /// Return the prompt and 1 to 64 tokens more, each the likeliest, of equals the lowest; 256 in
    /// all.
    function generate(
        bytes32 modelId,
        uint32[] calldata prompt,
        uint32 nNew
    ) external view returns (uint32[] memory tokens);
}
