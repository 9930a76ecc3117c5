# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Trees of the session layer
@license MIT
@notice Climbs the SHA-256 trees in which the session layer keeps sessions, events and ballots: a
        node is SHA-256(0x01, left, right), and the last node of an odd level rises as it is.
        Leaves are hashed behind 0x00, so no node is a leaf.
@dev Index and count say which siblings there are, so one leaf has one proof, of one length.
"""

DEPTH_MAX: constant(uint256) = 32


@internal
@pure
def _top(
    leaf: bytes32, index: uint256, count: uint256, proof: DynArray[bytes32, DEPTH_MAX]
) -> bytes32:
    """
    @notice Returns the top of the tree of `count` leaves in which a leaf stands at an index, or
            zero where the proof does not have the length that both ask for.
    """
    if index >= count:
        return empty(bytes32)
    node: bytes32 = leaf
    position: uint256 = index
    last: uint256 = count - 1
    used: uint256 = 0
    for _: uint256 in range(DEPTH_MAX):
        if last == 0:
            break
        on_the_right: bool = position & 1 == 1
        if on_the_right or position != last:
            if used == len(proof):
                return empty(bytes32)
            if on_the_right:
                node = sha256(concat(x"01", proof[used], node))
            else:
                node = sha256(concat(x"01", node, proof[used]))
            used += 1
        position >>= 1
        last >>= 1
    if last != 0 or used != len(proof):
        return empty(bytes32)
    return node
