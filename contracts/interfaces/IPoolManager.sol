// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant POOL_MANAGER = address(0x0400);

/// Uniswap v4's pool manager: pools, flash accounting, hooks and ERC-6909 claims.
interface IPoolManager {
    struct PoolKey {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }
    struct ModifyLiquidityParams {
        int24 tickLower;
        int24 tickUpper;
        int256 liquidityDelta;
        bytes32 salt;
    }
    struct SwapParams {
        bool zeroForOne;
        int256 amountSpecified;
        uint160 sqrtPriceLimitX96;
    }
    error SafeCastOverflow();
    error WrappedError(address target, bytes4 selector, bytes reason, bytes details);
    error InvalidSqrtPrice(uint160 sqrtPriceX96);
    error PoolAlreadyInitialized();
    error PoolNotInitialized();
    error TicksMisordered(int24 tickLower, int24 tickUpper);
    error TickLowerOutOfBounds(int24 tickLower);
    error TickUpperOutOfBounds(int24 tickUpper);
    error TickLiquidityOverflow(int24 tick);
    error TickMisaligned(int24 tick, int24 tickSpacing);
    error CannotUpdateEmptyPosition();
    error PriceLimitAlreadyExceeded(uint160 sqrtPriceCurrentX96, uint160 sqrtPriceLimitX96);
    error PriceLimitOutOfBounds(uint160 sqrtPriceLimitX96);
    error InvalidFeeForExactOut();
    error NoLiquidityToReceiveFees();
    error TickSpacingTooLarge(int24 tickSpacing);
    error TickSpacingTooSmall(int24 tickSpacing);
    error CurrenciesOutOfOrderOrEqual(address currency0, address currency1);
    error SwapAmountCannotBeZero();
    error UnauthorizedDynamicLPFeeUpdate();
    error ManagerLocked();
    error AlreadyUnlocked();
    error CurrencyNotSettled();
    error NonzeroNativeValue();
    error MustClearExactPositiveDelta();
    error LPFeeTooLarge(uint24 fee);
    error ProtocolFeeTooLarge(uint24 fee);
    error InvalidCaller();
    error ProtocolFeeCurrencySynced();
    error HookAddressNotValid(address hooks);
    error InvalidHookResponse();
    error HookDeltaExceedsSwapAmount();
    event Initialize(
        bytes32 indexed id,
        address indexed currency0,
        address indexed currency1,
        uint24 fee,
        int24 tickSpacing,
        address hooks,
        uint160 sqrtPriceX96,
        int24 tick
    );
    event ModifyLiquidity(
        bytes32 indexed id,
        address indexed sender,
        int24 tickLower,
        int24 tickUpper,
        int256 liquidityDelta,
        bytes32 salt
    );
    event Swap(
        bytes32 indexed id,
        address indexed sender,
        int128 amount0,
        int128 amount1,
        uint160 sqrtPriceX96,
        uint128 liquidity,
        int24 tick,
        uint24 fee
    );
    event Donate(bytes32 indexed id, address indexed sender, uint256 amount0, uint256 amount1);
    event ProtocolFeeUpdated(bytes32 indexed id, uint24 protocolFee);
    event ProtocolFeeControllerUpdated(address indexed protocolFeeController);
    event OwnershipTransferred(address indexed user, address indexed newOwner);
    event Transfer(
        address caller,
        address indexed sender,
        address indexed receiver,
        uint256 indexed id,
        uint256 amount
    );
    event Approval(
        address indexed owner,
        address indexed spender,
        uint256 indexed id,
        uint256 amount
    );
    event OperatorSet(address indexed owner, address indexed operator, bool approved);

    /// Return the family and its entries.
    function info() external pure returns (
        string memory family,
        string memory purpose,
        address[] memory precompiles,
        string[] memory names
    );

    /// Return every method of every entry of the family.
    function methods() external pure returns (
        address[] memory precompiles,
        bytes4[] memory selectors,
        string[] memory signatures
    );

    /// Return the version of the whole set of precompiles.
    function version() external pure returns (uint256 version);

    /// Make a pool: set its price. Anybody may, once.
    function initialize(PoolKey calldata key, uint160 sqrtPriceX96) external returns (int24 tick);

