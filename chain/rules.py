"""Which transactions a block may hold: what py-evm checks too late, or not at all.

Asked by the pool before it takes a transaction, by the builder before it runs one and by the
importer: one home for one rule. The messages are those of geth, which wallets and libraries parse.
"""

from dataclasses import dataclass
from typing import Final

from .encoding import checksummed, keccak
from .errors import NotNow, RejectedTransaction
from .forks import (
    BERLIN,
    CANCUN,
    HOMESTEAD,
    ISTANBUL,
    LONDON,
    OSAKA,
    PRAGUE,
    SHANGHAI,
    SPURIOUS_DRAGON,
    Fork,
)
from .signatures import SECP256K1_HALF_N
from .state import EMPTY_CODE_HASH, World
from .transactions import ACCESS_LIST, BLOB, DYNAMIC_FEE, LEGACY, SET_CODE, Fields, Transaction

GAS_TRANSACTION: Final = 21_000
GAS_CREATE: Final = 32_000
GAS_INITCODE_WORD: Final = 2
GAS_ACCESS_LIST_ADDRESS: Final = 2400
GAS_ACCESS_LIST_SLOT: Final = 1900
GAS_AUTHORIZATION: Final = 25_000
GAS_MAX: Final = 2**64 - 1
TRANSACTION_GAS_MAX: Final = 2**24
"""The most that one transaction may ask for from Osaka on (EIP-7825)."""

TRANSACTION_BLOBS_MAX: Final = 6
"""Blobs of one transaction from Osaka on, however many a block may hold (EIP-7594)."""

INITCODE_SIZE_MAX: Final = 49_152
NONCE_MAX: Final = 2**64 - 1
DELEGATION_PREFIX: Final = b"\xef\x01\x00"


@dataclass(frozen=True, kw_only=True)
class Intrinsic:
    """Gas that a transaction needs before any code runs."""

    gas: int
    floor: int
    """The least that it pays in the end (EIP-7623); zero before Prague."""


