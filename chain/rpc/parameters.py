"""Objects on the wire that clients send: transactions, overrides, filters.

A member that is null counts as missing, as everywhere in Ethereum's JSON-RPC. Members that no
method knows are ignored: clients send more than they need to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..calls import AccountOverride, BlockOverride, CallRequest, Overrides
from ..logs import Topics
from ..transactions import AccessList, Authorization
from .codec import (
    Kind,
    Read,
    Tag,
    array_of,
    describe,
    fixed,
    read_address,
    read_block_number,
    read_data,
    read_hash,
    read_object,
    read_quantity,
    read_slot,
    read_uint64,
)
from .errors import InvalidParams

ACCESS_LIST_MAX: Final = 10_000
AUTHORIZATIONS_MAX: Final = 1_000
BLOB_HASHES_MAX: Final = 64
OVERRIDES_MAX: Final = 10_000
FILTER_ADDRESSES_MAX: Final = 1_000
FILTER_TOPICS_MAX: Final = 4
FILTER_TOPIC_CHOICES_MAX: Final = 1_000

_read_slots = array_of(read_slot, ACCESS_LIST_MAX)


def member(value: Mapping[str, Any], key: str, read: Read, name: str) -> Any:
    """Read a member of an object, or return None where it is missing."""
    found = value.get(key)
    return None if found is None else read(found, f"{name}.{key}")


# Transactions.


def _read_access_entry(value: Any, name: str) -> tuple[bytes, tuple[int, ...]]:
    entry = read_object(value, name)
    address = member(entry, "address", read_address, name)
    if address is None:
        raise InvalidParams(f"{name}.address: missing")
    return address, member(entry, "storageKeys", _read_slots, name) or ()


def _read_authorization(value: Any, name: str) -> Authorization:
    entry = read_object(value, name)
    required = ("chainId", "address", "nonce", "yParity", "r", "s")
    if entry.get("yParity") is None and entry.get("v") is not None:
        entry = {**entry, "yParity": entry["v"]}
    for key in required:
        if entry.get(key) is None:
            raise InvalidParams(f"{name}.{key}: missing")
    y_parity = read_uint64(entry["yParity"], f"{name}.yParity")
    if y_parity > 255:
        raise InvalidParams(f"{name}.yParity: {y_parity} does not fit a byte")
    return Authorization(
        chain_id=read_quantity(entry["chainId"], f"{name}.chainId"),
        address=read_address(entry["address"], f"{name}.address"),
        nonce=read_uint64(entry["nonce"], f"{name}.nonce"),
        y_parity=y_parity,
        r=read_quantity(entry["r"], f"{name}.r"),
        s=read_quantity(entry["s"], f"{name}.s"),
    )


read_access_list: Final[Read] = array_of(_read_access_entry, ACCESS_LIST_MAX)
_read_authorizations: Final[Read] = array_of(_read_authorization, AUTHORIZATIONS_MAX)
_read_blob_hashes: Final[Read] = array_of(read_hash, BLOB_HASHES_MAX)


def _read_input(tx: dict[str, Any], name: str) -> bytes:
    """Read the calldata, which clients call `input`, `data`, or both."""
    given = member(tx, "input", read_data, name)
    older = member(tx, "data", read_data, name)
    if given is None:
        return older or b""
    if older is not None and older != given:
        raise InvalidParams(f'{name}: both "data" and "input" are set and not equal; use "input"')
    return bytes(given)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionObject:
    """A transaction in a client's words, and the type that it names."""

    request: CallRequest
    type: int | None


def read_transaction(value: Any, name: str) -> TransactionObject:
    """Read a transaction object."""
    tx = read_object(value, name)
    access_list: AccessList | None = member(tx, "accessList", read_access_list, name)
    if any(tx.get(key) is not None for key in ("blobs", "commitments", "proofs")):
        raise InvalidParams(
            f"{name}.blobs: blobs are taken by eth_sendRawTransaction only, in network form"
        )
    request = CallRequest(
        sender=member(tx, "from", read_address, name),
        to=member(tx, "to", read_address, name),
        gas=member(tx, "gas", read_uint64, name),
        gas_price=member(tx, "gasPrice", read_quantity, name),
        max_fee_per_gas=member(tx, "maxFeePerGas", read_quantity, name),
        max_priority_fee_per_gas=member(tx, "maxPriorityFeePerGas", read_quantity, name),
        value=member(tx, "value", read_quantity, name) or 0,
        data=_read_input(tx, name),
        nonce=member(tx, "nonce", read_uint64, name),
        access_list=access_list,
        max_fee_per_blob_gas=member(tx, "maxFeePerBlobGas", read_quantity, name),
        blob_versioned_hashes=member(tx, "blobVersionedHashes", _read_blob_hashes, name),
        authorization_list=member(tx, "authorizationList", _read_authorizations, name),
        chain_id=member(tx, "chainId", read_quantity, name),
    )
    return TransactionObject(request=request, type=member(tx, "type", read_uint64, name))


def read_call(value: Any, name: str) -> CallRequest:
    """Read a transaction object whose type follows from its other members."""
    return read_transaction(value, name).request


# Overrides.


