"""What a deployment leaves behind: where each contract stands and what it was made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.address import to_checksum_address

from precompiles.backends.keccak import keccak256
from precompiles.conformance.vectors import hexed

from ..remote import Remote
from .artifacts import SETTINGS
from .deploy import Done
from .steps import Creation


def manifest(
    remote: Remote, done: Sequence[Done], label: str, earlier: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the manifest of a deployment that stands.

    What an earlier run has done is in its manifest; its transactions are taken from there.
    """
    contracts = {}
    for each in done:
        step = each.step
        if not isinstance(step, Creation):
            continue
        code = remote.code(step.address)
        before = earlier.get("contracts", {}).get(step.name, {})
        contracts[step.name] = {
            "contract": step.artifact.name,
            "address": to_checksum_address(step.address),
            "constructorArguments": hexed(step.init_code[len(step.artifact.creation) :]),
            "initCodeHash": hexed(keccak256(step.init_code)),
            "codeHash": hexed(keccak256(code)),
            "sources": step.artifact.integrity,
            "transaction": each.transaction or before.get("transaction"),
        }
    return {
        "chainId": remote.chain_id,
        "label": label,
        "compiler": SETTINGS,
        "contracts": contracts,
    }
