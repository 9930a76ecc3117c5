"""The registry refuses a list that contradicts itself, and answers for every reserved address."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils import keccak

from precompiles import address_map
from precompiles.conformance.embedded import World, call_precompile
from precompiles.precompile import Precompile
from precompiles.registry import ENTRIES, PRECOMPILES, RESERVED, assemble, at, find, index, vacant

POSEIDON = find("poseidon")
ROOT = Path(__file__).parents[2]


def moved(entry: Precompile, number: int, **changes: object) -> Precompile:
    return replace(entry, address=number.to_bytes(20, "big"), **changes)  # type: ignore[arg-type]


def test_find_by_name_and_address() -> None:
    assert find("poseidon") is find("0x0901") is find("0x901") is find("901") is POSEIDON
    assert find("0x" + "00" * 18 + "0901") is POSEIDON


@pytest.mark.parametrize("text", ["", "nothing", "0x0904", "0x1" + "00" * 20, "-0x901", "0x"])
def test_find_nothing(text: str) -> None:
    with pytest.raises(KeyError):
        find(text)


@pytest.mark.parametrize("number", [0, 1, 0x0A, 0x02FF, 0x0A00, 0x0901 << 16, 2**160 - 1])
def test_outside_the_range_there_is_nothing(number: int) -> None:
    assert at(number.to_bytes(20, "big")) is None


def test_an_address_of_another_length_is_nothing() -> None:
    assert at(b"") is None
    assert at((0x0901).to_bytes(32, "big")) is None


def test_every_reserved_address_answers() -> None:
    taken = {entry.address for entry in PRECOMPILES}
    for number in RESERVED:
        address = number.to_bytes(20, "big")
        entry = at(address)
        assert entry is not None
        assert entry.address == address
        assert (entry.status == "active") is (address in taken)


def test_an_unused_address_reverts_by_name() -> None:
    address = (0x0904).to_bytes(20, "big")
    for data in (b"", POSEIDON.methods[0].signature.selector, bytes(100)):
        outcome = call_precompile(World(), address, data)
        assert outcome.status == "reverted"
        assert outcome.data == keccak(text="NoPrecompile(address)")[:4] + address.rjust(32, b"\0")


def test_a_retired_address_is_told_apart() -> None:
    assert vacant(0x0904, retired=True).status == "retired"
    assert vacant(0x0904, retired=False).status == "unused"


def test_the_registry_is_consistent() -> None:
    assert list(index(PRECOMPILES).values()) == list(PRECOMPILES)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([moved(POSEIDON, 0x02FF)], "outside"),
        ([moved(POSEIDON, 0x0A00)], "outside"),
        ([replace(POSEIDON, address=b"\x09\x01")], "outside"),
        ([POSEIDON, moved(POSEIDON, 0x0901, name="other")], "duplicate"),
        ([POSEIDON, moved(POSEIDON, 0x0900, name="other")], "order"),
        ([moved(POSEIDON, 0x0802)], "family"),
        ([POSEIDON, moved(POSEIDON, 0x0902)], "name is taken"),
        ([moved(POSEIDON, 0x09FF)], "does not plan"),
        ([moved(POSEIDON, 0x0910)], "does not plan"),
    ],
)
def test_a_wrong_list_is_refused(entries: list[Precompile], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        index(entries)


def test_an_entry_at_a_retired_address_is_refused() -> None:
    with pytest.raises(ValueError, match="does not plan"):
        index([POSEIDON], frozenset({0x0901}))


def test_entries_are_values() -> None:
    assert len({*PRECOMPILES, *PRECOMPILES}) == len(PRECOMPILES)


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="family"):
        assemble([*ENTRIES, replace(POSEIDON, family="other", name="other")])


def test_every_family_has_its_information_entry() -> None:
    for family in address_map.FAMILIES:
        assert find(f"{family.base:#06x}") is find(family.name)


def test_the_address_map_is_in_order_without_duplicates() -> None:
    numbers = [slot.address for slot in address_map.PLAN]
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(RESERVED)
    assert [family.base for family in address_map.FAMILIES] == list(range(0x0300, 0x0A00, 0x100))


def test_importing_the_registry_loads_no_compiler_and_no_chain() -> None:
    """A node that never calls a kernel pays neither the time nor the memory."""
    script = (
        "import sys; import precompiles.registry, precompiles.kernels, precompiles.cli;"
        "print([m for m in ('numba', 'llvmlite', 'numpy', 'eth', 'web3') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.strip() == b"[]"
