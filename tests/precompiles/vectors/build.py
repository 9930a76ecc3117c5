"""Writes the vectors.json of each entry from the builder of its name beside this file.

Run as a script from the root of a checkout, for all entries or those named; a test compares. A
builder has `cases()`, which yields them without their gas: the price list is ours. A case that
names no source is a refusal by the rules, or comes from the builder's `SOURCE`.
"""

import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(ROOT)]

from cases import Case  # noqa: E402 - found through the line above

from precompiles.conformance import embedded  # noqa: E402 - as above
from precompiles.conformance.vectors import Vector, parse, path_of  # noqa: E402 - as above
from precompiles.precompile import price  # noqa: E402 - as above
from precompiles.registry import find  # noqa: E402 - as above

SHARED = {"ai_models", "build", "cases", "families", "graphql_oracle", "ranged_model"}

RULES = "the rules of the ABI, and the errors that the entry declares"

# Another block: an answer that is different there depends on more than the vector tells.
ELSEWHERE = {
    "block_number": 2,
    "timestamp": 1_800_000_000,
    "coinbase": b"\2" * 20,
    "gas_limit": 31_000_000,
    "base_fee": 8,
    "prevrandao": b"\2" * 32,
    "parent_hash": b"\2" * 32,
    "origin": b"\2" * 20,
    "gas_price": 8,
}


def builders() -> list[str]:
    return sorted({path.stem.rstrip("_") for path in HERE.glob("*.py")} - SHARED)


def document(name: str) -> str:
    entry = find(name)
    listed = []
    # A builder whose name is a package's ends in an underscore.
    taken = (HERE / f"{name}_.py").exists()
    builder = importlib.import_module(f"{name}_" if taken else name)
    contracts: dict[str, str] = getattr(builder, "CONTRACTS", {})
    for each in builder.cases():
        data = bytes.fromhex(each["input"][2:])
        item = {**each, "gas": price(entry, data)}
        if "source" not in item:
            item["source"] = RULES if "error" in each else builder.SOURCE
        listed.append(completed(item, entry.address, contracts))
    names = [each["name"] for each in listed]
    assert len(set(names)) == len(names), name
    whole: dict[str, Any] = {"precompile": name, "address": f"0x{entry.address.hex()}"}
    if contracts:
        whole["contracts"] = contracts
    whole["vectors"] = listed
    return json.dumps(whole, indent=1) + "\n"


def completed(item: Case, address: bytes, contracts: dict[str, str]) -> Case:
    """Add what is ours to say: the gas that state costs, and where the state is kept."""
    codes = {name: bytes.fromhex(code[2:]) for name, code in contracts.items()}
    vector = parse(item, address, codes)
    answer = embedded.answer(vector)
    if answer.gas_used != vector.gas:
        item["gasUsed"] = answer.gas_used
    if answer.storage:
        item["storage"] = {word(slot): word(value) for slot, value in answer.storage.items()}
    moments = vector.moment, *(step.moment for step in vector.before)
    if any(moment.given for moment in moments) or differs(vector, ELSEWHERE):
        item["contextual"] = True
    if differs(vector, {"chain_id": 1}):
        item["chainId"] = embedded.CONTEXT.chain_id
    return item


def differs(vector: Vector, context: dict[str, Any]) -> bool:
    answers = [embedded.answer(vector, changed) for changed in ({}, context)]
    return len({(each.output, each.error, each.logs) for each in answers}) > 1


def word(number: int) -> str:
    return f"0x{number:064x}"


def products(names: Iterable[str] = ()) -> dict[Path, str]:
    return {path_of(find(name)): document(name) for name in names or builders()}


if __name__ == "__main__":
    for path, text in products(sys.argv[1:]).items():
        path.write_text(text)
        print(path.relative_to(ROOT))
