"""Every precompile, in address order. An entry is its folder and one line in `ENTRIES`."""

from collections.abc import Iterable, Mapping

from . import family
from .address_map import FAMILIES, PLAN, RESERVED
from .ai.attestation.contract import PRECOMPILE as ATTESTATION
from .ai.compute.contract import PRECOMPILE as COMPUTE
from .ai.inference.contract import PRECOMPILE as INFERENCE
from .ai.mining.contract import PRECOMPILE as MINING
from .ai.model_registry.contract import PRECOMPILE as MODEL_REGISTRY
from .ai.verification.contract import PRECOMPILE as VERIFICATION
from .dex.hook_registry.contract import PRECOMPILE as HOOK_REGISTRY
from .dex.hooks.contract import PRECOMPILE as HOOKS
from .dex.pool_manager.contract import PRECOMPILE as POOL_MANAGER
from .dex.quoter.contract import PRECOMPILE as QUOTER
from .dex.vaults.contract import PRECOMPILE as VAULTS
from .graph.aggregation.contract import PRECOMPILE as AGGREGATION
from .graph.entity_store.contract import PRECOMPILE as ENTITY_STORE
from .graph.feeds.contract import PRECOMPILE as FEEDS
from .graph.graphql.contract import PRECOMPILE as GRAPHQL
from .pq.ml_dsa.contract import PRECOMPILE as ML_DSA
from .pq.ml_kem.contract import PRECOMPILE as ML_KEM
from .pq.slh_dsa.contract import PRECOMPILE as SLH_DSA
from .precompile import Precompile
from .privacy.ecies.contract import PRECOMPILE as ECIES
from .privacy.hpke.contract import PRECOMPILE as HPKE
from .privacy.ring.contract import PRECOMPILE as RING
from .threshold.cggmp21.contract import PRECOMPILE as CGGMP21
from .threshold.committee.contract import PRECOMPILE as COMMITTEE
from .threshold.ecdsa.contract import PRECOMPILE as THRESHOLD_ECDSA
from .threshold.frost.contract import PRECOMPILE as FROST
from .zk.dispatcher import PRECOMPILE as ZK
from .zk.pedersen.contract import PRECOMPILE as PEDERSEN
from .zk.poseidon.contract import PRECOMPILE as POSEIDON
from .zk.stark.contract import PRECOMPILE as STARK

__all__ = ["PRECOMPILES", "RESERVED", "assemble", "at", "find", "index"]

ENTRIES = (
    MINING,
    MODEL_REGISTRY,
    INFERENCE,
    VERIFICATION,
    ATTESTATION,
    COMPUTE,
    POOL_MANAGER,
    QUOTER,
    HOOK_REGISTRY,
    HOOKS,
    VAULTS,
    GRAPHQL,
    ENTITY_STORE,
    FEEDS,
    AGGREGATION,
    ML_KEM,
    ML_DSA,
    SLH_DSA,
    RING,
    ECIES,
    HPKE,
    FROST,
    CGGMP21,
    THRESHOLD_ECDSA,
    COMMITTEE,
    ZK,
    POSEIDON,
    PEDERSEN,
    STARK,
)

RETIRED_ADDRESSES: frozenset[int] = frozenset()
"""Addresses whose entry was withdrawn. They answer `Retired()` for ever."""


def assemble(entries: Iterable[Precompile]) -> tuple[Precompile, ...]:
    """Return the entries, with one at the first address of each family, in address order."""
    entries = tuple(entries)
    result: list[Precompile] = []
    for each in FAMILIES:
        members = tuple(entry for entry in entries if entry.family == each.name)
        result += family.informed(each, members)
    if {entry.name for entry in entries} - {entry.name for entry in result}:
        raise ValueError("an entry names a family that does not exist")
    return tuple(result)


def index(
    precompiles: Iterable[Precompile], retired: frozenset[int] = frozenset()
) -> Mapping[bytes, Precompile]:
    """Return the entries by address; refuse, with a ValueError, a list that contradicts itself."""
    planned = {slot.address for slot in PLAN if slot.plan == "entry"}
    families = {each.base >> 8: each.name for each in FAMILIES}
    table: dict[bytes, Precompile] = {}
    last = -1
    for entry in precompiles:
        number = int.from_bytes(entry.address, "big")
        where = f"{entry.name} at {number:#06x}"
        if len(entry.address) != 20 or number not in RESERVED:
            raise ValueError(f"{where}: outside the reserved range")
        if number <= last:
            raise ValueError(f"{where}: a duplicate, or not in address order")
        if number in retired or (number not in planned and number & 0xFF):
            raise ValueError(f"{where}: the address map does not plan an entry there")
        if families[number >> 8] != entry.family:
            raise ValueError(f"{where}: not in the range of family {entry.family}")
        if any(entry.name == other.name for other in table.values()):
            raise ValueError(f"{where}: the name is taken")
        table[entry.address] = entry
        last = number
    return table


PRECOMPILES = assemble(ENTRIES)
BY_ADDRESS = index(PRECOMPILES, RETIRED_ADDRESSES)
BY_NAME = {
    **{each.name: BY_ADDRESS[each.base.to_bytes(20, "big")] for each in FAMILIES},
    **{entry.name: entry for entry in PRECOMPILES},
}
"""By name; the name of a family stands for what is at its first address."""


def at(address: bytes) -> Precompile | None:
    """Return what answers at this address; None outside the reserved range.

    Unused addresses are made when asked for, so that the range costs nothing at start.
    """
    found = BY_ADDRESS.get(address)
    if found is not None or len(address) != 20:
        return found
    number = int.from_bytes(address, "big")
    return vacant(number, number in RETIRED_ADDRESSES) if number in RESERVED else None


def vacant(number: int, retired: bool) -> Precompile:
    """Return an entry without methods, which reverts and says why."""
    return Precompile(
        address=number.to_bytes(20, "big"),
        family=next(each.name for each in FAMILIES if each.base >> 8 == number >> 8),
        name=f"{number:#06x}",
        interface="",
        version=0,
        summary="retired" if retired else "unused",
        methods=(),
        status="retired" if retired else "unused",
    )


def find(name_or_address: str) -> Precompile:
    """Return the entry with this name, or with this address in hex; KeyError when there is none."""
    if name_or_address in BY_NAME:
        return BY_NAME[name_or_address]
    try:
        return BY_ADDRESS[int(name_or_address, 16).to_bytes(20, "big")]
    except (ValueError, OverflowError):
        raise KeyError(name_or_address) from None
