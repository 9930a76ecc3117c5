"""anvil_: balances and allowances of ERC-20 tokens, wherever a token keeps them."""

from typing import Final

from ..calls import AccountOverride, CallRequest, Overrides
from ..encoding import keccak
from .codec import ADDRESS, NUMBER, hex_data
from .errors import SERVER_ERROR, RpcError
from .method import Method, Node, Param

BALANCE_OF: Final = keccak(b"balanceOf(address)")[:4]
ALLOWANCE: Final = keccak(b"allowance(address,address)")[:4]


def _word(address: bytes) -> bytes:
    return address.rjust(32, b"\x00")


def set_what_is_read(node: Node, token: bytes, question: bytes, value: int) -> None:
    """Make a token answer a question with a value: find the slot that decides, and write it.

    Only slots that the answer reads can decide it, so each of them is tried in a call.
    """
    chain = node.chain
    request = CallRequest(to=token, data=question)
    wanted = value.to_bytes(32, "big")
    for account, slots in chain.create_access_list(request).access_list:
        for slot in slots:
            trial = {account: AccountOverride(state_diff={slot: value})}
            result = chain.call(request, "latest", Overrides(accounts=trial))
            # A value that it answers already would seem to be decided by any slot.
            other = {account: AccountOverride(state_diff={slot: value ^ 1})}
            moved = chain.call(request, "latest", Overrides(accounts=other))
            if result.success and result.output == wanted and moved.output != wanted:
                chain.set_storage(account, slot, value)
                return
    raise RpcError(SERVER_ERROR, f"no slot of the token {hex_data(token)} decides that")


def deal(node: Node, holder: bytes, token: bytes, amount: int) -> None:
    """Give an account this balance of an ERC-20 token."""
    set_what_is_read(node, token, BALANCE_OF + _word(holder), amount)


def set_allowance(node: Node, owner: bytes, spender: bytes, token: bytes, amount: int) -> None:
    """Let a spender take this much of an owner's ERC-20 tokens."""
    set_what_is_read(node, token, ALLOWANCE + _word(owner) + _word(spender), amount)


_TOKEN: Final = Param("token", ADDRESS)
_AMOUNT: Final = Param("amount", NUMBER)

METHODS: Final = (
    Method(
        name="anvil_dealErc20",
        run=deal,
        params=(Param("holder", ADDRESS), _TOKEN, _AMOUNT),
        aliases=("anvil_dealERC20", "hardhat_dealErc20", "anvil_setERC20Balance"),
    ),
    Method(
        name="anvil_setERC20Allowance",
        run=set_allowance,
        params=(Param("owner", ADDRESS), Param("spender", ADDRESS), _TOKEN, _AMOUNT),
        aliases=("anvil_setErc20Allowance",),
    ),
)
