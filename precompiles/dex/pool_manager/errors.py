"""What the pool manager refuses with: the errors of v4, by their own names.

Where v4 reverts without data, so do we. Knows no rule by which anything is refused.
"""

from ... import abi
from ...abi import Revert

REASON_MAX = 1 << 32
"""Above any revert data that gas can pay for: what a callee said is passed on whole."""

NO_DATA = b""

PANIC = abi.error("Panic(uint256 code)")
OVERFLOW = PANIC(0x11)
TOO_MUCH_MEMORY = PANIC(0x41)
"""What Solidity answers to checked arithmetic that overflows, and to a length beyond memory."""

UNAUTHORIZED = abi.error("Error(string reason)", {"reason": 12})("UNAUTHORIZED")

SAFE_CAST_OVERFLOW = abi.error("SafeCastOverflow()")
WRAPPED = abi.error(
    "WrappedError(address target, bytes4 selector, bytes reason, bytes details)",
    {"reason": REASON_MAX, "details": 4},
)

# Of the maths.
INVALID_TICK = abi.error("InvalidTick(int24 tick)")
INVALID_SQRT_PRICE = abi.error("InvalidSqrtPrice(uint160 sqrtPriceX96)")
INVALID_PRICE = abi.error("InvalidPrice()")
INVALID_PRICE_OR_LIQUIDITY = abi.error("InvalidPriceOrLiquidity()")
NOT_ENOUGH_LIQUIDITY = abi.error("NotEnoughLiquidity()")
PRICE_OVERFLOW = abi.error("PriceOverflow()")

# Of a pool.
POOL_ALREADY_INITIALIZED = abi.error("PoolAlreadyInitialized()")
POOL_NOT_INITIALIZED = abi.error("PoolNotInitialized()")
TICKS_MISORDERED = abi.error("TicksMisordered(int24 tickLower, int24 tickUpper)")
TICK_LOWER_OUT_OF_BOUNDS = abi.error("TickLowerOutOfBounds(int24 tickLower)")
TICK_UPPER_OUT_OF_BOUNDS = abi.error("TickUpperOutOfBounds(int24 tickUpper)")
TICK_LIQUIDITY_OVERFLOW = abi.error("TickLiquidityOverflow(int24 tick)")
TICK_MISALIGNED = abi.error("TickMisaligned(int24 tick, int24 tickSpacing)")
CANNOT_UPDATE_EMPTY_POSITION = abi.error("CannotUpdateEmptyPosition()")
PRICE_LIMIT_ALREADY_EXCEEDED = abi.error(
    "PriceLimitAlreadyExceeded(uint160 sqrtPriceCurrentX96, uint160 sqrtPriceLimitX96)"
)
PRICE_LIMIT_OUT_OF_BOUNDS = abi.error("PriceLimitOutOfBounds(uint160 sqrtPriceLimitX96)")
INVALID_FEE_FOR_EXACT_OUT = abi.error("InvalidFeeForExactOut()")
NO_LIQUIDITY_TO_RECEIVE_FEES = abi.error("NoLiquidityToReceiveFees()")

# Of the manager.
TICK_SPACING_TOO_LARGE = abi.error("TickSpacingTooLarge(int24 tickSpacing)")
TICK_SPACING_TOO_SMALL = abi.error("TickSpacingTooSmall(int24 tickSpacing)")
CURRENCIES_OUT_OF_ORDER_OR_EQUAL = abi.error(
    "CurrenciesOutOfOrderOrEqual(address currency0, address currency1)"
)
SWAP_AMOUNT_CANNOT_BE_ZERO = abi.error("SwapAmountCannotBeZero()")
UNAUTHORIZED_DYNAMIC_LP_FEE_UPDATE = abi.error("UnauthorizedDynamicLPFeeUpdate()")

# Of the lock and the accounts.
MANAGER_LOCKED = abi.error("ManagerLocked()")
ALREADY_UNLOCKED = abi.error("AlreadyUnlocked()")
CURRENCY_NOT_SETTLED = abi.error("CurrencyNotSettled()")
NONZERO_NATIVE_VALUE = abi.error("NonzeroNativeValue()")
MUST_CLEAR_EXACT_POSITIVE_DELTA = abi.error("MustClearExactPositiveDelta()")

# Of fees.
LP_FEE_TOO_LARGE = abi.error("LPFeeTooLarge(uint24 fee)")
PROTOCOL_FEE_TOO_LARGE = abi.error("ProtocolFeeTooLarge(uint24 fee)")
INVALID_CALLER = abi.error("InvalidCaller()")
PROTOCOL_FEE_CURRENCY_SYNCED = abi.error("ProtocolFeeCurrencySynced()")

# Of hooks.
HOOK_ADDRESS_NOT_VALID = abi.error("HookAddressNotValid(address hooks)")
INVALID_HOOK_RESPONSE = abi.error("InvalidHookResponse()")
HOOK_DELTA_EXCEEDS_SWAP_AMOUNT = abi.error("HookDeltaExceedsSwapAmount()")

# What a wrapped error adds, as its details.
HOOK_CALL_FAILED = abi.error("HookCallFailed()").signature.selector
ERC20_TRANSFER_FAILED = abi.error("ERC20TransferFailed()").signature.selector
NATIVE_TRANSFER_FAILED = abi.error("NativeTransferFailed()").signature.selector

DECLARED = (
    SAFE_CAST_OVERFLOW,
    WRAPPED,
    INVALID_SQRT_PRICE,
    POOL_ALREADY_INITIALIZED,
    POOL_NOT_INITIALIZED,
    TICKS_MISORDERED,
    TICK_LOWER_OUT_OF_BOUNDS,
    TICK_UPPER_OUT_OF_BOUNDS,
    TICK_LIQUIDITY_OVERFLOW,
    TICK_MISALIGNED,
    CANNOT_UPDATE_EMPTY_POSITION,
    PRICE_LIMIT_ALREADY_EXCEEDED,
    PRICE_LIMIT_OUT_OF_BOUNDS,
    INVALID_FEE_FOR_EXACT_OUT,
    NO_LIQUIDITY_TO_RECEIVE_FEES,
    TICK_SPACING_TOO_LARGE,
    TICK_SPACING_TOO_SMALL,
    CURRENCIES_OUT_OF_ORDER_OR_EQUAL,
    SWAP_AMOUNT_CANNOT_BE_ZERO,
    UNAUTHORIZED_DYNAMIC_LP_FEE_UPDATE,
    MANAGER_LOCKED,
    ALREADY_UNLOCKED,
    CURRENCY_NOT_SETTLED,
    NONZERO_NATIVE_VALUE,
    MUST_CLEAR_EXACT_POSITIVE_DELTA,
    LP_FEE_TOO_LARGE,
    PROTOCOL_FEE_TOO_LARGE,
    INVALID_CALLER,
    PROTOCOL_FEE_CURRENCY_SYNCED,
    HOOK_ADDRESS_NOT_VALID,
    INVALID_HOOK_RESPONSE,
    HOOK_DELTA_EXCEEDS_SWAP_AMOUNT,
)
"""What a caller can meet. The other errors of the maths guard what no pool can come to."""


def wrapped(target: bytes, selector: bytes, reason: bytes, details: bytes) -> Revert:
    """Return a callee's revert data in the wrapping of ERC-7751."""
    return WRAPPED(target, selector, reason, details)
