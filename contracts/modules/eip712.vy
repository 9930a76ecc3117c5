# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Typed data of one contract on one chain
@license MIT
@notice The domain of EIP-712, which makes what is signed for one contract worthless at any other,
        and its description for wallets (ERC-5267).
@dev The separator is computed once, and anew only where the chain was split since.
"""

DOMAIN_TYPE_HASH: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
# Name, version, chain and contract are in the domain; salt and extensions are not.
FIELDS: constant(bytes1) = 0x0f

NAME: immutable(String[32])
VERSION: immutable(String[8])
CHAIN_ID: immutable(uint256)
SEPARATOR: immutable(bytes32)


@deploy
def __init__(name: String[32], version: String[8]):
    NAME = name
    VERSION = version
    CHAIN_ID = chain.id
    SEPARATOR = keccak256(
        abi_encode(DOMAIN_TYPE_HASH, keccak256(name), keccak256(version), chain.id, self)
    )


@external
@view
def eip712Domain() -> (
    bytes1, String[32], String[8], uint256, address, bytes32, DynArray[uint256, 1]
):
    return (FIELDS, NAME, VERSION, chain.id, self, empty(bytes32), [])


@internal
@view
def _domain_separator() -> bytes32:
    if chain.id == CHAIN_ID:
        return SEPARATOR
    return keccak256(
        abi_encode(DOMAIN_TYPE_HASH, keccak256(NAME), keccak256(VERSION), chain.id, self)
    )


@internal
@view
def _digest(struct_hash: bytes32) -> bytes32:
    """
    @notice Returns what is signed for a struct with this hash.
    """
    return keccak256(concat(x"1901", self._domain_separator(), struct_hash))