def intrinsic(tx: Fields, fork: Fork) -> Intrinsic:
    """Return the price of a transaction's own bytes."""
    zeros = tx.data.count(0)
    others = len(tx.data) - zeros
    gas = GAS_TRANSACTION + 4 * zeros + (16 if fork.since(ISTANBUL) else 68) * others
    if not tx.to:
        gas += GAS_CREATE if fork.since(HOMESTEAD) else 0
        gas += GAS_INITCODE_WORD * (-(-len(tx.data) // 32)) if fork.since(SHANGHAI) else 0
    for _, slots in tx.access_list:
        gas += GAS_ACCESS_LIST_ADDRESS + GAS_ACCESS_LIST_SLOT * len(slots)
    gas += GAS_AUTHORIZATION * len(tx.authorization_list)
    floor = GAS_TRANSACTION + 10 * (zeros + 4 * others) if fork.since(PRAGUE) else 0
    return Intrinsic(gas=gas, floor=floor)


def gas_max(fork: Fork) -> int:
    """Return the most gas that a transaction may ask for."""
    return TRANSACTION_GAS_MAX if fork.since(OSAKA) else GAS_MAX


def is_delegation(code: bytes) -> bool:
    """Say whether an account's code names another's (EIP-7702)."""
    return len(code) == 23 and code.startswith(DELEGATION_PREFIX)


_FIRST_FORK: Final = {
    ACCESS_LIST: BERLIN,
    DYNAMIC_FEE: LONDON,
    BLOB: CANCUN,
    SET_CODE: PRAGUE,
}


def check_form(tx: Transaction, fork: Fork, chain_id: int) -> Intrinsic:
    """Check what depends on the fork and the chain alone; return the intrinsic gas."""
    if tx.type != LEGACY and not fork.since(_FIRST_FORK[tx.type]):
        raise RejectedTransaction(
            f"transaction type not supported: type {tx.type} is not known in {fork.name}"
        )
    if tx.type == LEGACY and tx.chain_id is not None and not fork.since(SPURIOUS_DRAGON):
        raise RejectedTransaction("invalid transaction v, r, s values: EIP-155 has not come yet")
    if tx.chain_id is not None and tx.chain_id != chain_id:
        raise RejectedTransaction(
            f"invalid chain id for signer: have {tx.chain_id} want {chain_id}"
        )
    if tx.s > SECP256K1_HALF_N and fork.since(HOMESTEAD):
        # EIP-2: else anyone could give a transaction a second hash.
        raise RejectedTransaction("invalid transaction v, r, s values: s is above half the order")
    if tx.max_priority_fee_per_gas > tx.max_fee_per_gas:
        raise RejectedTransaction(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tx.max_priority_fee_per_gas}, "
            f"maxFeePerGas: {tx.max_fee_per_gas}"
        )
    if tx.nonce >= NONCE_MAX:
        raise RejectedTransaction(f"nonce has max value: nonce: {tx.nonce}")
    if tx.gas > gas_max(fork):
        raise RejectedTransaction(
            f"transaction gas limit too high (cap: {gas_max(fork)}, tx: {tx.gas})"
        )
    if fork.since(SHANGHAI) and not tx.to and len(tx.data) > INITCODE_SIZE_MAX:
        raise RejectedTransaction(
            f"max initcode size exceeded: code size {len(tx.data)}, limit {INITCODE_SIZE_MAX}"
        )
    if tx.type == BLOB:
        check_blobs(tx, fork)
    if tx.type == SET_CODE and not tx.authorization_list:
        raise RejectedTransaction("EIP-7702 transaction with empty auth list")
    needed = intrinsic(tx, fork)
    if tx.gas < needed.gas:
        raise RejectedTransaction(
            f"intrinsic gas too low: gas {tx.gas}, minimum needed {needed.gas}"
        )
    if tx.gas < needed.floor:
        raise RejectedTransaction(
            f"insufficient gas for floor data gas cost: gas {tx.gas}, minimum needed {needed.floor}"
        )
    return needed


def check_blobs(tx: Fields, fork: Fork) -> None:
    """Check what a blob transaction names, whether it is to be mined or only asked about."""
    if not tx.to:
        raise RejectedTransaction("blob transaction of type create")
    if not tx.blob_versioned_hashes:
        raise RejectedTransaction("blob transaction missing blob hashes")
    blobs_max = fork.blobs.max if fork.blobs else 0
    if fork.since(OSAKA):
        blobs_max = min(blobs_max, TRANSACTION_BLOBS_MAX)
    if len(tx.blob_versioned_hashes) > blobs_max:
        raise RejectedTransaction(
            f"blob transaction has too many blobs: have {len(tx.blob_versioned_hashes)}, "
            f"max {blobs_max}"
        )
    for index, versioned in enumerate(tx.blob_versioned_hashes):
        if versioned[0] != 1:
            raise RejectedTransaction(
                f"blob {index} has invalid hash version: have {versioned[0]}, want 1"
            )


def check_sender(tx: Transaction, fork: Fork, world: World) -> None:
    """Check what depends on the sender's account, but for the order of nonces."""
    account = world.account(tx.sender)
    if account is not None and account.code_hash != EMPTY_CODE_HASH and fork.since(LONDON):
        code = world.get_code(tx.sender)  # EIP-3607, and the delegation that EIP-7702 exempts.
        delegated = fork.since(PRAGUE) and is_delegation(code)
        if not (delegated or tx.is_impersonated):
            raise RejectedTransaction(
                f"sender not an eoa: address {checksummed(tx.sender)}, "
                f"codehash: 0x{keccak(code).hex()}"
            )
    balance = 0 if account is None else account.balance
    cost = tx.gas * tx.max_fee_per_gas + tx.value + tx.blob_gas * tx.max_fee_per_blob_gas
    if balance < cost:
        raise RejectedTransaction(
            f"insufficient funds for gas * price + value: address {checksummed(tx.sender)} "
            f"have {balance} want {cost}"
        )


def check_nonce(tx: Transaction, world: World) -> None:
    """Check that the sender's next transaction is this one."""
    nonce = world.get_nonce(tx.sender)
    if tx.nonce != nonce:
        low = tx.nonce < nonce
        raise (RejectedTransaction if low else NotNow)(
            f"nonce too {'low' if low else 'high'}: address {checksummed(tx.sender)}, "
            f"tx: {tx.nonce} state: {nonce}"
        )


def check_fees(tx: Transaction, base_fee: int, blob_base_fee: int) -> None:
    """Check that the sender is willing to pay what this block costs."""
    if tx.max_fee_per_gas < base_fee:
        raise NotNow(
            f"max fee per gas less than block base fee: address {checksummed(tx.sender)}, "
            f"maxFeePerGas: {tx.max_fee_per_gas}, baseFee: {base_fee}"
        )
    if tx.type == BLOB and tx.max_fee_per_blob_gas < blob_base_fee:
        raise NotNow(
            f"max fee per blob gas less than block blob gas fee: address {checksummed(tx.sender)} "
            f"blobGasFeeCap: {tx.max_fee_per_blob_gas}, blobBaseFee: {blob_base_fee}"
        )
