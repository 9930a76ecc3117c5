"""0x0900: proofs, by number of their system.

PIP-7000 speaks of one address for all proofs. Here a system is run as its own entry runs it, on
storage of this address: a statement that is registered there has to be registered here as well,
under the same id. A system that there is not is an error, never an answer. Knows no proof.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .. import abi
from ..gas import Choice, Constant, Expression, PerItem
from ..precompile import Call, Method, Precompile, method
from .stark import contract as stark
from .stark.air import AIR_SIZE_MAX, PUBLIC_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A proof system: the entry that has it too, and what it does."""

    entry: Precompile
    register: Callable[[Call, bytes], bytes]
    """Keeps a statement, and returns its id."""
    verify: Callable[[Call, bytes, list[int], bytes], bool]
    """Returns whether a proof holds for the statement of an id and public inputs."""
    register_gas: Expression
    verify_gas: Expression


SYSTEMS = {
    1: System(
        entry=stark.PRECOMPILE,
        register=stark.register_air,
        verify=stark.verify,
        register_gas=stark.REGISTER_GAS,
        verify_gas=stark.VERIFY_GAS,
    )
}
"""By number."""

SYSTEMS_MAX = 16
NAME_MAX = 64

# Measured: docs/gas.md.
BASE_GAS = 500

UNKNOWN_SYSTEM = abi.error("UnknownSystem(uint16 system)")


def systems(_: Call) -> tuple[object, ...]:
    """Return the numbers, addresses and names of the systems."""
    entries = [system.entry for system in SYSTEMS.values()]
    return list(SYSTEMS), [each.address for each in entries], [each.name for each in entries]


def register(call: Call, number: int, statement: bytes) -> bytes:
    """Register a statement with its system and return its id."""
    return system_of(number).register(call, statement)


def verify(
    call: Call, number: int, identifier: bytes, public_inputs: list[int], proof: bytes
) -> bool:
    """Return whether the proof holds by its system."""
    return system_of(number).verify(call, identifier, public_inputs, proof)


def system_of(number: int) -> System:
    """Return what a number stands for, or refuse it."""
    if number not in SYSTEMS:
        raise UNKNOWN_SYSTEM(number)
    return SYSTEMS[number]


def renamed(expression: Expression, argument: str) -> Expression:
    """Return an expression over the one argument with a length, under the name it has here."""
    return tuple(
        replace(term, argument=argument) if isinstance(term, PerItem) else term
        for term in expression
    )


METHODS: tuple[Method, ...] = (
    method(
        "systems() returns (uint16[] numbers, address[] precompiles, string[] names)",
        mutability="pure",
        gas=(Constant(amount=2 * BASE_GAS),),
        handler=systems,
        summary="Return the proof systems that verify knows, and the entries that have them too.",
        bounds={
            "numbers": SYSTEMS_MAX,
            "precompiles": SYSTEMS_MAX,
            "names": (SYSTEMS_MAX, NAME_MAX),
        },
    ),
    method(
        "register(uint16 system, bytes statement) returns (bytes32 id)",
        mutability="nonpayable",
        gas=(
            Constant(amount=BASE_GAS),
            Choice(
                argument="system",
                cases=tuple(
                    (number, renamed(system.register_gas, "statement"))
                    for number, system in SYSTEMS.items()
                ),
            ),
        ),
        handler=register,
        summary="Register a statement for verify here, as its system does: 1 is STARK's"
        " registerAir.",
        bounds={"statement": AIR_SIZE_MAX},
    ),
    method(
        "verify(uint16 system, bytes32 id, uint256[] publicInputs, bytes proof)"
        " returns (bool valid)",
        mutability="view",
        gas=(
            Constant(amount=BASE_GAS),
            Choice(
                argument="system",
                cases=tuple((number, system.verify_gas) for number, system in SYSTEMS.items()),
            ),
        ),
        handler=verify,
        summary="Check a proof by its system: 1 is STARK's verify. An unknown one is an error.",
        bounds={"publicInputs": PUBLIC_MAX, "proof": stark.PROOF_SIZE_MAX},
    ),
)


PRECOMPILE = Precompile(
    address=(0x0900).to_bytes(20, "big"),
    family="zk",
    name="zk",
    interface="IZK",
    version=1,
    summary="Zero-knowledge hashes, commitments and proofs; proofs by number of their system",
    methods=METHODS,
    errors=(UNKNOWN_SYSTEM, *(error for each in SYSTEMS.values() for error in each.entry.errors)),
    events=tuple(event for each in SYSTEMS.values() for event in each.entry.events),
    references=("PIP-7000",),
)
