"""Transactions on their way into the pool: opened, filled up, and refused where they must be."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from precompiles import registry

from . import blobs
from .blocks import Header
from .calls import CallRequest, fields_of
from .encoding import checksummed
from .errors import InvalidRequest, RejectedTransaction
from .forks import LONDON, Fork
from .rules import check_form, check_sender
from .state import World
from .transactions import (
    BLOB,
    DYNAMIC_FEE,
    RAW_SIZE_MAX,
    Fields,
    Transaction,
    decode_transaction,
)

if TYPE_CHECKING:
    from .local_chain import LocalChain


def open_raw(raw: bytes) -> Transaction:
    """Read a transaction in the form in which wallets send it."""
    if raw[:1] == bytes((BLOB,)):
        return blobs.open_network_form(raw)
    if len(raw) > RAW_SIZE_MAX:
        raise RejectedTransaction(
            f"oversized data: transaction size {len(raw)}, limit {RAW_SIZE_MAX}"
        )
    return decode_transaction(raw)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a transaction is held to: the next block, the present state, the node's ways."""

    chain_id: int
    header: Header
    fork: Fork
    world: World
    automine: bool
    secrets_are_public: bool


def admit(tx: Transaction, gate: Gate) -> None:
    """Let a transaction pass, or raise RejectedTransaction."""
    check_form(tx, gate.fork, gate.chain_id)
    if tx.gas > gate.header.gas_limit:
        raise RejectedTransaction(
            f"exceeds block gas limit: transaction {tx.gas}, limit {gate.header.gas_limit}"
        )
    if gate.fork.pars and not gate.secrets_are_public:
        refuse_secrets(tx)
    nonce = gate.world.get_nonce(tx.sender)
    if tx.nonce < nonce:
        raise RejectedTransaction(f"nonce too low: next nonce {nonce}, tx nonce {tx.nonce}")
    check_sender(tx, gate.fork, gate.world)
    base_fee = gate.header.base_fee_per_gas or 0
    if gate.automine and tx.max_fee_per_gas < base_fee:
        # Nothing would mine it before the fee falls, and nobody waits for that here.
        raise RejectedTransaction(
            f"max fee per gas less than block base fee: address {checksummed(tx.sender)}, "
            f"maxFeePerGas: {tx.max_fee_per_gas}, baseFee: {base_fee}"
        )


def refuse_secrets(tx: Transaction) -> None:
    """Refuse what would publish a secret: the last moment at which that can be stopped."""
    entry = registry.at(tx.to)
    method = entry.by_selector.get(tx.data[:4]) if entry is not None else None
    if entry is not None and method is not None and method.secret:
        raise RejectedTransaction(
            f"refused: {entry.name} {method.signature.name} would publish a secret; "
            "use eth_call, or the client library"
        )


def fill(chain: "LocalChain", request: CallRequest) -> tuple[Fields, bytes]:
    """Return a request with all that it lacks, and its sender."""
    sender = request.sender
    if sender is None:
        raise InvalidRequest("from: missing")
    if request.chain_id is not None and request.chain_id != chain.chain_id:
        raise InvalidRequest(
            f"chainId does not match node's (have={request.chain_id}, want={chain.chain_id})"
        )
    if request.type == DYNAMIC_FEE and not chain.fork_of(chain.head.header).since(LONDON):
        request = replace(request, gas_price=chain.gas_price())
    elif request.gas_price is None and request.max_fee_per_gas is None:
        tip = request.max_priority_fee_per_gas
        tip = chain.max_priority_fee() if tip is None else tip
        cap = 2 * chain.base_fee() + tip
        request = replace(request, max_fee_per_gas=cap, max_priority_fee_per_gas=tip)
    elif request.max_fee_per_gas is not None and request.max_priority_fee_per_gas is None:
        tip = min(chain.max_priority_fee(), request.max_fee_per_gas)
        request = replace(request, max_priority_fee_per_gas=tip)
    nonce = chain.pool.nonce_after(sender) if request.nonce is None else request.nonce
    gas = request.gas
    if gas is None:
        gas = chain.estimate_gas(replace(request, nonce=None), "latest")
    return fields_of(request, chain.scene("latest", "block").env, nonce=nonce, gas=gas), sender
