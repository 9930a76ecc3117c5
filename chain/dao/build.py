"""Compile the DAO's contracts: `python -m chain.dao.build` writes artifacts.json."""

import json
from pathlib import Path
from typing import Any

from vyper.cli.vyper_compile import compile_files  # type: ignore[import-untyped]  # ships no types
from vyper.compiler.settings import (  # type: ignore[import-untyped]  # ships no types
    OptimizationLevel,
    Settings,
)

from .artifacts import FILE, SETTINGS

CONTRACTS = Path(__file__).parents[2] / "contracts"
FOLDERS = ("escrow", "governance", "safe", "treasury", "ballots", "bridge", "validators")


def sources() -> dict[str, Path]:
    """Return the contracts that are deployed, by name: modules are written small."""
    found = [path for folder in FOLDERS for path in (CONTRACTS / folder).glob("*.vy")]
    return {path.stem: path for path in sorted(found) if path.stem[0].isupper()}


def integrity(path: Path) -> str:
    """Return the compiler's hash of a contract and of all that it imports."""
    (made,) = compile_files([path], ["integrity"], paths=[str(CONTRACTS)]).values()
    digest: str = made["integrity"]
    return digest


def compiled(path: Path) -> dict[str, Any]:
    """Compile one contract."""
    outputs = ["abi", "bytecode", "bytecode_runtime", "integrity"]
    settings = Settings(
        optimize=OptimizationLevel.from_string(SETTINGS["optimize"]),
        evm_version=SETTINGS["evmVersion"],
    )
    made = compile_files([path], outputs, paths=[str(CONTRACTS)], settings=settings)
    (built,) = made.values()
    creation = bytes.fromhex(built["bytecode"].removeprefix("0x"))
    runtime = bytes.fromhex(built["bytecode_runtime"].removeprefix("0x"))
    return {
        "integrity": built["integrity"],
        "runtime": [creation.index(runtime), len(runtime)],
        "abi": built["abi"],
        "creation": creation.hex(),
    }


def build() -> str:
    """Return the text of artifacts.json."""
    contracts = {name: compiled(path) for name, path in sources().items()}
    return json.dumps({"contracts": contracts}, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(build(), "utf-8")
