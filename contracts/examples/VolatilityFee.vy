# pragma version ^0.4.3
# A hook that makes swaps dearer while the price moves: for pools with the dynamic fee.
# Its address must end in 0x1080: after initialize, before swap.

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

# How far the tick has moved of late, and from where and when that is counted.
struct Movement:
    tick: int24
    updated: uint40
    ticks: uint128

interface StateView:
    def getSlot0(poolId: bytes32) -> (uint160, int24, uint24, uint24): view

interface HookLibrary:
    def flags(hook: address) -> uint16: view

MANAGER: constant(address) = 0x0000000000000000000000000000000000000400
STATE: constant(StateView) = StateView(0x0000000000000000000000000000000000000401)
HOOKS: constant(HookLibrary) = HookLibrary(0x0000000000000000000000000000000000000403)

OVERRIDE: constant(uint24) = 4194304
LOWEST_FEE: constant(uint256) = 500
HIGHEST_FEE: constant(uint256) = 10_000
FEE_PER_TICK: constant(uint256) = 10
CALM_SECONDS: constant(uint256) = 600

movements: public(HashMap[bytes32, Movement])

@deploy
def __init__():
    assert staticcall HOOKS.flags(self) == 4224, "the address has other flags"

@external
def afterInitialize(sender: address, key: PoolKey, price: uint160, tick: int24) -> bytes4:
    assert msg.sender == MANAGER, "only the pool manager"
    self.movements[keccak256(abi_encode(key))] = Movement(
        tick=tick, updated=convert(block.timestamp, uint40), ticks=0
    )
    return 0x6fe7e6eb

@external
def beforeSwap(
    sender: address, key: PoolKey, params: SwapParams, hookData: Bytes[1024]
) -> (bytes4, int256, uint24):
    assert msg.sender == MANAGER, "only the pool manager"
    pool_id: bytes32 = keccak256(abi_encode(key))
    ticks: uint256 = self._moved(pool_id)
    price: uint160 = 0
    tick: int24 = 0
    protocol_fee: uint24 = 0
    fee: uint24 = 0
    price, tick, protocol_fee, fee = staticcall STATE.getSlot0(pool_id)
    self.movements[pool_id] = Movement(
        tick=tick, updated=convert(block.timestamp, uint40), ticks=convert(ticks, uint128)
    )
    return 0x575e24b4, 0, convert(self._fee(ticks), uint24) | OVERRIDE

@view
@external
def feeOf(poolId: bytes32) -> uint256:
    return self._fee(self._moved(poolId))

@internal
@view
def _moved(pool_id: bytes32) -> uint256:
    """
    @dev The ticks that the price has moved: what was known, fading, and what came since.
    """
    known: Movement = self.movements[pool_id]
    passed: uint256 = min(block.timestamp - convert(known.updated, uint256), CALM_SECONDS)
    left: uint256 = convert(known.ticks, uint256) * (CALM_SECONDS - passed) // CALM_SECONDS
    price: uint160 = 0
    tick: int24 = 0
    protocol_fee: uint24 = 0
    fee: uint24 = 0
    price, tick, protocol_fee, fee = staticcall STATE.getSlot0(pool_id)
    step: int256 = convert(tick, int256) - convert(known.tick, int256)
    return left + convert(abs(step), uint256)

@internal
@pure
def _fee(ticks: uint256) -> uint256:
    return min(LOWEST_FEE + FEE_PER_TICK * ticks, HIGHEST_FEE)
