"""Write the bytecode of our contracts as Solidity constants, for tests that deploy it.

`python compile.py contracts Bytecode.sol` compiles what CONTRACTS names below the first folder.
"""

import subprocess
import sys
from pathlib import Path

CONTRACTS = (
    "bridge/BridgeGuard",
    "escrow/LinearCurve",
    "escrow/VePARS",
    "escrow/WPARS",
    "governance/Charter",
    "governance/Timelock",
    "treasury/Streams",
    "validators/ValidatorRegistry",
)
HEADER = "// SPDX-License-Identifier: MIT\n// Written by compile.py.\npragma solidity ^0.8.20;\n"


def constant(folder: Path, place: str) -> str:
    """Compile one contract as Ape does, and return its line."""
    source = folder / f"{place}.vy"
    command = ["vyper", "-p", str(folder), "-O", "gas", "-f", "bytecode", str(source)]
    made = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return f'bytes constant {source.stem} = hex"{made.removeprefix("0x")}";\n'


def main(folder: str, target: str) -> None:
    """Compile all of them."""
    lines = [constant(Path(folder), place) for place in CONTRACTS]
    Path(target).write_text(HEADER + "".join(lines), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
