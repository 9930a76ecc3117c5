"""Ids that nobody gave out: the inside of what has an id is never taken for another such thing."""

from collections.abc import Iterator

import pytest

from precompiles.backends.keccak import keccak256
from precompiles.conformance import embedded
from precompiles.conformance.vectors import Vector, load, path_of
from precompiles.ids import slot_of_id
from precompiles.precompile import Method, Precompile
from precompiles.registry import PRECOMPILES

PARTS = [*range(1, 100), *range(256, 268), *range(512, 524), *range(768, 780), *range(1024, 1036)]
"""How far from their first slot entries keep something."""


def takes_an_id(method: Method) -> bool:
    inputs = method.signature.inputs
    return bool(inputs) and inputs[0].type.name == "bytes32" and inputs[0].name.endswith("Id")


def asked() -> Iterator[tuple[Precompile, Method, Vector]]:
    """Yield a vector that succeeds for each method that takes an id first."""
    for entry in PRECOMPILES:
        wanted = {each.signature.selector: each for each in entry.methods if takes_an_id(each)}
        for vector in load(path_of(entry)) if wanted else ():
            made = bool(vector.before)
            if made and vector.expected.output is not None and vector.input[:4] in wanted:
                yield entry, wanted.pop(vector.input[:4]), vector


CASES = {
    f"{entry.name}-{method.signature.name}": (entry, vector) for entry, method, vector in asked()
}


@pytest.mark.parametrize("name", CASES)
def test_nothing_stands_beside_an_id(name: str) -> None:
    entry, vector = CASES[name]
    world = embedded.prepared(vector)

    def outcome(identifier: int) -> tuple[str, bytes]:
        data = vector.input[:4] + (identifier % 2**256).to_bytes(32, "big") + vector.input[36:]
        done = embedded.call_precompile(
            world,
            entry.address,
            data,
            caller=vector.caller,
            value=vector.value,
            context=embedded.context_of(vector),
        )
        # Where something is told of every id there may be, the answers differ.
        return done.status, done.data[:4] if done.status == "reverted" else b""

    nobodys = outcome(int.from_bytes(keccak256(b"nobody"), "big"))
    identifier = int.from_bytes(vector.input[4:36], "big")
    first = slot_of_id(vector.input[4:36])
    for each in (*(identifier + part for part in PARTS), *(first + part for part in (0, *PARTS))):
        assert outcome(each) == nobodys, hex(each)


def test_entries_with_ids_are_asked() -> None:
    names = {name.split("-")[0] for name in CASES}
    assert {"ecdsa", "frost", "committee", "verification", "compute", "entity_store"} <= names


def test_a_slot_follows_from_the_whole_id() -> None:
    assert slot_of_id(bytes(32), 2) == slot_of_id(bytes(32)) + 2
    assert len({slot_of_id(bytes(31) + bytes([n])) >> 8 for n in range(256)}) == 256
