# pragma version ^0.4.3
# Swaps along pools, and liquidity, for people: with limits, a deadline, and native currency.
# A position belongs to who paid for it: its salt is the payer's address.

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

struct ModifyLiquidityParams:
    tickLower: int24
    tickUpper: int24
    liquidityDelta: int256
    salt: bytes32

struct Hop:
    currency: address  # what comes out of this pool
    fee: uint24
    tickSpacing: int24
    hooks: address

struct Route:
    currency: address  # what goes into the first pool
    path: DynArray[Hop, 4]
    exactInput: bool
    amount: uint256

struct Change:
    key: PoolKey
    params: ModifyLiquidityParams

interface PoolManager:
    def unlock(data: Bytes[2048]) -> Bytes[64]: nonpayable
    def swap(key: PoolKey, params: SwapParams, hookData: Bytes[32]) -> int256: nonpayable
    def modifyLiquidity(
        key: PoolKey, params: ModifyLiquidityParams, hookData: Bytes[32]
    ) -> (int256, int256): nonpayable
    def sync(currency: address): nonpayable
    def settle() -> uint256: payable
    def take(currency: address, to: address, amount: uint256): nonpayable

interface Token:
    def transferFrom(owner: address, to: address, amount: uint256) -> bool: nonpayable

MANAGER: constant(PoolManager) = PoolManager(0x0000000000000000000000000000000000000400)
LOWEST: constant(uint160) = 4295128739 + 1
HIGHEST: constant(uint160) = 1461446703485210103287273052203988822378723970342 - 1
HALF: constant(uint256) = 2**127

# --- Swaps ---

@external
@payable
@nonreentrant
def exactInput(
    currency: address, path: DynArray[Hop, 4], amount: uint256, minimum: uint256, deadline: uint256
) -> uint256:
    """
    @notice Swap all of an amount along a path. Returns what came out.
    """
    assert block.timestamp <= deadline, "late"
    route: Route = Route(currency=currency, path=path, exactInput=True, amount=amount)
    out: uint256 = self._run(route)
    assert out >= minimum, "too little"
    return out

@external
@payable
@nonreentrant
def exactOutput(
    currency: address, path: DynArray[Hop, 4], amount: uint256, maximum: uint256, deadline: uint256
) -> uint256:
    """
    @notice Swap for an amount along a path. Returns what went in.
    """
    assert block.timestamp <= deadline, "late"
    route: Route = Route(currency=currency, path=path, exactInput=False, amount=amount)
    paid: uint256 = self._run(route)
    assert paid <= maximum, "too much"
    return paid

# --- Liquidity ---

@external
@payable
@nonreentrant
def addLiquidity(
    key: PoolKey,
    tickLower: int24,
    tickUpper: int24,
    liquidity: uint128,
    maximum0: uint256,
    maximum1: uint256,
    deadline: uint256,
) -> (uint256, uint256):
    """
    @notice Add liquidity to the caller's position. Returns what it cost; fees are paid out.
    """
    assert block.timestamp <= deadline, "late"
    delta: int256 = self._change(key, tickLower, tickUpper, convert(liquidity, int256))
    amount0: int256 = 0
    amount1: int256 = 0
    amount0, amount1 = self._amounts(delta)
    assert -amount0 <= convert(maximum0, int256), "too much"
    assert -amount1 <= convert(maximum1, int256), "too much"
    return convert(max(-amount0, 0), uint256), convert(max(-amount1, 0), uint256)

@external
@nonreentrant
def removeLiquidity(
    key: PoolKey,
    tickLower: int24,
    tickUpper: int24,
    liquidity: uint128,
    minimum0: uint256,
    minimum1: uint256,
    deadline: uint256,
) -> (uint256, uint256):
    """
    @notice Take liquidity out of the caller's position. Returns what it gave, fees included.
    """
    assert block.timestamp <= deadline, "late"
    delta: int256 = self._change(key, tickLower, tickUpper, -convert(liquidity, int256))
    amount0: int256 = 0
    amount1: int256 = 0
    amount0, amount1 = self._amounts(delta)
    assert amount0 >= convert(minimum0, int256), "too little"
    assert amount1 >= convert(minimum1, int256), "too little"
    return convert(amount0, uint256), convert(amount1, uint256)

# --- In the unlock ---

