"""0x0430: vaults by number, with the semantics of ERC-4626 and shares as tokens of ERC-6909.

A vault belongs to nobody: who opened it can do no more than others. One address cannot be the
ERC-20 of many vaults, so each method of ERC-4626 takes the id of the vault before its own
arguments, and a small contract for each vault that needs one is the ERC-20 (docs/dex.md).
"""

from collections.abc import Callable
from typing import Any

from ...gas import Constant
from ...precompile import Method, Mutability, Precompile, method
from ..pool_manager.hooks import POOL_KEY
from . import book, plain, session, shares

MOVE_GAS = (Constant(amount=2_500),)
LEDGER_GAS = (Constant(amount=600),)
READ_GAS = (Constant(amount=300),)
LOOK_GAS = (Constant(amount=200),)

CALLBACK_MAX = 512


def moving(signature: str, handler: Callable[..., Any], summary: str) -> Method:
    """Declare a method that moves tokens."""
    return method(
        signature,
        mutability="nonpayable",
        gas=MOVE_GAS,
        handler=handler,
        summary=summary,
        calls=True,
    )


def reading(signature: str, handler: Callable[..., Any], summary: str) -> Method:
    """Declare a method that computes a price."""
    return method(signature, mutability="view", gas=READ_GAS, handler=handler, summary=summary)


def ledger(
    signature: str, mutability: Mutability, handler: Callable[..., Any], summary: str
) -> Method:
    """Declare a method of ERC-6909."""
    gas = LEDGER_GAS if mutability == "nonpayable" else LOOK_GAS
    return method(signature, mutability=mutability, gas=gas, handler=handler, summary=summary)


PAYING = (
    moving(
        "createVault(address asset) returns (uint256 id)",
        plain.create_vault,
        "Open a vault that holds a token.",
    ),
    moving(
        "deposit(uint256 id, uint256 assets, address receiver) returns (uint256 made)",
        plain.deposit,
        "Pay in assets that the vaults' address may take. Credits what arrived, if that is less.",
    ),
    moving(
        "mint(uint256 id, uint256 amount, address receiver) returns (uint256 assets)",
        plain.mint,
        "Pay in as many assets as this amount of shares costs.",
    ),
    moving(
        "withdraw(uint256 id, uint256 assets, address receiver, address owner)"
        " returns (uint256 burnt)",
        plain.withdraw,
        "Pay out assets for shares of the owner, who is the caller or has allowed it.",
    ),
    moving(
        "redeem(uint256 id, uint256 amount, address receiver, address owner)"
        " returns (uint256 assets)",
        plain.redeem,
        "Pay out what this amount of shares is worth.",
    ),
    moving(
        "contribute(uint256 id, uint256 assets) returns (uint256 arrived)",
        plain.contribute,
        "Pay in for the holders of all shares. Tokens sent in any other way count for nobody.",
    ),
)

RANGED_GAS = (Constant(amount=6_000),)


def ranging(signature: str, handler: Callable[..., Any], summary: str) -> Method:
    """Declare a method of ranged vaults. What the pool manager does is paid for by its prices."""
    return method(
        signature,
        mutability="nonpayable",
        gas=RANGED_GAS,
        handler=handler,
        summary=summary,
        calls=True,
        structs=(POOL_KEY,) if "PoolKey" in signature else (),
    )


RANGED = (
    ranging(
        "createRangedVault(address asset, PoolKey key, int24 tickLower, int24 tickUpper)"
        " returns (uint256 id)",
        session.create_ranged_vault,
        "Open a vault that holds liquidity of a pool between two ticks. Its hook may not be called"
        " for liquidity.",
    ),
    ranging(
        "join(uint256 id, uint256 amount, uint256 maximum0, uint256 maximum1, address receiver)"
        " returns (uint256 amount0, uint256 amount1)",
        session.join,
        "Bring both tokens in the proportion of the vault, for an amount of shares. The first"
        " shares are units of liquidity.",
    ),
    ranging(
        "joinWithAsset(uint256 id, uint256 assets, uint256 swapped, uint256 minimum,"
        " address receiver) returns (uint256 amount)",
        session.join_with_asset,
        "Bring at most an amount of the asset, swapping a part of it in the pool first. What the"
        " other token is not needed for goes back to the caller.",
    ),
    ranging(
        "leave(uint256 id, uint256 amount, uint256 minimum0, uint256 minimum1, address receiver,"
        " address owner) returns (uint256 amount0, uint256 amount1)",
        session.leave,
        "Give shares back for their part of the liquidity and of the fees.",
    ),
    ranging(
        "leaveWithAsset(uint256 id, uint256 amount, uint256 minimum, address receiver,"
        " address owner) returns (uint256 assets)",
        session.leave_with_asset,
        "Give shares back for the asset alone: the other token is swapped in the pool.",
    ),
    ranging(
        "compound(uint256 id) returns (uint256 liquidity)",
        session.compound,
        "Add fees to the position: at most one 64th of it, once a minute. Anybody may.",
    ),
    method(
        "unlockCallback(bytes data) returns (bytes result)",
        mutability="nonpayable",
        gas=MOVE_GAS,
        handler=session.unlock_callback,
        summary="For the pool manager, in a session that a vault began.",
        calls=True,
        bounds={"data": CALLBACK_MAX, "result": CALLBACK_MAX},
    ),
    method(
        "positionOf(uint256 id) returns (PoolKey key, int24 tickLower, int24 tickUpper,"
        " uint128 liquidity, uint128 beside0, uint128 beside1)",
        mutability="view",
        gas=(Constant(amount=900),),
        handler=session.position,
        summary="Return where a vault holds how much, and what it holds beside; fees that it has"
        " not collected are not in it.",
        structs=(POOL_KEY,),
    ),
    method(
        "previewLeave(uint256 id, uint256 amount) returns (uint256 amount0, uint256 amount1)",
        mutability="view",
        gas=RANGED_GAS,
        handler=session.preview_leave,
        summary="Return what leave would pay now.",
    ),
    method(
        "previewLeaveWithAsset(uint256 id, uint256 amount) returns (uint256 assets)",
        mutability="view",
        gas=RANGED_GAS,
        handler=session.preview_leave_with_asset,
        summary="Return what leaveWithAsset would pay now, where no hook takes part in swaps.",
    ),
)

