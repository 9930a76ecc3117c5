"""The entity store against a plain Python model, and what its vectors cannot show."""

from dataclasses import dataclass, field

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.graph.entity_store import store
from precompiles.registry import find

STORE = find("entity_store").address
OWNER, OTHER = bytes(19) + b"\1", bytes(19) + b"\2"
COLUMNS = ["uint256", "int256", "bytes32", "address", "bytes"]
INDEXED = (0, 1, 3)
MASK = sum(1 << column for column in INDEXED)
TYPE = keccak(OWNER + b"all kinds")
DEFINE = ("defineType(string,string[],uint8[],uint16)", "all kinds", list("abcde"), list(range(5)))


def call(world: World, signature: str, *arguments: object, **options: object) -> Outcome:
    inner = signature[signature.index("(") + 1 : -1]
    data = keccak(text=signature)[:4] + eth_abi.encode(inner.split(","), arguments)
    return call_precompile(world, STORE, data, **{"caller": OWNER, **options})  # type: ignore[arg-type]


def answer(world: World, signature: str, returned: str, *arguments: object) -> object:
    outcome = call(world, signature, *arguments)
    assert outcome.status == "success", outcome.data.hex()
    return eth_abi.decode([returned], outcome.data)[0]


def error_of(outcome: Outcome) -> str:
    assert outcome.status == "reverted"
    return next(e.signature.name for e in store.ERRORS if e.signature.selector == outcome.data[:4])


def defined() -> World:
    world = World()
    assert call(world, *DEFINE, MASK).status == "success"
    return world


Row = tuple[int, int, bytes, str, bytes]

few = st.sampled_from
rows = st.tuples(
    few([0, 1, 2, 2**255, 2**256 - 1]),
    few([-(2**255), -2, -1, 0, 1, 2**255 - 1]),
    st.binary(min_size=32, max_size=32),
    few([f"0x{n:040x}" for n in (0, 1, 2**159, 2**160 - 1)]),
    st.one_of(st.binary(max_size=256), st.builds(bytes, few([0, 1, 31, 32, 33, 64, 255, 256]))),
)
keys = few([keccak(text=str(n)) for n in range(4)])


@dataclass
class Model:
    """What the store must look like from outside: rows in order of insertion, and keys."""

    rows: dict[int, Row] = field(default_factory=dict)
    keys: dict[bytes, int] = field(default_factory=dict)
    last: int = 0

    def add(self, row: Row) -> int:
        self.last += 1
        self.rows[self.last] = row
        return self.last

    def sorted_by(self, column: int) -> list[int]:
        return sorted(self.rows, key=lambda identifier: (self.rows[identifier][column], identifier))


