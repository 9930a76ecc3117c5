"""The DAO's contracts as compiled: their ABIs and byte-code.

artifacts.json is made by `python -m chain.dao.build`, so that a chain starts with the DAO, and a
deployment runs, where no compiler is installed. Knows no chain.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from precompiles.backends.keccak import keccak256

FILE = Path(__file__).with_name("artifacts.json")
SETTINGS = {"vyper": "0.4.3", "optimize": "gas", "evmVersion": "prague"}
"""How they were compiled."""

Abi = Sequence[Mapping[str, Any]]


class ArtifactError(Exception):
    """Arguments that no function of a contract takes, or output that it cannot have given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One contract."""

    name: str
    abi: Abi
    creation: bytes
    runtime: bytes
    """What stands at its address, but for the immutables that follow it."""
    integrity: str
    """The compiler's hash of every source that it was made of."""

    def init_code(self, arguments: Sequence[Any]) -> bytes:
        """Return what a creation runs."""
        declared = [each["inputs"] for each in self.abi if each["type"] == "constructor"]
        types = canonical(declared[0]) if declared else []
        return self.creation + encoded(f"{self.name}'s constructor", types, arguments)

    def call_data(self, function: str, arguments: Sequence[Any]) -> bytes:
        """Return the call data of a function, named alone or as `name(types)`."""
        found = self.function(function)
        types = canonical(found["inputs"])
        selector = keccak256(f"{found['name']}({','.join(types)})".encode())[:4]
        return selector + encoded(f"{self.name}.{function}", types, arguments)

    def output(self, function: str, data: bytes) -> Any:
        """Read what a function returned: one value, or a tuple of several."""
        types = canonical(self.function(function)["outputs"])
        try:
            values = decode(types, data)
        except DecodingError as error:
            raise ArtifactError(f"{self.name}.{function}: no such output: {error}") from None
        return values[0] if len(values) == 1 else values

    def has(self, function: str) -> bool:
        """Say whether there is a function of this name."""
        return any(each.get("name") == function for each in self.abi)

    def function(self, name: str) -> Mapping[str, Any]:
        """Return the declaration of a function."""
        found = [
            each
            for each in self.abi
            if each["type"] == "function"
            and name in (each["name"], f"{each['name']}({','.join(canonical(each['inputs']))})")
        ]
        if len(found) != 1:
            raise ArtifactError(f"{self.name} has {len(found)} functions {name}")
        return found[0]


def canonical(parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the types of parameters as signatures spell them."""
    return [
        parameter["type"].replace("tuple", f"({','.join(canonical(parameter['components']))})")
        if parameter["type"].startswith("tuple")
        else parameter["type"]
        for parameter in parameters
    ]


def encoded(what: str, types: Sequence[str], arguments: Sequence[Any]) -> bytes:
    """Encode arguments; say which function refuses which."""
    if len(types) != len(arguments):
        raise ArtifactError(f"{what} takes {len(types)} arguments, not {len(arguments)}")
    try:
        return encode(types, arguments)
    except EncodingError as error:
        raise ArtifactError(f"{what}: {error}") from None


@cache
def artifacts() -> Mapping[str, Artifact]:
    """Return every contract by its name."""
    made = json.loads(FILE.read_text("utf-8"))
    return {
        name: Artifact(
            name=name,
            abi=each["abi"],
            creation=(creation := bytes.fromhex(each["creation"])),
            runtime=creation[each["runtime"][0] : sum(each["runtime"])],
            integrity=each["integrity"],
        )
        for name, each in made["contracts"].items()
    }
