// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant VAULTS = address(0x0430);

/// Vaults by number, with ERC-4626's semantics and ERC-6909's shares.
interface IVaults {
    struct PoolKey {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }
    error UnknownVault(uint256 id);
    error Locked();
    error ExceededMax(uint256 amount, uint256 maximum);
    error NotPlain(uint256 id);
    error NotAContract(address account);
    error TransferMismatch(uint256 expected, uint256 moved);
    error TokenFailed(address token);
    error NotRanged(uint256 id);
    error AssetNotInPool(address asset);
    error InvalidRange(int24 tickLower, int24 tickUpper);
    error HookNotAllowed(address hook);
    error NoPool(bytes32 poolId);
    error NotPoolManager();
    error BeyondLimit(uint256 amount, uint256 limit);
    error EmptyVault(uint256 id);
    error NotEnoughLiquidity(bytes32 poolId);
    error TooEarly(uint256 time);
    error InsufficientBalance(address owner, uint256 id);
    error InsufficientPermission(address spender, uint256 id);
    error InvalidReceiver(address receiver);
    event VaultCreated(uint256 indexed id, address indexed asset, uint8 kind);
    event Deposit(
        uint256 indexed id,
        address indexed sender,
        address indexed owner,
        uint256 assets,
        uint256 shares
    );
    event Withdraw(
        uint256 indexed id,
        address sender,
        address indexed receiver,
        address indexed owner,
        uint256 assets,
        uint256 shares
    );
    event Contribution(uint256 indexed id, address indexed sender, uint256 assets);
    event Joined(
        uint256 indexed id,
        address indexed sender,
        address indexed owner,
        uint256 amount0,
        uint256 amount1,
        uint256 shares
    );
    event Left(
        uint256 indexed id,
        address indexed receiver,
        address indexed owner,
        uint256 amount0,
        uint256 amount1,
        uint256 shares
    );
    event Compounded(uint256 indexed id, uint256 liquidity);
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
    event OperatorSet(address indexed owner, address indexed spender, bool approved);

    /// Open a vault that holds a token.
    function createVault(address asset) external returns (uint256 id);

    /// Pay in assets that the vaults' address may take. Credits what arrived, if that is less.
    function deposit(uint256 id, uint256 assets, address receiver) external returns (uint256 made);

    /// Pay in as many assets as this amount of shares costs.
    function mint(uint256 id, uint256 amount, address receiver) external returns (uint256 assets);

    /// Pay out assets for shares of the owner, who is the caller or has allowed it.
    function withdraw(
        uint256 id,
        uint256 assets,
        address receiver,
        address owner
    ) external returns (uint256 burnt);

    /// Pay out what this amount of shares is worth.
    function redeem(
        uint256 id,
        uint256 amount,
        address receiver,
        address owner
    ) external returns (uint256 assets);

    /// Pay in for the holders of all shares. Tokens sent in any other way count for nobody.
    function contribute(uint256 id, uint256 assets) external returns (uint256 arrived);

    /// Open a vault that holds liquidity of a pool between two ticks. Its hook may not be called
    /// for liquidity.
    function createRangedVault(
        address asset,
        PoolKey calldata key,
        int24 tickLower,
        int24 tickUpper
    ) external returns (uint256 id);

    /// Bring both tokens in the proportion of the vault, for an amount of shares. The first shares
    /// are units of liquidity.
    function join(
        uint256 id,
        uint256 amount,
        uint256 maximum0,
        uint256 maximum1,
        address receiver
    ) external returns (uint256 amount0, uint256 amount1);

    /// Bring at most an amount of the asset, swapping a part of it in the pool first. What the
    /// other token is not needed for goes back to the caller.
    function joinWithAsset(
        uint256 id,
        uint256 assets,
        uint256 swapped,
        uint256 minimum,
        address receiver
    ) external returns (uint256 amount);

    /// Give shares back for their part of the liquidity and of the fees.
    function leave(
        uint256 id,
        uint256 amount,
        uint256 minimum0,
        uint256 minimum1,
        address receiver,
        address owner
    ) external returns (uint256 amount0, uint256 amount1);

