"""Writes the vectors.json of each entry from the builder of its name beside this file.

Run as a script from the root of a checkout, for all entries or those named; a test compares. A
builder has `cases()`, which yields them without their gas: the price list is ours.
"""

import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(ROOT)]

from precompiles.conformance.vectors import path_of  # noqa: E402 - found through the line above
from precompiles.precompile import price  # noqa: E402 - as above
from precompiles.registry import find  # noqa: E402 - as above

SHARED = {"build", "cases"}


def builders() -> list[str]:
    return sorted({path.stem for path in HERE.glob("*.py")} - SHARED)


def document(name: str) -> str:
    entry = find(name)
    listed = []
    for each in importlib.import_module(name).cases():
        data = bytes.fromhex(each["input"][2:])
        listed.append({**each, "gas": price(entry, data)})
    names = [each["name"] for each in listed]
    assert len(set(names)) == len(names), name
    whole = {"precompile": name, "address": f"0x{entry.address.hex()}", "vectors": listed}
    return json.dumps(whole, indent=1) + "\n"


def products(names: Iterable[str] = ()) -> dict[Path, str]:
    return {path_of(find(name)): document(name) for name in names or builders()}


if __name__ == "__main__":
    for path, text in products(sys.argv[1:]).items():
        path.write_text(text)
        print(path.relative_to(ROOT))
