// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant QUOTER = address(0x0401);

/// Quotes for swaps and the state of pools, with the selectors of Uniswap v4.
interface IQuoter {
    struct PoolKey {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }
    struct QuoteExactSingleParams {
        PoolKey poolKey;
        bool zeroForOne;
        uint128 exactAmount;
        bytes hookData;
    }
    struct PathKey {
        address intermediateCurrency;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
        bytes hookData;
    }
    struct QuoteExactParams {
        address exactCurrency;
        PathKey[] path;
        uint128 exactAmount;
    }
    error UnexpectedRevertBytes(bytes revertData);
    error HookNeedsWrites(address hook);

    /// Return what a swap gives for an amount, and the gas that it takes.
    function quoteExactInputSingle(
        QuoteExactSingleParams calldata params
    ) external returns (uint256 amount, uint256 gasEstimate);

    /// Return what a swap takes for an amount, and the gas that it takes.
    function quoteExactOutputSingle(
        QuoteExactSingleParams calldata params
    ) external returns (uint256 amount, uint256 gasEstimate);

    /// Return what swaps along a path of at most 8 pools give for an amount, and their gas.
    function quoteExactInput(
        QuoteExactParams calldata params
    ) external returns (uint256 amount, uint256 gasEstimate);

    /// Return what swaps along a path of at most 8 pools take for an amount, and their gas.
    function quoteExactOutput(
        QuoteExactParams calldata params
    ) external returns (uint256 amount, uint256 gasEstimate);

    /// Return the price of a pool, its tick and its fees; zeros where there is no pool.
    function getSlot0(
        bytes32 poolId
    ) external view returns (uint160 sqrtPriceX96, int24 tick, uint24 protocolFee, uint24 lpFee);

    /// Return the liquidity at the present price.
    function getLiquidity(bytes32 poolId) external view returns (uint128 liquidity);

    /// Return the fees that a unit of liquidity has earned in each currency since the beginning.
    function getFeeGrowthGlobals(
        bytes32 poolId
    ) external view returns (uint256 feeGrowth0X128, uint256 feeGrowth1X128);

    /// Return the liquidity of a tick, and the growth on its other side.
    function getTickInfo(bytes32 poolId, int24 tick) external view returns (
        uint128 liquidityGross,
        int128 liquidityNet,
        uint256 feeGrowth0X128,
        uint256 feeGrowth1X128
    );

    /// Return the liquidity of a tick.
    function getTickLiquidity(
        bytes32 poolId,
        int24 tick
    ) external view returns (uint128 liquidityGross, int128 liquidityNet);

    /// Return the growth on the other side of a tick.
    function getTickFeeGrowthOutside(
        bytes32 poolId,
        int24 tick
    ) external view returns (uint256 feeGrowth0X128, uint256 feeGrowth1X128);

    /// Return a word of the bitmap: which of 256 ticks are in use.
    function getTickBitmap(bytes32 poolId, int16 tick) external view returns (uint256 tickBitmap);

    /// Return a position as it was last touched.
    function getPositionInfo(
        bytes32 poolId,
        address owner,
        int24 tickLower,
        int24 tickUpper,
        bytes32 salt
    ) external view returns (
        uint128 liquidity,
        uint256 feeGrowthInside0LastX128,
        uint256 feeGrowthInside1LastX128
    );

    /// Return a position by its id, as it was last touched.
    function getPositionInfo(bytes32 poolId, bytes32 positionId) external view returns (
        uint128 liquidity,
        uint256 feeGrowthInside0LastX128,
        uint256 feeGrowthInside1LastX128
    );

    /// Return the liquidity of a position.
    function getPositionLiquidity(
        bytes32 poolId,
        bytes32 positionId
    ) external view returns (uint128 liquidity);

    /// Return the growth between two ticks, as it is now.
    function getFeeGrowthInside(
        bytes32 poolId,
        int24 tickLower,
        int24 tickUpper
    ) external view returns (uint256 feeGrowth0X128, uint256 feeGrowth1X128);

    /// Return 0x0400.
    function poolManager() external view returns (address manager);

    /// Return who asks, for a hook that is called while a quote is made.
    function msgSender() external view returns (address asker);

    /// For the pool manager: make the swaps of a quote, and revert with the amount.
    function unlockCallback(bytes calldata data) external returns (bytes memory result);
}
