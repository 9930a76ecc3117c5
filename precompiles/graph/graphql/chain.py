"""Fields of the block, of accounts and of the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...precompile import Method, Precompile
from .answer import Reading, Resolver
from .plan import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An object without content of its own: the block, the registry."""


WHOLE = Whole()


def whole(_: Reading, __: Any, ___: Planned) -> Whole:
    """Resolve an object of which there is one."""
    return WHOLE


def of_context(name: str) -> Resolver:
    """Return what resolves a field of the block."""
    return lambda reading, _, __: getattr(reading.call.context, name)


def block_hash(reading: Reading, _: Any, field: Planned) -> bytes | None:
    """Resolve Block.hash."""
    found = reading.call.host.block_hash(field.arguments["number"])
    return found if any(found) else None


def argument(name: str) -> Resolver:
    """Return what resolves an object that is all in an argument."""
    return lambda _, __, field: field.arguments[name]


def storage(reading: Reading, address: bytes, field: Planned) -> bytes:
    """Resolve Account.storage."""
    slot = int.from_bytes(field.arguments["slot"], "big")
    return reading.call.host.storage_of(address, slot).to_bytes(32, "big")


def entries() -> tuple[Precompile, ...]:
    """Return the registry, which this entry is in itself: so it is asked for when it is there."""
    from ... import registry

    return registry.PRECOMPILES


def version(_: Reading, __: Any, ___: Planned) -> int:
    """Resolve Registry.version."""
    from ... import family

    return family.VERSION


def precompile(_: Reading, __: Any, field: Planned) -> Precompile | None:
    """Resolve Registry.precompile."""
    wanted = field.arguments["address"]
    return next((entry for entry in entries() if entry.address == wanted), None)


def precompiles(_: Reading, __: Any, field: Planned) -> tuple[Precompile, ...]:
    """Resolve Registry.precompiles."""
    start = field.arguments["skip"]
    return entries()[start : start + field.arguments["first"]]


def methods(_: Reading, source: Precompile, __: Planned) -> tuple[Method, ...]:
    """Resolve Precompile.methods."""
    return source.methods


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "block"): whole,
    ("Query", "account"): argument("address"),
    ("Query", "registry"): whole,
    ("Query", "_meta"): whole,
    ("_Meta_", "block"): whole,
    ("Block", "number"): of_context("block_number"),
    ("Block", "timestamp"): of_context("timestamp"),
    ("Block", "hash"): block_hash,
    ("Block", "parentHash"): of_context("parent_hash"),
    ("Block", "gasLimit"): of_context("gas_limit"),
    ("Block", "baseFeePerGas"): of_context("base_fee"),
    ("Block", "coinbase"): of_context("coinbase"),
    ("Block", "chainId"): of_context("chain_id"),
    ("Account", "address"): lambda _, address, __: address,
    ("Account", "balance"): lambda reading, address, _: reading.call.host.balance(address),
    ("Account", "transactionCount"): lambda reading, address, _: reading.call.host.nonce(address),
    ("Account", "code"): lambda reading, address, _: reading.call.host.code(address),
    ("Account", "codeHash"): lambda reading, address, _: reading.call.host.code_hash(address),
    ("Account", "codeSize"): lambda reading, address, _: reading.call.host.code_size(address),
    ("Account", "storage"): storage,
    ("Registry", "version"): version,
    ("Registry", "count"): lambda _, __, ___: len(entries()),
    ("Registry", "precompile"): precompile,
    ("Registry", "precompiles"): precompiles,
    ("Precompile", "address"): lambda _, entry, __: entry.address,
    ("Precompile", "name"): lambda _, entry, __: entry.name,
    ("Precompile", "version"): lambda _, entry, __: entry.version,
    ("Precompile", "family"): lambda _, entry, __: entry.family,
    ("Precompile", "methods"): methods,
    ("Method", "signature"): lambda _, method, __: method.signature.canonical,
    ("Method", "selector"): lambda _, method, __: method.signature.selector,
}