@external
def unlockCallback(data: Bytes[2048]) -> Bytes[64]:
    assert msg.sender == MANAGER.address, "only the pool manager"
    payer: address = empty(address)
    is_route: bool = False
    body: Bytes[1536] = b""
    payer, is_route, body = abi_decode(data, (address, bool, Bytes[1536]))
    if is_route:
        return abi_encode(self._swap_along(payer, abi_decode(body, Route)))
    change: Change = abi_decode(body, Change)
    delta: int256 = 0
    fees: int256 = 0
    delta, fees = extcall MANAGER.modifyLiquidity(change.key, change.params, b"")
    amount0: int256 = 0
    amount1: int256 = 0
    amount0, amount1 = self._amounts(delta)
    self._settle(change.key.currency0, payer, amount0)
    self._settle(change.key.currency1, payer, amount1)
    return abi_encode(delta)

@internal
def _swap_along(payer: address, route: Route) -> uint256:
    hops: uint256 = len(route.path)
    assert hops > 0, "no path"
    last: address = route.path[hops - 1].currency
    amount: uint256 = route.amount
    for step: uint256 in range(hops, bound=4):
        place: uint256 = step
        if not route.exactInput:
            place = hops - 1 - step
        before: address = route.currency
        if place > 0:
            before = route.path[place - 1].currency
        amount = self._swap(before, route.path[place], route.exactInput, amount)
    if route.exactInput:
        self._settle(route.currency, payer, -convert(route.amount, int256))
        self._settle(last, payer, convert(amount, int256))
    else:
        self._settle(route.currency, payer, -convert(amount, int256))
        self._settle(last, payer, convert(route.amount, int256))
    return amount

@internal
def _swap(before: address, hop: Hop, exact_input: bool, amount: uint256) -> uint256:
    """
    @dev Swap in one pool, all of the amount, and return the other one.
    """
    zero_for_one: bool = convert(before, uint256) < convert(hop.currency, uint256)
    key: PoolKey = PoolKey(
        currency0=before,
        currency1=hop.currency,
        fee=hop.fee,
        tickSpacing=hop.tickSpacing,
        hooks=hop.hooks,
    )
    limit: uint160 = LOWEST
    if not zero_for_one:
        key.currency0 = hop.currency
        key.currency1 = before
        limit = HIGHEST
    specified: int256 = convert(amount, int256)
    if exact_input:
        specified = -specified
    params: SwapParams = SwapParams(
        zeroForOne=zero_for_one, amountSpecified=specified, sqrtPriceLimitX96=limit
    )
    first: int256 = 0
    second: int256 = 0
    first, second = self._amounts(extcall MANAGER.swap(key, params, b""))
    paid: int256 = first
    out: int256 = second
    if not zero_for_one:
        paid = second
        out = first
    if exact_input:
        assert paid == specified, "not enough liquidity"
        return convert(out, uint256)
    assert out == specified, "not enough liquidity"
    return convert(-paid, uint256)

@internal
def _settle(currency: address, payer: address, amount: int256):
    """
    @dev Pay what is owed to the pool manager, or have what is due paid out.
    """
    if amount > 0:
        extcall MANAGER.take(currency, payer, convert(amount, uint256))
    if amount < 0:
        owed: uint256 = convert(-amount, uint256)
        extcall MANAGER.sync(currency)
        if currency == empty(address):
            extcall MANAGER.settle(value=owed)
        else:
            token: Token = Token(currency)
            extcall token.transferFrom(payer, MANAGER.address, owed, default_return_value=True)
            extcall MANAGER.settle()

# --- Inside ---

@internal
def _run(route: Route) -> uint256:
    data: Bytes[2048] = abi_encode(msg.sender, True, abi_encode(route))
    result: uint256 = abi_decode(extcall MANAGER.unlock(data), uint256)
    self._refund()
    return result

@internal
def _change(key: PoolKey, tickLower: int24, tickUpper: int24, delta: int256) -> int256:
    params: ModifyLiquidityParams = ModifyLiquidityParams(
        tickLower=tickLower,
        tickUpper=tickUpper,
        liquidityDelta=delta,
        salt=convert(msg.sender, bytes32),
    )
    change: Change = Change(key=key, params=params)
    data: Bytes[2048] = abi_encode(msg.sender, False, abi_encode(change))
    result: int256 = abi_decode(extcall MANAGER.unlock(data), int256)
    self._refund()
    return result

@internal
def _refund():
    """
    @dev Nothing stays here: what was sent and not needed goes back.
    """
    if self.balance > 0:
        raw_call(msg.sender, b"", value=self.balance)

@internal
@pure
def _amounts(delta: int256) -> (int256, int256):
    """
    @dev Take the two signed halves of a balance delta apart.
    """
    low: uint256 = convert(convert(delta, bytes32), uint256) & (2**128 - 1)
    second: int256 = convert(low, int256)
    if low >= HALF:
        second -= 2**128
    return delta >> 128, second
