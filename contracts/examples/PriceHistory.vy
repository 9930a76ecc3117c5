# pragma version ^0.4.3
# A hook that remembers prices: the mean tick of a pool over a time, as Uniswap v3 told it.
# Its address must end in 0x1080: after initialize, before swap.
# A swap changes the tick only after the hook has counted the old one up to now. So the tick of a
# moment counts for as long as it lasts, and one that is pushed and returned in a block for nothing.

struct PoolKey:
    currency0: address
    currency1: address
    fee: uint24
    tickSpacing: int24
    hooks: address

struct SwapParams:
    zeroForOne: bool
    amountSpecified: int256
    sqrtPriceLimitX96: uint160

# The sum of the tick over all seconds up to a time.
struct Observation:
    time: uint64
    sum: int128

interface StateView:
    def getSlot0(poolId: bytes32) -> (uint160, int24, uint24, uint24): view

interface HookLibrary:
    def flags(hook: address) -> uint16: view

MANAGER: constant(address) = 0x0000000000000000000000000000000000000400
STATE: constant(StateView) = StateView(0x0000000000000000000000000000000000000401)
HOOKS: constant(HookLibrary) = HookLibrary(0x0000000000000000000000000000000000000403)
SIZE: constant(uint256) = 1024

observations: public(HashMap[bytes32, Observation[SIZE]])
count: public(HashMap[bytes32, uint256])

@deploy
def __init__():
    assert staticcall HOOKS.flags(self) == 4224, "the address has other flags"

@external
def afterInitialize(sender: address, key: PoolKey, price: uint160, tick: int24) -> bytes4:
    assert msg.sender == MANAGER, "only the pool manager"
    pool_id: bytes32 = keccak256(abi_encode(key))
    self.observations[pool_id][0] = Observation(time=convert(block.timestamp, uint64), sum=0)
    self.count[pool_id] = 1
    return 0x6fe7e6eb

@external
def beforeSwap(
    sender: address, key: PoolKey, params: SwapParams, hookData: Bytes[1024]
) -> (bytes4, int256, uint24):
    assert msg.sender == MANAGER, "only the pool manager"
    pool_id: bytes32 = keccak256(abi_encode(key))
    place: uint256 = self.count[pool_id]
    last: Observation = self.observations[pool_id][(place - 1) % SIZE]
    if convert(last.time, uint256) != block.timestamp:
        now: uint64 = convert(block.timestamp, uint64)
        self.observations[pool_id][place % SIZE] = Observation(time=now, sum=self._now(pool_id))
        self.count[pool_id] = place + 1
    return 0x575e24b4, 0, 0

@view
@external
def meanTick(poolId: bytes32, seconds: uint256) -> int256:
    """
    @notice The mean tick of the last seconds, rounded down.
    """
    assert seconds > 0, "no time"
    since: int256 = convert(self._now(poolId) - self._at(poolId, block.timestamp - seconds), int256)
    mean: int256 = since // convert(seconds, int256)
    if since < 0 and since % convert(seconds, int256) != 0:
        mean -= 1
    return mean

@internal
@view
def _now(pool_id: bytes32) -> int128:
    """
    @dev The sum up to now. Since the last observation the tick was the present one.
    """
    last: Observation = self.observations[pool_id][(self.count[pool_id] - 1) % SIZE]
    price: uint160 = 0
    tick: int24 = 0
    protocol_fee: uint24 = 0
    fee: uint24 = 0
    price, tick, protocol_fee, fee = staticcall STATE.getSlot0(pool_id)
    passed: int128 = convert(block.timestamp - convert(last.time, uint256), int128)
    return last.sum + convert(tick, int128) * passed

@internal
@view
def _at(pool_id: bytes32, time: uint256) -> int128:
    """
    @dev The sum up to a time: between two observations it grows evenly.
    """
    newest: uint256 = self.count[pool_id] - 1
    oldest: uint256 = 0
    if newest >= SIZE:
        oldest = newest - SIZE + 1
    assert convert(self.observations[pool_id][oldest % SIZE].time, uint256) <= time, "too long ago"
    low: uint256 = oldest
    high: uint256 = newest
    for _: uint256 in range(11):
        if low == high:
            break
        middle: uint256 = (low + high + 1) // 2
        if convert(self.observations[pool_id][middle % SIZE].time, uint256) <= time:
            low = middle
        else:
            high = middle - 1
    before: Observation = self.observations[pool_id][low % SIZE]
    after: Observation = Observation(time=convert(block.timestamp, uint64), sum=0)
    if low == newest:
        after.sum = self._now(pool_id)
    else:
        after = self.observations[pool_id][(low + 1) % SIZE]
    if after.time == before.time:
        return before.sum
    passed: int128 = convert(time - convert(before.time, uint256), int128)
    span: int128 = convert(after.time - before.time, int128)
    return before.sum + (after.sum - before.sum) * passed // span
