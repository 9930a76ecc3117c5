"""The whole suite as plain JSON, derived vectors too, for clients in other languages."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import embedded, forwarder
from .suite import Chapter
from .vectors import DEFAULT_CALLER, FRAME_GAS, Step, Vector, hexed

SCHEMA = Path(__file__).parent / "schema.json"


def write(folder: Path, chosen: list[Chapter]) -> list[Path]:
    """Write one file for each entry, and the schema; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "schema.json"]
    paths[0].write_text(SCHEMA.read_text("utf-8"), "utf-8")
    for chapter in chosen:
        path = folder / f"{chapter.entry.name}.json"
        path.write_text(json.dumps(document(chapter), indent=1) + "\n", "utf-8")
        paths.append(path)
    return paths


def document(chapter: Chapter) -> dict[str, Any]:
    """Return the file of one entry."""
    return {
        "precompile": chapter.entry.name,
        "address": hexed(chapter.entry.address),
        "callerCode": hexed(forwarder.CODE),
        "vectors": [written(vector) for vector in chapter.vectors],
    }


def written(vector: Vector) -> dict[str, Any]:
    """Return one vector as a file has it; what has its default is left out."""
    expected = vector.expected
    world = embedded.prepared(vector) if vector.before or vector.accounts else embedded.World()
    logs = [
        {"topics": [hexed(topic) for topic in topics], "data": hexed(data)}
        for topics, data in expected.logs
    ]
    item: dict[str, Any] = {"name": vector.name, "input": hexed(vector.input)}
    if expected.output is not None:
        item["output"] = hexed(expected.output)
    elif expected.error is not None:
        item["error"] = hexed(expected.error)
    else:
        item["outOfGas"] = True
    optional: tuple[tuple[str, Any, Any], ...] = (
        ("gasUsed", vector.gas_used, vector.gas),
        ("frameGas", vector.frame_gas, FRAME_GAS),
        ("caller", hexed(vector.caller), hexed(DEFAULT_CALLER)),
        ("value", vector.value, 0),
        ("static", vector.static, False),
        ("delegated", vector.delegated, False),
        ("mode", vector.mode, "block"),
        ("secretOps", vector.secret_ops, "call-only"),
        ("accounts", accounts(vector), {}),
        ("before", [written_step(vector, step) for step in vector.before], []),
        ("storageBefore", storage_words(embedded.words(world, vector.address)), {}),
        ("accountsBefore", accounts_before(vector, world), {}),
        ("time", vector.moment.time, None),
        ("block", vector.moment.number, None),
        ("logs", logs, []),
        ("storage", storage_words(expected.storage), {}),
        ("contextual", vector.contextual, False),
        ("chainId", vector.chain_id, None),
        ("source", vector.source, ""),
    )
    item["gas"] = vector.gas
    return item | {name: value for name, value, default in optional if value != default}


def written_step(vector: Vector, step: Step) -> dict[str, Any]:
    """Return a call before a vector as a file has it."""
    item: dict[str, Any] = {"input": hexed(step.input), "caller": hexed(step.caller)}
    optional: tuple[tuple[str, Any, Any], ...] = (
        ("to", hexed(step.to), hexed(vector.address)),
        ("value", step.value, 0),
        ("time", step.moment.time, None),
        ("block", step.moment.number, None),
    )
    return item | {name: value for name, value, default in optional if value != default}


def accounts(vector: Vector) -> dict[str, Any]:
    """Return the accounts that are there before the first call."""
    return {
        hexed(address): written_account(each.code, each.balance, each.storage)
        for address, each in vector.accounts.items()
    }


def accounts_before(vector: Vector, world: embedded.World) -> dict[str, Any]:
    """Return the accounts as the calls before a vector leave them, but for its caller's."""
    owners = {owner for owner, _ in world.storage}
    known = {*world.balances, *world.codes, *owners} - {vector.caller}
    found = {}
    for address in sorted(known):
        code = world.codes.get(address, b"")
        assert isinstance(code, bytes), "a vector's accounts have byte-code"
        storage = {} if address == vector.address else embedded.words(world, address)
        found[hexed(address)] = written_account(code, world.balances.get(address, 0), storage)
    return {address: item for address, item in found.items() if item}


def written_account(code: bytes, balance: int, storage: Mapping[int, int]) -> dict[str, Any]:
    """Return an account as a file has it."""
    words = {slot: word for slot, word in storage.items() if word}
    optional: tuple[tuple[str, Any, Any], ...] = (
        ("code", hexed(code), "0x"),
        ("balance", balance, 0),
        ("storage", storage_words(words), {}),
    )
    return {name: value for name, value, default in optional if value != default}


def storage_words(words: Mapping[int, int]) -> dict[str, str]:
    """Return storage as a file has it; a word of zero is no entry, except one that was cleared."""
    return {f"0x{slot:064x}": f"0x{word:064x}" for slot, word in words.items()}
