"""0x0430: vaults by number, with the semantics of ERC-4626 and shares as tokens of ERC-6909.

A vault belongs to nobody: who opened it can do no more than others. One address cannot be the
ERC-20 of many vaults, so each method of ERC-4626 takes the id of the vault before its own
arguments, and a small contract for each vault that needs one is the ERC-20 (docs/dex.md).
"""

from collections.abc import Callable
from typing import Any

from ...gas import Constant
from ...precompile import Method, Mutability, Precompile, method
from . import book, plain, shares

MOVE_GAS = (Constant(amount=2_500),)
LEDGER_GAS = (Constant(amount=600),)
READ_GAS = (Constant(amount=300),)
LOOK_GAS = (Constant(amount=200),)


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
    methods=(*PAYING, *READING, *LEDGER),
    errors=(*book.ERRORS, *plain.ERRORS, *shares.ERRORS),
    events=(*plain.EVENTS, *shares.EVENTS),
    references=("ERC-4626", "ERC-6909", "OpenZeppelin's account of virtual shares"),
)
