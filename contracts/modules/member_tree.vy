# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Trees of members
@license MIT
@notice Grows Merkle trees of Starknet's Poseidon, leaf by leaf, as the statement `membership`
        of 0x0903 proves them: a leaf is the hash of a secret and 0; where there is none stands 0.
@dev Only the left siblings that are still needed are kept, so a leaf costs one slot and, in the
     mean, one hash. Who uses this names trees by keys that cannot collide.
"""

from ..interfaces import IPoseidon

POSEIDON: constant(IPoseidon) = IPoseidon(0x0000000000000000000000000000000000000901)
STARKNET: constant(uint8) = 4
DEPTH_MAX: constant(uint256) = 32
FIELD: constant(uint256) = 2**251 + 17 * 2**192 + 1

DEPTH: immutable(uint256)

size: HashMap[bytes32, uint256]
frontier: HashMap[bytes32, uint256[33]]


@deploy
def __init__(depth: uint256):
    assert depth != 0 and depth <= DEPTH_MAX, "tree: depth out of bounds"
    DEPTH = depth


@internal
def _grow(tree: bytes32, leaf: uint256) -> uint256:
    """
    @notice Adds a leaf and returns its index.
    """
    index: uint256 = self.size[tree]
    assert index < 1 << DEPTH, "tree: full"
    assert leaf != 0 and leaf < FIELD, "tree: not a leaf"
    self.size[tree] = index + 1
    node: uint256 = leaf
    position: uint256 = index
    for level: uint256 in range(DEPTH_MAX + 1):
        if position & 1 == 0:
            self.frontier[tree][level] = node
            break
        node = staticcall POSEIDON.compress(STARKNET, self.frontier[tree][level], node)
        position >>= 1
    return index


@internal
@view
def _root(tree: bytes32) -> uint256:
    size: uint256 = self.size[tree]
    if size == 1 << DEPTH:
        return self.frontier[tree][DEPTH]
    node: uint256 = 0
    nothing: uint256 = 0
    for level: uint256 in range(DEPTH, bound=DEPTH_MAX):
        if size >> level & 1 == 1:
            node = staticcall POSEIDON.compress(STARKNET, self.frontier[tree][level], node)
        else:
            node = staticcall POSEIDON.compress(STARKNET, node, nothing)
        nothing = staticcall POSEIDON.compress(STARKNET, nothing, nothing)
    return node
