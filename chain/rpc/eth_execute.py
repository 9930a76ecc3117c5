"""eth_: questions that run code and leave no trace."""

from typing import Final

from ..calls import AccountOverride, BlockOverride, CallRequest
from .codec import BLOCK, BlockRef, hex_data
from .errors import SERVER_ERROR, RpcError, reverted
from .method import LATEST, Method, Node, Param, block_param, chain_ref
from .parameters import BLOCK_OVERRIDES, CALL, STATE_OVERRIDES, overrides
from .results import Json, access_list_json

StateOverrides = dict[bytes, AccountOverride] | None


def call(
    node: Node,
    request: CallRequest,
    ref: BlockRef,
    accounts: StateOverrides,
    block: BlockOverride | None,
) -> str:
    """Run a call and return its output. A revert is error 3 with the payload as data."""
    result = node.chain.call(request, chain_ref(node, ref), overrides(accounts, block))
    if result.success:
        return hex_data(result.output)
    if result.reverted:
        raise reverted(result.output)
    raise RpcError(SERVER_ERROR, result.error or "execution failed")


def estimate_gas(
    node: Node,
    request: CallRequest,
    ref: BlockRef,
    accounts: StateOverrides,
    block: BlockOverride | None,
) -> str:
    """Gas that is enough, at most 1.5 % above the least."""
    gas = node.chain.estimate_gas(request, chain_ref(node, ref), overrides(accounts, block))
    return hex(gas)


def create_access_list(
    node: Node, request: CallRequest, ref: BlockRef, accounts: StateOverrides
) -> Json:
    """Accounts and slots that a call touches, and its gas with that list."""
    found = node.chain.create_access_list(request, chain_ref(node, ref), overrides(accounts, None))
    body: Json = {
        "accessList": access_list_json(found.access_list),
        "gasUsed": hex(found.gas_used),
    }
    if found.error is not None:
        body["error"] = found.error
    return body


_TRANSACTION: Final = Param("transaction", CALL)
_OVERRIDES: Final = (
    Param("stateOverrides", STATE_OVERRIDES, None),
    Param("blockOverrides", BLOCK_OVERRIDES, None),
)

METHODS: Final = (
    Method(
        name="eth_call",
        run=call,
        params=(_TRANSACTION, block_param(BLOCK), *_OVERRIDES),
        quick=True,
    ),
    Method(
        name="eth_estimateGas",
        run=estimate_gas,
        params=(_TRANSACTION, Param("block", BLOCK, LATEST), *_OVERRIDES),
    ),
    Method(
        name="eth_createAccessList",
        run=create_access_list,
        params=(_TRANSACTION, block_param(BLOCK), _OVERRIDES[0]),
    ),
)