class StoreMachine(RuleBasedStateMachine):
    """Random writes, right and wrong, with right, wrong and missing hints."""

    def __init__(self) -> None:
        super().__init__()
        self.world = defined()
        self.model = Model()

    def hints(self, chosen: list[int]) -> list[int]:
        return [n % (self.model.last + 2) for n in chosen]

    @rule(
        row=rows, hints=st.one_of(st.just([]), st.lists(st.integers(0, 50), min_size=3, max_size=3))
    )
    def append(self, row: Row, hints: list[int]) -> None:
        encoded = eth_abi.encode(COLUMNS, row)
        signature = "append(bytes32,bytes,uint256[])"
        identifier = answer(self.world, signature, "uint256", TYPE, encoded, self.hints(hints))
        assert identifier == self.model.add(row)

    @rule(key=keys, row=rows)
    def upsert(self, key: bytes, row: Row) -> None:
        encoded = eth_abi.encode(COLUMNS, row)
        signature = "upsert(bytes32,bytes32,bytes,uint256[])"
        identifier = answer(self.world, signature, "uint256", TYPE, key, encoded, [])
        if key in self.model.keys:
            self.model.rows[self.model.keys[key]] = row
        else:
            self.model.keys[key] = self.model.add(row)
        assert identifier == self.model.keys[key]

    @precondition(lambda self: self.model.rows)
    @rule(
        row=rows,
        pick=st.integers(0, 99),
        hints=st.lists(st.integers(0, 50), min_size=3, max_size=3),
    )
    def update(self, row: Row, pick: int, hints: list[int]) -> None:
        identifier = list(self.model.rows)[pick % len(self.model.rows)]
        encoded = eth_abi.encode(COLUMNS, row)
        signature = "update(bytes32,uint256,bytes,uint256[])"
        outcome = call(self.world, signature, TYPE, identifier, encoded, self.hints(hints))
        assert outcome.status == "success"
        self.model.rows[identifier] = row

    @precondition(lambda self: self.model.rows)
    @rule(pick=st.integers(0, 99))
    def remove(self, pick: int) -> None:
        identifier = list(self.model.rows)[pick % len(self.model.rows)]
        assert call(self.world, "remove(bytes32,uint256)", TYPE, identifier).status == "success"
        del self.model.rows[identifier]
        self.model.keys = {k: v for k, v in self.model.keys.items() if v != identifier}

    @rule(row=rows, gas=st.integers(3_000, 300_000))
    def append_with_little_gas(self, row: Row, gas: int) -> None:
        """Stop at any point of a write: either it is whole or nothing happened."""
        encoded = eth_abi.encode(COLUMNS, row)
        signature = "append(bytes32,bytes,uint256[])"
        before = {slot: word for slot, word in self.world.storage.items() if word}
        outcome = call(self.world, signature, TYPE, encoded, [], gas=gas)
        if outcome.status == "success":
            self.model.add(row)
        else:
            assert outcome.status == "out of gas"
            assert {slot: word for slot, word in self.world.storage.items() if word} == before

    @rule(row=rows)
    def append_by_a_stranger(self, row: Row) -> None:
        encoded = eth_abi.encode(COLUMNS, row)
        signature = "append(bytes32,bytes,uint256[])"
        outcome = call(self.world, signature, TYPE, encoded, [], caller=OTHER)
        assert error_of(outcome) == "NotOwner"

    @invariant()
    def rows_keys_and_orders_agree(self) -> None:
        world, model = self.world, self.model
        assert answer(world, "count(bytes32)", "uint256", TYPE) == len(model.rows)
        assert self.pages("page(bytes32,uint256,uint256)") == sorted(model.rows)
        signature = "pageByColumn(bytes32,uint8,bool,uint256,uint256)"
        for column in INDEXED:
            expected = model.sorted_by(column)
            assert self.pages(signature, column, False) == expected
            assert self.pages(signature, column, True) == expected[::-1]
        for key in (keccak(text=str(n)) for n in range(4)):
            found = answer(world, "idOf(bytes32,bytes32)", "uint256", TYPE, key)
            assert found == model.keys.get(key, 0)
        for identifier, row in model.rows.items():
            encoded = answer(world, "get(bytes32,uint256)", "bytes", TYPE, identifier)
            assert encoded == eth_abi.encode(COLUMNS, row)

    def pages(self, signature: str, *arguments: object) -> list[int]:
        """All ids of an order, read in small pages."""
        found: list[int] = []
        while True:
            after = found[-1] if found else 0
            page = answer(self.world, signature, "uint256[]", TYPE, *arguments, after, 3)
            assert isinstance(page, tuple)
            found += page
            if len(page) < 3:
                return found


StoreMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestStore = StoreMachine.TestCase


def note(number: int) -> bytes:
    return eth_abi.encode(["uint256"], [number])


def counters(count: int) -> World:
    """A type with one indexed number and this many rows, in falling order of their number."""
    world = World()
    call(world, DEFINE[0], "n", ["n"], [0], 1)
    for number in range(count):
        outcome = call(
            world, "append(bytes32,bytes,uint256[])", keccak(OWNER + b"n"), note(number + 1), []
        )
        assert outcome.status == "success"
    return world


def test_the_walk_is_bounded_and_a_hint_shortens_it() -> None:
    world = counters(store.SCAN_STEPS_MAX + 1)
    identifier = keccak(OWNER + b"n")
    signature = "append(bytes32,bytes,uint256[])"
    refused = call(world, signature, identifier, note(0), [])
    hinted = call(world, signature, identifier, note(0), [1])
    assert error_of(refused) == "ScanLimit"
    assert hinted.status == "success"


