"""The whole suite as plain JSON, derived vectors too, for clients in other languages."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import embedded
from .suite import Chapter
from .vectors import DEFAULT_CALLER, FRAME_GAS, Vector

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
        "vectors": [written(vector) for vector in chapter.vectors],
    }


def written(vector: Vector) -> dict[str, Any]:
    """Return one vector as a file has it; what has its default is left out."""
    expected = vector.expected
    steps = [{"input": hexed(each.input), "caller": hexed(each.caller)} for each in vector.before]
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
        ("before", steps, []),
        ("storageBefore", storage_words(before(vector)), {}),
        ("logs", logs, []),
        ("storage", storage_words(expected.storage), {}),
        ("contextual", vector.contextual, False),
        ("chainId", vector.chain_id, None),
        ("source", vector.source, ""),
    )
    item["gas"] = vector.gas
    return item | {name: value for name, value, default in optional if value != default}


def before(vector: Vector) -> Mapping[int, int]:
    """Return the storage that the calls before a vector leave."""
    if not vector.before:
        return {}
    return embedded.words(embedded.prepared(vector), vector.address)


def storage_words(words: Mapping[int, int]) -> dict[str, str]:
    """Return storage as a file has it; a word of zero is no entry, except one that was cleared."""
    return {f"0x{slot:064x}": f"0x{word:064x}" for slot, word in words.items()}


def hexed(data: bytes) -> str:
    """Return bytes as a file has them."""
    return f"0x{data.hex()}"
