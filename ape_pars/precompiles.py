"""The precompiles as contracts of Ape: `from ape_pars import precompiles`.

    precompiles.mldsa.verify(public_key, message, signature)

Each is made of its declaration. An entry answers to its name in the registry and to that of its
interface, with or without the underscores: `ml_dsa`, `mldsa`; `feeds`, `oracle_feeds`.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from ape.contracts import ContractInstance
from ape.exceptions import CustomError
from ape.utils.basemodel import ManagerAccessMixin
from eth_pydantic_types import HexBytes
from ethpm_types import ContractType

from chain.encoding import checksummed
from precompiles import abi, registry
from precompiles.precompile import COMMON_ERRORS, Precompile
from precompiles.registry import PRECOMPILES


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _by_name() -> dict[str, Precompile]:
    found = {_plain(entry.name): entry for entry in PRECOMPILES}
    for entry in PRECOMPILES:
        found.setdefault(_plain(entry.interface.removeprefix("I")), entry)
    return found


_ENTRIES = _by_name()


def __getattr__(name: str) -> ContractInstance:
    entry = _ENTRIES.get(_plain(name))
    if entry is None or name.startswith("__"):
        raise AttributeError(f"no precompile is called {name!r}; there are {', '.join(__dir__())}")
    return at(entry)


def __dir__() -> list[str]:
    return [entry.name for entry in PRECOMPILES]


@cache
def at(entry: Precompile) -> ContractInstance:
    """Return an entry as a contract."""
    return ContractInstance(address_of(entry), contract_type(entry))


def address_of(entry: Precompile) -> str:
    """Return where an entry answers."""
    return checksummed(entry.address)


@cache
def contract_type(entry: Precompile) -> ContractType:
    """Return what Ape knows of a contract: its name and its ABI."""
    methods = [
        {
            "type": "function",
            "name": method.signature.name,
            "stateMutability": method.mutability,
            "inputs": _parameters(method.signature.inputs),
            "outputs": _parameters(method.signature.outputs),
        }
        for method in entry.methods
    ]
    errors = {each.signature.canonical: each for each in (*entry.errors, *COMMON_ERRORS)}
    raised = [
        {
            "type": "error",
            "name": error.signature.name,
            "inputs": _parameters(error.signature.inputs),
        }
        for error in errors.values()
    ]
    events = [
        {
            "type": "event",
            "name": event.signature.name,
            "inputs": _parameters(event.signature.inputs, indexed=True),
        }
        for event in entry.events
    ]
    name = entry.interface.removeprefix("I")
    if entry.interface == "IPrecompileFamily":
        name = f"{entry.name.upper()}Family"
    return ContractType.model_validate({"contractName": name, "abi": [*methods, *raised, *events]})


def _parameters(parameters: Iterable[abi.Parameter], *, indexed: bool = False) -> list[Any]:
    shown = []
    for each in parameters:
        described = {"name": each.name, **_type(each.type)}
        shown.append(described | {"indexed": each.indexed} if indexed else described)
    return shown


def _type(kind: abi.Type) -> dict[str, Any]:
    """Write a type as the JSON ABI does: a struct's fields stand beside it, also in arrays."""
    if not kind.label:
        return {"type": kind.name}
    innermost = kind
    while innermost.element is not None:
        innermost = innermost.element
    dimensions = kind.name.removeprefix(innermost.name)
    return {
        "type": f"tuple{dimensions}",
        "internalType": f"struct {kind.label}",
        "components": _parameters(innermost.fields),
    }


@cache
def _error_owners() -> dict[bytes, Precompile]:
    """Return who raises each error, the first in address order; for those all share, the first."""
    owners: dict[bytes, Precompile] = {}
    for entry in PRECOMPILES:
        for error in (*entry.errors, *COMMON_ERRORS):
            owners.setdefault(error.signature.selector, entry)
    return owners


def custom_error(
    payload: bytes, address: Any, origin: Callable[[], bytes | None], **known: Any
) -> CustomError | None:
    """Return a precompile's error of a payload that came out of the contract at an address.

    A contract that called the precompile hands its payload on; `origin` tells who made it.
    """
    selector = payload[:4]
    first = _error_owners().get(selector)
    if first is None:
        return None
    contract = at(registry.at(origin() or b"") or first)
    if selector not in contract.contract_type.errors:
        return None
    declared = contract.contract_type.errors[selector]
    error_class = contract.get_error_by_signature(declared.signature)
    ecosystem = ManagerAccessMixin.network_manager.ecosystem
    inputs = ecosystem.decode_calldata(declared, HexBytes(payload[4:]))
    raised: CustomError = error_class(declared, inputs, contract_address=address, **known)
    return raised
