"""Writes what the session bridge knows of the contracts: `python -m chain.dao.bridge_files`.

The functions that it calls, and where a development chain has the contracts. A test holds the
files to the contracts.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from eth_utils.address import to_checksum_address

from ..accounts import dev_accounts
from .artifacts import artifacts
from .parameters import development
from .plan import plan

FOLDER: Final = Path(__file__).parents[2] / "session_bridge" / "abi"
CHAINS: Final = (6133, 6134)
FUNCTIONS: Final = {
    "SessionAnchor": (
        *("anchor", "anchoredAt", "committeeSeats", "keyBlob", "lastEpoch", "quorum"),
        *("effectiveAt", "proposedCommittee", "rootOf", "verifyAbsence", "verifySession"),
    ),
    "OracleBridge": (
        *("answer", "answerOf", "collect", "expire", "minFee", "owed", "requestCount"),
        *("requestOf", "retry", "statusOf"),
    ),
    "EventRelay": (
        *("certificates", "certify", "lastEpoch", "nextCertified", "nextNumber", "relay"),
        *("retry", "undelivered"),
    ),
    "Pause": ("paused", "pausedUntil"),
    "BridgeGuard": ("committee", "delay", "limits", "paused", "pausedUntil"),
    "WPARS": (),
}


def abi(name: str) -> list[Mapping[str, Any]]:
    """Return the functions of a contract that the bridge calls."""
    return [artifacts()[name].function(function) for function in FUNCTIONS[name]]


def addresses(chain_id: int) -> dict[str, str]:
    """Return where `pars chain run --with-dao` has the contracts."""
    accounts = [each.address for each in dev_accounts()]
    made = plan(development(accounts), chain_id, accounts[0])
    return {name: to_checksum_address(made.addresses[name]) for name in FUNCTIONS}


def files() -> dict[str, str]:
    """Return the text of each file by its name."""
    held: dict[str, Any] = {f"{name}.json": abi(name) for name in FUNCTIONS}
    held["devnets.json"] = {str(chain_id): addresses(chain_id) for chain_id in CHAINS}
    return {name: json.dumps(each, indent=1) + "\n" for name, each in held.items()}


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / name).write_text(text, "utf-8")
