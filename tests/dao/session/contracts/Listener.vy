# pragma version 0.4.3
# Hears what it is told, as it is told to: well, by failing, by burning its gas, by calling back.

HEAR: constant(uint256) = 0
FAIL: constant(uint256) = 1
BURN: constant(uint256) = 2
CALL_BACK: constant(uint256) = 3
SHOUT: constant(uint256) = 4


struct SessionLeaf:
    sessionId: bytes32
    state: uint8
    outputHash: bytes32
    oracleRoot: bytes32
    receiptsRoot: bytes32


manner: public(uint256)
back: Bytes[1024]
heard: public(DynArray[bytes32, 64])
requester: public(address)
output: public(bytes32)
gas: public(uint256)


@external
def behave(manner: uint256, back: Bytes[1024]):
    self.manner = manner
    self.back = back


@internal
def _hear(what: bytes32):
    self.gas = msg.gas
    if self.manner == FAIL:
        raise "listener: fails"
    if self.manner == BURN:
        number: uint256 = 0
        for _: uint256 in range(2**40):
            number = convert(keccak256(convert(number, bytes32)), uint256)
    if self.manner == CALL_BACK:
        raw_call(msg.sender, self.back)
    if self.manner == SHOUT:
        raw_revert(slice(msg.data, 0, 4))
    self.heard.append(what)


@external
def onSession(requestId: uint256, requester: address, epoch: uint64, leaf: SessionLeaf):
    self._hear(convert(requestId, bytes32))
    self.requester = requester
    self.output = leaf.outputHash


@external
def onEvent(number: uint64, sessionId: bytes32, kind: uint8, payload: Bytes[4096]):
    told: bytes32 = keccak256(
        concat(convert(number, bytes8), sessionId, convert(kind, bytes1), payload)
    )
    self._hear(told)


@external
@view
def heardCount() -> uint256:
    return len(self.heard)
