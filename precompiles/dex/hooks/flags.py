"""The low 14 bits of a hook's address: what the pool manager will call it for. Knows no pools."""

DYNAMIC_FEE = 0x80_0000
"""The fee of a pool whose fee its hook decides."""

NAMES = (
    "beforeInitialize",
    "afterInitialize",
    "beforeAddLiquidity",
    "afterAddLiquidity",
    "beforeRemoveLiquidity",
    "afterRemoveLiquidity",
    "beforeSwap",
    "afterSwap",
    "beforeDonate",
    "afterDonate",
    "beforeSwapReturnDelta",
    "afterSwapReturnDelta",
    "afterAddLiquidityReturnDelta",
    "afterRemoveLiquidityReturnDelta",
)
"""From bit 13 down to bit 0."""

COUNT = len(NAMES)
MASK = (1 << COUNT) - 1

(
    BEFORE_INITIALIZE,
    AFTER_INITIALIZE,
    BEFORE_ADD_LIQUIDITY,
    AFTER_ADD_LIQUIDITY,
    BEFORE_REMOVE_LIQUIDITY,
    AFTER_REMOVE_LIQUIDITY,
    BEFORE_SWAP,
    AFTER_SWAP,
    BEFORE_DONATE,
    AFTER_DONATE,
    BEFORE_SWAP_RETURNS_DELTA,
    AFTER_SWAP_RETURNS_DELTA,
    AFTER_ADD_LIQUIDITY_RETURNS_DELTA,
    AFTER_REMOVE_LIQUIDITY_RETURNS_DELTA,
) = (1 << bit for bit in reversed(range(COUNT)))

NEEDS = (
    (BEFORE_SWAP_RETURNS_DELTA, BEFORE_SWAP),
    (AFTER_SWAP_RETURNS_DELTA, AFTER_SWAP),
    (AFTER_ADD_LIQUIDITY_RETURNS_DELTA, AFTER_ADD_LIQUIDITY),
    (AFTER_REMOVE_LIQUIDITY_RETURNS_DELTA, AFTER_REMOVE_LIQUIDITY),
)
"""Each flag that returns a delta, and the flag of the call that returns it."""


def of(hook: bytes) -> int:
    """Return the flags of an address."""
    return int.from_bytes(hook[-2:], "big") & MASK


def has(hook: bytes, flags: int) -> bool:
    """Return whether an address has one of these flags."""
    return of(hook) & flags != 0


def permissions(hook: bytes) -> tuple[bool, ...]:
    """Return each flag of an address, in the order of `NAMES`."""
    flags = of(hook)
    return tuple(flags >> COUNT - 1 - bit & 1 == 1 for bit in range(COUNT))


def consistent(flags: int) -> bool:
    """Return whether each delta that would be returned has a call that can return it."""
    return all(flags & needed or not flags & delta for delta, needed in NEEDS)


def usable(hook: bytes, fee: int) -> bool:
    """Return whether the pool manager makes a pool with this hook and this fee.

    No hook at all cannot decide a fee; a hook without flags is only good for deciding one.
    """
    if not any(hook):
        return fee != DYNAMIC_FEE
    return consistent(of(hook)) and (of(hook) != 0 or fee == DYNAMIC_FEE)