    /// Add liquidity to a position of the caller, remove it, or with 0 collect its fees. A delta
    /// holds two int128, that of currency0 high; negative is to be paid.
    function modifyLiquidity(
        PoolKey calldata key,
        ModifyLiquidityParams calldata params,
        bytes calldata hookData
    ) external returns (int256 callerDelta, int256 feesAccrued);

    /// Swap a negative amount in, or a positive amount out, until the price limit. 1,200 gas a
    /// step, and 700 a tick crossed.
    function swap(
        PoolKey calldata key,
        SwapParams calldata params,
        bytes calldata hookData
    ) external returns (int256 swapDelta);

    /// Give amounts as fees to the liquidity at the present price.
    function donate(
        PoolKey calldata key,
        uint256 amount0,
        uint256 amount1,
        bytes calldata hookData
    ) external returns (int256 delta);

    /// Set the fee of a pool that has a dynamic one; for its hook only.
    function updateDynamicLPFee(PoolKey calldata key, uint24 newDynamicLPFee) external;

    /// Call back `unlockCallback(data)` on the caller, where it may act; what it owes must be even
    /// when that returns.
    function unlock(bytes calldata data) external returns (bytes memory result);

    /// Note the balance that `settle` measures from.
    function sync(address currency) external;

    /// Credit the caller with the value sent, or with what came in of the synced currency.
    function settle() external payable returns (uint256 paid);

    /// As `settle`, crediting somebody else.
    function settleFor(address recipient) external payable returns (uint256 paid);

    /// Pay out a currency; the caller owes it then.
    function take(address currency, address to, uint256 amount) external;

    /// Forgo exactly what the caller is owed.
    function clear(address currency, uint256 amount) external;

    /// Make ERC-6909 claims; the caller owes their amount then.
    function mint(address to, uint256 id, uint256 amount) external;

    /// Destroy claims; the caller is owed their amount then.
    function burn(address owner, uint256 id, uint256 amount) external;

    /// Move claims of the caller.
    function transfer(address receiver, uint256 id, uint256 amount) external returns (bool success);

    /// Move claims by an allowance, or as an operator.
    function transferFrom(
        address sender,
        address receiver,
        uint256 id,
        uint256 amount
    ) external returns (bool success);

    /// Set an allowance; the largest number is never used up.
    function approve(address spender, uint256 id, uint256 amount) external returns (bool success);

    /// Let somebody move all claims of the caller.
    function setOperator(address operator, bool approved) external returns (bool success);

    /// Return a balance of claims. The id is the currency's address.
    function balanceOf(address owner, uint256 id) external view returns (uint256 amount);

    /// Return an allowance.
    function allowance(
        address owner,
        address spender,
        uint256 id
    ) external view returns (uint256 amount);

    /// Return whether one may move the claims of another.
    function isOperator(address owner, address operator) external view returns (bool approved);

    /// Return whether this is ERC-165 or ERC-6909.
    function supportsInterface(bytes4 interfaceId) external view returns (bool supported);

    /// Return who names the fee controller.
    function owner() external view returns (address account);

    /// Hand the ownership on; for the owner.
    function transferOwnership(address newOwner) external;

    /// Return who sets and collects protocol fees.
    function protocolFeeController() external view returns (address controller);

    /// Name who sets and collects protocol fees; for the owner.
    function setProtocolFeeController(address controller) external;

    /// Set both protocol fees of a pool, 12 bits each, at most 1,000 millionths; the low ones are
    /// for swaps from currency0. For the controller.
    function setProtocolFee(PoolKey calldata key, uint24 newProtocolFee) external;

    /// Return the uncollected protocol fees in a currency.
    function protocolFeesAccrued(address currency) external view returns (uint256 amount);

    /// Pay out protocol fees, with 0 all of them; for the controller.
    function collectProtocolFees(
        address recipient,
        address currency,
        uint256 amount
    ) external returns (uint256 amountCollected);

    /// Read a slot.
    function extsload(bytes32 slot) external view returns (bytes32 word);

    /// Read slots that follow one another.
    function extsload(
        bytes32 startSlot,
        uint256 nSlots
    ) external view returns (bytes32[] memory values);

    /// Read slots.
    function extsload(bytes32[] calldata slots) external view returns (bytes32[] memory values);

    /// Read a transient slot.
    function exttload(bytes32 slot) external view returns (bytes32 word);

    /// Read transient slots.
    function exttload(bytes32[] calldata slots) external view returns (bytes32[] memory values);
}
