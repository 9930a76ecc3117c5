# pragma version 0.4.3
# An anchor that says what it is told to.


struct SessionLeaf:
    sessionId: bytes32
    state: uint8
    outputHash: bytes32
    oracleRoot: bytes32
    receiptsRoot: bytes32


anchoredAt: public(HashMap[uint64, uint256])
leaves: HashMap[uint64, HashMap[uint64, bytes32]]


@external
def set(epoch: uint64, time: uint256, index: uint64, leaf: SessionLeaf):
    self.anchoredAt[epoch] = time
    self.leaves[epoch][index] = keccak256(abi_encode(leaf))


@external
@view
def verifySession(
    epoch: uint64, leaf: SessionLeaf, index: uint64, proof: DynArray[bytes32, 32]
) -> bool:
    return self.leaves[epoch][index] == keccak256(abi_encode(leaf))