def test_a_hint_far_below_is_bounded_too() -> None:
    world = counters(store.SCAN_STEPS_MAX + 2)
    identifier = keccak(OWNER + b"n")
    outcome = call(world, "append(bytes32,bytes,uint256[])", identifier, note(10**9), [1])
    assert error_of(outcome) == "ScanLimit"


def test_insertion_with_a_hint_costs_the_same_in_a_long_list() -> None:
    used = []
    for count in (10, 100):
        world = counters(count)
        outcome = call(
            world,
            "append(bytes32,bytes,uint256[])",
            keccak(OWNER + b"n"),
            note(5),
            [5],
        )
        assert outcome.status == "success"
        used.append(outcome.gas_used)
    assert used[0] == used[1]


def test_removing_everything_leaves_only_the_type() -> None:
    world = defined()
    empty = {slot: word for slot, word in world.storage.items() if word}
    row = eth_abi.encode(COLUMNS, [1, -1, bytes([7]) * 32, "0x" + "11" * 20, b"z" * 200])
    for key in (b"\1" * 32, b"\2" * 32):
        call(world, "upsert(bytes32,bytes32,bytes,uint256[])", TYPE, key, row, [])
    call(world, "append(bytes32,bytes,uint256[])", TYPE, row, [])
    for identifier in (2, 1, 3):
        outcome = call(world, "remove(bytes32,uint256)", TYPE, identifier)
        assert outcome.status == "success"
    left = {slot: word for slot, word in world.storage.items() if word}
    # The last id given stays, so that ids are never used again.
    assert {slot for slot in left if slot not in empty} == {
        (STORE, store.type_slot(TYPE) + store.TOTALS)
    }


def test_types_of_two_owners_are_apart() -> None:
    world = defined()
    assert call(world, *DEFINE, MASK, caller=OTHER).status == "success"
    row = eth_abi.encode(COLUMNS, [1, 1, bytes(32), "0x" + "11" * 20, b""])
    call(world, "append(bytes32,bytes,uint256[])", TYPE, row, [])
    assert answer(world, "count(bytes32)", "uint256", keccak(OTHER + b"all kinds")) == 0
    assert answer(world, "count(bytes32)", "uint256", TYPE) == 1


def test_shrinking_a_bytes_column_clears_what_it_held() -> None:
    world = defined()
    values = [1, 1, bytes(32), "0x" + "11" * 20]
    long, short = (eth_abi.encode(COLUMNS, [*values, note]) for note in (b"\xff" * 256, b"\xff"))
    call(world, "append(bytes32,bytes,uint256[])", TYPE, long, [])
    many = sum(1 for word in world.storage.values() if word)
    call(world, "update(bytes32,uint256,bytes,uint256[])", TYPE, 1, short, [])
    assert sum(1 for word in world.storage.values() if word) == many - 7
    assert answer(world, "get(bytes32,uint256)", "bytes", TYPE, 1) == short


@pytest.mark.parametrize("count", [1, 16])
def test_types_of_any_width(count: int) -> None:
    world = World()
    names = [f"column {i}" for i in range(count)]
    call(world, DEFINE[0], "wide", names, [4] * count, 0)
    identifier = keccak(OWNER + b"wide")
    row = eth_abi.encode(["bytes"] * count, [bytes([i]) * 256 for i in range(count)])
    assert len(row) <= store.ROW_SIZE_MAX
    assert answer(world, "append(bytes32,bytes,uint256[])", "uint256", identifier, row, []) == 1
    assert answer(world, "get(bytes32,uint256)", "bytes", identifier, 1) == row


def test_no_row_can_pose_as_a_type() -> None:
    """Whoever chooses an id chooses no slot: what a row holds is never read as a type."""
    world = World()
    call(world, DEFINE[0], "t", ["b"], [4], 0)
    identifier = keccak(OWNER + b"t")
    header = int.from_bytes(OWNER, "big") << 96 | 1 << 64 | 0xF
    row = eth_abi.encode(["bytes"], [header.to_bytes(32, "big") * 8])
    call(world, "append(bytes32,bytes,uint256[])", identifier, row, [])
    written = [slot for (_, slot), word in world.storage.items() if word == header]
    assert len(written) == 8
    for slot in written:
        outcome = call(world, "typeOf(bytes32)", slot.to_bytes(32, "big"))
        assert error_of(outcome) == "UnknownType"