    /// Give shares back for the asset alone: the other token is swapped in the pool.
    function leaveWithAsset(
        uint256 id,
        uint256 amount,
        uint256 minimum,
        address receiver,
        address owner
    ) external returns (uint256 assets);

    /// Add fees to the position: at most one 64th of it, once a minute. Anybody may.
    function compound(uint256 id) external returns (uint256 liquidity);

    /// For the pool manager, in a session that a vault began.
    function unlockCallback(bytes calldata data) external returns (bytes memory result);

    /// Return where a vault holds how much, and what it holds beside; fees that it has not
    /// collected are not in it.
    function positionOf(uint256 id) external view returns (
        PoolKey memory key,
        int24 tickLower,
        int24 tickUpper,
        uint128 liquidity,
        uint128 beside0,
        uint128 beside1
    );

    /// Return what leave would pay now.
    function previewLeave(
        uint256 id,
        uint256 amount
    ) external view returns (uint256 amount0, uint256 amount1);

    /// Return what leaveWithAsset would pay now, where no hook takes part in swaps.
    function previewLeaveWithAsset(
        uint256 id,
        uint256 amount
    ) external view returns (uint256 assets);

    /// Return how many there are.
    function vaultCount() external view returns (uint256 count);

    /// Return the vault's token.
    function asset(uint256 id) external view returns (address token);

    /// Return what the vault holds.
    function totalAssets(uint256 id) external view returns (uint256 assets);

    /// Return the shares that assets are worth, rounded down.
    function convertToShares(uint256 id, uint256 assets) external view returns (uint256 amount);

    /// Return the shares that assets are worth, rounded down.
    function previewDeposit(uint256 id, uint256 assets) external view returns (uint256 amount);

    /// Return the assets that shares are worth, rounded down.
    function convertToAssets(uint256 id, uint256 amount) external view returns (uint256 assets);

    /// Return the assets that shares are worth, rounded down.
    function previewRedeem(uint256 id, uint256 amount) external view returns (uint256 assets);

    /// Return what an amount of shares costs, rounded up.
    function previewMint(uint256 id, uint256 amount) external view returns (uint256 assets);

    /// Return the shares that assets take, rounded up.
    function previewWithdraw(uint256 id, uint256 assets) external view returns (uint256 amount);

    /// Return how much may be paid in: up to 2**128 - 1 in all.
    function maxDeposit(uint256 id, address receiver) external view returns (uint256 assets);

    /// Return for how many shares may be paid in.
    function maxMint(uint256 id, address receiver) external view returns (uint256 amount);

    /// Return how much an owner can be paid.
    function maxWithdraw(uint256 id, address owner) external view returns (uint256 assets);

    /// Return how many shares an owner can redeem: all of them.
    function maxRedeem(uint256 id, address owner) external view returns (uint256 amount);

    /// Move shares of the caller.
    function transfer(address receiver, uint256 id, uint256 amount) external returns (bool done);

    /// Move shares of another, who has allowed it.
    function transferFrom(
        address sender,
        address receiver,
        uint256 id,
        uint256 amount
    ) external returns (bool done);

    /// Let another take an amount of shares; 2**256 - 1 is without limit.
    function approve(address spender, uint256 id, uint256 amount) external returns (bool done);

    /// Let another take all shares, of any vault; or no longer.
    function setOperator(address spender, bool approved) external returns (bool done);

    /// Return the shares of an owner.
    function balanceOf(address owner, uint256 id) external view returns (uint256 amount);

    /// Return how many shares of an owner another may take.
    function allowance(
        address owner,
        address spender,
        uint256 id
    ) external view returns (uint256 amount);

    /// Return whether another may take all shares of an owner.
    function isOperator(address owner, address spender) external view returns (bool approved);

    /// Return how many shares there are.
    function totalSupply(uint256 id) external view returns (uint256 amount);

    /// Return true for ERC-165 and ERC-6909.
    function supportsInterface(bytes4 interfaceId) external pure returns (bool supported);
}
