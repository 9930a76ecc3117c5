"""Where the contracts of the session layer stand, and how they are called."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.codec import read_json

from .chain_client import Contract, load_abi
from .errors import WrongChainError

NEEDED = ("SessionAnchor", "OracleBridge", "EventRelay")
OPTIONAL = ("Pause", "BridgeGuard", "WPARS")
FILE_BYTES_MAX = 2**20
DEVNETS = Path(__file__).with_name("abi") / "devnets.json"
"""Where `pars chain run --with-dao` has them, with its own accounts."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """One deployment."""

    chain_id: int
    anchor: Contract
    oracle: Contract
    relay: Contract
    pause: Contract | None
    guard: Contract | None
    token: Contract | None

    def needed(self) -> tuple[Contract, ...]:
        """Return those without which there is no bridge."""
        return (self.anchor, self.oracle, self.relay)


def load_contracts(path: Path | None, chain_id: int) -> Contracts:
    """Read the manifest that `pars contracts deploy` wrote; without one take a development net's.

    The manifest of another chain is refused.
    """
    if path is None:
        known = json.loads(DEVNETS.read_text("utf-8"))
        if str(chain_id) not in known:
            raise WrongChainError(f"no contracts are known on chain {chain_id}: name a manifest")
        return made_of(chain_id, known[str(chain_id)])
    try:
        data = path.read_bytes()[: FILE_BYTES_MAX + 1]
        held = read_json(data)
        named, found = held["chainId"], held["contracts"]
        addresses = {name: found[name]["address"] for name in (*NEEDED, *OPTIONAL) if name in found}
    except OSError as error:
        raise WrongChainError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise WrongChainError(f"{path} is no manifest of a deployment") from None
    if named != chain_id:
        raise WrongChainError(f"{path} is of chain {str(named)[:20]}, the node of {chain_id}")
    return made_of(chain_id, addresses)


def made_of(chain_id: int, addresses: Mapping[str, Any]) -> Contracts:
    """Return the contracts at these addresses."""
    missing = [name for name in NEEDED if name not in addresses]
    if missing:
        raise WrongChainError(f"the deployment has no {missing[0]}")
    made = {name: contract_at(name, addresses[name]) for name in addresses}
    return Contracts(
        chain_id=chain_id,
        anchor=made["SessionAnchor"],
        oracle=made["OracleBridge"],
        relay=made["EventRelay"],
        pause=made.get("Pause"),
        guard=made.get("BridgeGuard"),
        token=made.get("WPARS"),
    )


def contract_at(name: str, text: Any) -> Contract:
    """Return a contract by the address that a file has for it."""
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except (AttributeError, ValueError):
        address = b""
    if len(address) != 20:
        raise WrongChainError(f"{name}: {str(text)[:50]!r} is no address")
    return Contract(name, address, load_abi(name))