def _read_storage(value: Any, name: str) -> dict[int, int]:
    slots = read_object(value, name)
    if len(slots) > OVERRIDES_MAX:
        raise InvalidParams(f"{name}: {len(slots)} slots, at most {OVERRIDES_MAX} are allowed")
    return {
        read_slot(slot, f"{name}[{slot}]"): read_slot(word, f"{name}[{slot}]")
        for slot, word in slots.items()
    }


def _read_account_override(value: Any, name: str) -> AccountOverride:
    account = read_object(value, name)
    return AccountOverride(
        balance=member(account, "balance", read_quantity, name),
        nonce=member(account, "nonce", read_uint64, name),
        code=member(account, "code", read_data, name),
        state=member(account, "state", _read_storage, name),
        state_diff=member(account, "stateDiff", _read_storage, name),
        move_precompile_to=member(account, "movePrecompileToAddress", read_address, name),
    )


def read_state_overrides(value: Any, name: str) -> dict[bytes, AccountOverride]:
    """Read what accounts shall look like for a call."""
    accounts = read_object(value, name)
    if len(accounts) > OVERRIDES_MAX:
        raise InvalidParams(f"{name}: {len(accounts)} accounts, at most {OVERRIDES_MAX} allowed")
    return {
        read_address(address, f"{name}[{address}]"): _read_account_override(
            entry, f"{name}[{address}]"
        )
        for address, entry in accounts.items()
    }


def _first(block: Mapping[str, Any], keys: tuple[str, ...], read: Read, name: str) -> Any:
    """Read the first of several spellings that is there."""
    for key in keys:
        if (found := member(block, key, read, name)) is not None:
            return found
    return None


def _read_word(value: Any, name: str) -> bytes:
    return read_slot(value, name).to_bytes(32, "big")


def read_block_overrides(value: Any, name: str) -> BlockOverride:
    """Read what the block around a call shall look like."""
    block = read_object(value, name)
    return BlockOverride(
        number=member(block, "number", read_uint64, name),
        time=_first(block, ("time", "timestamp"), read_uint64, name),
        gas_limit=member(block, "gasLimit", read_uint64, name),
        coinbase=_first(block, ("feeRecipient", "coinbase"), read_address, name),
        prev_randao=_first(block, ("prevRandao", "random", "mixHash"), _read_word, name),
        base_fee=_first(block, ("baseFeePerGas", "baseFee"), read_quantity, name),
        blob_base_fee=_first(block, ("blobBaseFee", "blobBaseFeePerGas"), read_quantity, name),
    )


def overrides(
    accounts: dict[bytes, AccountOverride] | None, block: BlockOverride | None
) -> Overrides:
    """Join the two optional parameters that many methods end with."""
    return Overrides(accounts=accounts or {}, block=block or BlockOverride())


# Log filters.


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which logs a client wants."""

    from_block: int | Tag | None = None
    to_block: int | Tag | None = None
    block_hash: bytes | None = None
    addresses: frozenset[bytes] = frozenset()
    topics: Topics = ()


_read_addresses = array_of(read_address, FILTER_ADDRESSES_MAX)
_read_topic = fixed(32)


def _read_topic_choice(value: Any, name: str) -> frozenset[bytes] | None:
    """Read one position: null for any, a topic, or a list of which one must match."""
    if value is None:
        return None
    if not isinstance(value, list):
        return frozenset((_read_topic(value, name),))
    if len(value) > FILTER_TOPIC_CHOICES_MAX:
        raise InvalidParams(f"{name}: at most {FILTER_TOPIC_CHOICES_MAX} choices are allowed")
    if not value or None in value:  # A null among the choices, like none, means any.
        return None
    return frozenset(_read_topic(topic, f"{name}[{i}]") for i, topic in enumerate(value))


_read_topics = array_of(_read_topic_choice, FILTER_TOPICS_MAX)


def read_log_filter(value: Any, name: str) -> LogFilter:
    """Read a log filter."""
    wanted = read_object(value, name)
    block_hash = member(wanted, "blockHash", read_hash, name)
    from_block = member(wanted, "fromBlock", read_block_number, name)
    to_block = member(wanted, "toBlock", read_block_number, name)
    if block_hash is not None and (from_block is not None or to_block is not None):
        raise InvalidParams(
            f"{name}: cannot specify both blockHash and fromBlock/toBlock, choose one or the other"
        )
    address = wanted.get("address")
    if address is None:
        addresses: frozenset[bytes] = frozenset()
    elif isinstance(address, list):
        addresses = frozenset(_read_addresses(address, f"{name}.address"))
    elif isinstance(address, str):
        addresses = frozenset((read_address(address, f"{name}.address"),))
    else:
        raise InvalidParams(
            f"{name}.address: expected an address or an array of them, got {describe(address)}"
        )
    return LogFilter(
        from_block=from_block,
        to_block=to_block,
        block_hash=block_hash,
        addresses=addresses,
        topics=member(wanted, "topics", _read_topics, name) or (),
    )


TRANSACTION: Final = Kind("transaction", read_transaction)
CALL: Final = Kind("transaction", read_call)
STATE_OVERRIDES: Final = Kind("state overrides", read_state_overrides)
BLOCK_OVERRIDES: Final = Kind("block overrides", read_block_overrides)
LOG_FILTER: Final = Kind("log filter", read_log_filter)
SLOTS: Final = Kind("array of storage keys", array_of(read_slot, 1024))