READING = (
    reading(
        "vaultCount() returns (uint256 count)", plain.vault_count, "Return how many there are."
    ),
    reading("asset(uint256 id) returns (address token)", plain.asset, "Return the vault's token."),
    reading(
        "totalAssets(uint256 id) returns (uint256 assets)",
        plain.total_assets,
        "Return what the vault holds.",
    ),
    *(
        reading(
            f"{name}(uint256 id, uint256 assets) returns (uint256 amount)",
            plain.shares_rounded_down,
            "Return the shares that assets are worth, rounded down.",
        )
        for name in ("convertToShares", "previewDeposit")
    ),
    *(
        reading(
            f"{name}(uint256 id, uint256 amount) returns (uint256 assets)",
            plain.assets_rounded_down,
            "Return the assets that shares are worth, rounded down.",
        )
        for name in ("convertToAssets", "previewRedeem")
    ),
    reading(
        "previewMint(uint256 id, uint256 amount) returns (uint256 assets)",
        plain.assets_rounded_up,
        "Return what an amount of shares costs, rounded up.",
    ),
    reading(
        "previewWithdraw(uint256 id, uint256 assets) returns (uint256 amount)",
        plain.shares_rounded_up,
        "Return the shares that assets take, rounded up.",
    ),
    reading(
        "maxDeposit(uint256 id, address receiver) returns (uint256 assets)",
        plain.max_deposit,
        "Return how much may be paid in: up to 2**128 - 1 in all.",
    ),
    reading(
        "maxMint(uint256 id, address receiver) returns (uint256 amount)",
        plain.max_mint,
        "Return for how many shares may be paid in.",
    ),
    reading(
        "maxWithdraw(uint256 id, address owner) returns (uint256 assets)",
        plain.max_withdraw,
        "Return how much an owner can be paid.",
    ),
    reading(
        "maxRedeem(uint256 id, address owner) returns (uint256 amount)",
        plain.max_redeem,
        "Return how many shares an owner can redeem: all of them.",
    ),
)

LEDGER = (
    ledger(
        "transfer(address receiver, uint256 id, uint256 amount) returns (bool done)",
        "nonpayable",
        shares.transfer,
        "Move shares of the caller.",
    ),
    ledger(
        "transferFrom(address sender, address receiver, uint256 id, uint256 amount)"
        " returns (bool done)",
        "nonpayable",
        shares.transfer_from,
        "Move shares of another, who has allowed it.",
    ),
    ledger(
        "approve(address spender, uint256 id, uint256 amount) returns (bool done)",
        "nonpayable",
        shares.approve,
        "Let another take an amount of shares; 2**256 - 1 is without limit.",
    ),
    ledger(
        "setOperator(address spender, bool approved) returns (bool done)",
        "nonpayable",
        shares.set_operator,
        "Let another take all shares, of any vault; or no longer.",
    ),
    ledger(
        "balanceOf(address owner, uint256 id) returns (uint256 amount)",
        "view",
        shares.balance_of,
        "Return the shares of an owner.",
    ),
    ledger(
        "allowance(address owner, address spender, uint256 id) returns (uint256 amount)",
        "view",
        shares.allowance,
        "Return how many shares of an owner another may take.",
    ),
    ledger(
        "isOperator(address owner, address spender) returns (bool approved)",
        "view",
        shares.is_operator,
        "Return whether another may take all shares of an owner.",
    ),
    ledger(
        "totalSupply(uint256 id) returns (uint256 amount)",
        "view",
        shares.total_supply,
        "Return how many shares there are.",
    ),
    ledger(
        "supportsInterface(bytes4 interfaceId) returns (bool supported)",
        "pure",
        shares.supports_interface,
        "Return true for ERC-165 and ERC-6909.",
    ),
)

PRECOMPILE = Precompile(
    address=book.HERE,
    family="dex",
    name="vaults",
    interface="IVaults",
    version=1,
    summary="Vaults by number, with ERC-4626's semantics and ERC-6909's shares",
    methods=(*PAYING, *RANGED, *READING, *LEDGER),
    errors=(*book.ERRORS, *plain.ERRORS, *session.ERRORS, *shares.ERRORS),
    events=(*plain.EVENTS, *session.EVENTS, *shares.EVENTS),
    references=("ERC-4626", "ERC-6909", "OpenZeppelin's account of virtual shares"),
)
