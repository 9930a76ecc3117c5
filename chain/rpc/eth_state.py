"""eth_: what accounts hold, at any block, with proofs."""

from typing import Any, Final

from ..proofs import StateView
from .codec import (
    ADDRESS,
    BLOCK,
    SLOT,
    BlockRef,
    Kind,
    array_of,
    hex_data,
    hex_word,
    read_address,
    read_object,
    read_slot,
)
from .errors import InvalidParams
from .method import Method, Node, Param, block_param, chain_ref
from .results import Json, proof_json

SLOTS_MAX: Final = 1024


def state_at(node: Node, ref: BlockRef) -> StateView:
    """Return the state after a block."""
    return node.chain.state(chain_ref(node, ref))


def get_balance(node: Node, address: bytes, ref: BlockRef) -> str:
    """Balance in wei."""
    return hex(state_at(node, ref).balance(address))


def get_transaction_count(node: Node, address: bytes, ref: BlockRef) -> str:
    """Nonce; at `pending`, the next free one."""
    if ref == "pending":  # What waits counts, even where the next block has no room for it.
        return hex(node.chain.pool.nonce_after(address))
    return hex(state_at(node, ref).nonce(address))


def get_code(node: Node, address: bytes, ref: BlockRef) -> str:
    """Code."""
    return hex_data(state_at(node, ref).code(address))


def get_storage_at(node: Node, address: bytes, slot: int, ref: BlockRef) -> str:
    """One word of storage."""
    return hex_word(state_at(node, ref).storage(address, slot))


def _read_key(value: Any, name: str) -> tuple[int, str]:
    """Read a storage key with its spelling: a full one stays as it was, a short one a number."""
    slot = read_slot(value, name)
    return slot, hex_word(slot) if len(value) == 66 else hex(slot)


KEYS: Final = Kind("array of storage keys", array_of(_read_key, SLOTS_MAX))


def get_proof(node: Node, address: bytes, keys: tuple[tuple[int, str], ...], ref: BlockRef) -> Json:
    """An account and slots with Merkle proofs to the block's state root (EIP-1186)."""
    proof = state_at(node, ref).proof(address, [slot for slot, _ in keys])
    return proof_json(proof, [spelled for _, spelled in keys])


_read_slots = array_of(read_slot, SLOTS_MAX)


def _read_slot_requests(value: Any, name: str) -> dict[bytes, tuple[int, ...]]:
    wanted = {
        read_address(address, f"{name}[{address}]"): _read_slots(slots, f"{name}[{address}]")
        for address, slots in read_object(value, name).items()
    }
    if not wanted:
        raise InvalidParams("empty request")
    total = sum(len(slots) for slots in wanted.values())
    if total > SLOTS_MAX:
        raise InvalidParams(f"{name}: {total} storage keys, at most {SLOTS_MAX} are allowed")
    return wanted


SLOT_REQUESTS: Final = Kind("storage keys by address", _read_slot_requests)


def get_storage_values(
    node: Node, wanted: dict[bytes, tuple[int, ...]], ref: BlockRef
) -> dict[str, list[str]]:
    """Words of storage of several accounts."""
    state = state_at(node, ref)
    return {
        hex_data(address): [hex_word(state.storage(address, slot)) for slot in slots]
        for address, slots in wanted.items()
    }


_ADDRESS: Final = Param("address", ADDRESS)
_BLOCK: Final = block_param(BLOCK)

METHODS: Final = (
    Method(
        name="eth_getBalance",
        run=get_balance,
        params=(_ADDRESS, _BLOCK),
        quick=True,
    ),
    Method(
        name="eth_getTransactionCount",
        run=get_transaction_count,
        params=(_ADDRESS, _BLOCK),
        quick=True,
    ),
    Method(name="eth_getCode", run=get_code, params=(_ADDRESS, _BLOCK), quick=True),
    Method(
        name="eth_getStorageAt",
        run=get_storage_at,
        params=(_ADDRESS, Param("slot", SLOT), _BLOCK),
        quick=True,
    ),
    Method(
        name="eth_getStorageValues",
        run=get_storage_values,
        params=(Param("slotsByAddress", SLOT_REQUESTS), _BLOCK),
    ),
    Method(
        name="eth_getProof",
        run=get_proof,
        params=(_ADDRESS, Param("storageKeys", KEYS), _BLOCK),
    ),
)
