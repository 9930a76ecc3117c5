"""Our codec against eth-abi, and its strictness: one value, one encoding."""

from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles import abi

BOUND = 40


def bounds_of(name: str) -> tuple[int, ...]:
    depth = name.count("[]") + (1 if name.startswith(("bytes", "string")) else 0)
    dynamic_bytes = name.split("[")[0] in ("bytes", "string")
    return (BOUND,) * (name.count("[]") + dynamic_bytes if depth else 0)


STRUCTS = {
    "Key": "(address,uint24,int24)",
    "Path": "((address,uint24,int24),bytes,string[])",
}
KEY = abi.struct("Key(address a, uint24 b, int24 c)")
PATH = abi.struct("Path(Key a, bytes b, string[] c)", {"b": BOUND, "c": (BOUND, BOUND)}, (KEY,))
KNOWN = {each.name: each.type for each in (KEY, PATH)}


def type_named(name: str) -> abi.Type:
    for struct, canonical in STRUCTS.items():
        if name.startswith(canonical):
            suffix = name.removeprefix(canonical)
            return abi.parse_type(struct + suffix, (BOUND,) * suffix.count("[]"), KNOWN)
    return abi.parse_type(name, bounds_of(name))


WORDS = ["uint8", "uint256", "uint96", "int8", "int128", "int256", "bool", "address", "bytes1"]
WORDS += ["bytes4", "bytes32"]
TYPES = [*WORDS, "bytes", "string", *STRUCTS.values()]
NESTED = [f"{name}{suffix}" for name in TYPES for suffix in ("[]", "[2]", "[][]", "[3][]", "[][2]")]


def values(name: str) -> st.SearchStrategy[Any]:
    if name == STRUCTS["Key"]:
        return st.tuples(*(values(each) for each in ("address", "uint24", "int24")))
    if name == STRUCTS["Path"]:
        return st.tuples(*(values(each) for each in (STRUCTS["Key"], "bytes", "string[]")))
    if name.endswith("]"):
        inner, _, count = name[:-1].rpartition("[")
        size = {"min_size": int(count), "max_size": int(count)} if count else {"max_size": 4}
        return st.lists(values(inner), **size)
    if name.startswith("uint"):
        return st.integers(0, 2 ** int(name[4:]) - 1)
    if name.startswith("int"):
        limit = 2 ** (int(name[3:]) - 1)
        return st.integers(-limit, limit - 1)
    if name == "bool":
        return st.booleans()
    if name == "string":
        return st.text(max_size=8)
    if name == "bytes":
        return st.binary(max_size=BOUND)
    size = 20 if name == "address" else int(name[5:])
    return st.binary(min_size=size, max_size=size)


@st.composite
def signatures(draw: st.DrawFn) -> tuple[list[str], list[Any]]:
    names = draw(st.lists(st.sampled_from(TYPES + NESTED), max_size=4))
    return names, [draw(values(name)) for name in names]


def parameters(names: list[str]) -> list[abi.Parameter]:
    return [abi.Parameter(name=f"p{i}", type=type_named(name)) for i, name in enumerate(names)]


@given(signatures())
def test_encoding_equals_eth_abi(case: tuple[list[str], list[Any]]) -> None:
    names, given_values = case
    assert abi.encode(parameters(names), given_values) == eth_abi.encode(names, given_values)


@given(signatures())
def test_decoding_returns_what_was_encoded(case: tuple[list[str], list[Any]]) -> None:
    names, given_values = case
    data = b"1234" + eth_abi.encode(names, given_values)
    assert abi.decode(parameters(names), data, start=4) == given_values


@given(signatures(), st.data())
def test_what_decodes_is_the_one_encoding(
    case: tuple[list[str], list[Any]], data: st.DataObject
) -> None:
    """Change words at will: either it is refused, or it encodes back to the same bytes."""
    names, given_values = case
    encoded = bytearray(eth_abi.encode(names, given_values))
    for _ in range(data.draw(st.integers(0, 3))):
        if not encoded:
            break
        start = data.draw(st.integers(0, len(encoded) // 32 - 1)) * 32
        word = data.draw(
            st.one_of(
                st.integers(0, 2**256 - 1), st.sampled_from([0, 1, 32, 64, 96, 2**255, 2**64])
            )
        )
        encoded[start : start + 32] = word.to_bytes(32, "big")
    cut = data.draw(st.integers(-40, 40))
    changed = bytes(encoded[:cut] if cut < 0 else encoded + bytes(cut % 37))
    try:
        decoded = abi.decode(parameters(names), changed)
    except abi.Revert:
        return
    assert abi.encode(parameters(names), decoded) == changed


@given(st.binary(max_size=400), st.lists(st.sampled_from(TYPES + NESTED), max_size=4))
def test_any_bytes_decode_or_revert(data: bytes, names: list[str]) -> None:
    try:
        decoded = abi.decode(parameters(names), data)
    except abi.Revert:
        return
    assert abi.encode(parameters(names), decoded) == data


def refused(names: list[str], data: bytes) -> tuple[str, int]:
    with pytest.raises(abi.Revert) as caught:
        abi.decode(parameters(names), data)
    found = {each.signature.selector: each for each in abi.DECODING_ERRORS}
    error = found[caught.value.data[:4]]
    arguments = abi.decode(error.signature.inputs, caught.value.data, start=4)
    return error.signature.name, arguments[-1]


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


@pytest.mark.parametrize(
    ("names", "data", "error", "position"),
    [
        (["uint8"], words(256), "ValueOutOfRange", 0),
        (["uint256", "uint8"], words(1, 2**255), "ValueOutOfRange", 32),
        (["int8"], words(128), "ValueOutOfRange", 0),
        (["int8"], words(2**256 - 129), "ValueOutOfRange", 0),
        (["bool"], words(2), "ValueOutOfRange", 0),
        (["address"], words(1 << 160), "ValueOutOfRange", 0),
        (["bytes4"], words(1), "ValueOutOfRange", 0),
        (["bytes31"], words(1), "ValueOutOfRange", 0),
        (["string"], words(32, 1) + b"\xff" + bytes(31), "ValueOutOfRange", 64),
        (["bytes"], words(32, 1) + b"\1\1" + bytes(30), "DirtyPadding", 65),
        (["bytes"], words(32, 31) + b"\1" * 32, "DirtyPadding", 95),
        (["bytes"], words(64, 0, 0), "NonCanonicalOffset", 0),
        (["bytes"], words(0), "NonCanonicalOffset", 0),
        (["bytes", "bytes"], words(64, 64, 0), "NonCanonicalOffset", 32),
        (["bytes[]"], words(32, 2, 64, 64, 0), "NonCanonicalOffset", 96),
        (["bytes[]"], words(32, 1, 0), "NonCanonicalOffset", 64),
        (["bytes"], words(32), "Truncated", 32),
        (["bytes"], words(32, 33, 0), "Truncated", 96),
        (["uint256[]"], words(32, 2, 0), "Truncated", 96),
        (["uint256[2]"], words(1), "Truncated", 32),
        (["uint256"], b"", "Truncated", 0),
        (["uint256"], bytes(31), "Truncated", 31),
        ([], b"\0", "TrailingBytes", 0),
        (["bytes"], words(32, 0, 0), "TrailingBytes", 64),
        (["bytes"], words(32, 41, 0, 0), "InvalidLength", 41),
        (["uint256[]"], words(32, 2**256 - 1), "InvalidLength", 2**256 - 1),
        (["uint256[]"], words(32, 1 << 64 | 1, 0), "InvalidLength", 1 << 64 | 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals(names: list[str], data: bytes, error: str, position: int) -> None:
    assert refused(names, data) == (error, position)


@pytest.mark.parametrize(
    "name",
    [
        "uint", "int", "uint7", "uint264", "uint08", "bytes0", "bytes33", "bytes01", "uint256[0]",
        "uint256[01]", "uint256[-1]", "uint256[", "fixed128x18", "function", "", "(uint256)", "[]",
    ],
)  # fmt: skip
def test_names_that_are_no_type(name: str) -> None:
    with pytest.raises(ValueError, match=r"type|bound"):
        abi.parse_type(name)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("f", {}),
        ("f(uint256)", {}),
        ("f(uint256 a b c)", {}),
        ("f(bytes a)", {}),
        ("f(uint256[] a)", {}),
        ("f(bytes[] a)", {"a": 3}),
        ("f(uint256 a)", {"a": 3}),
        ("f(uint256 a)", {"b": 3}),
        ("f(uint256 a) returns uint256", {}),
    ],
)
def test_signatures_that_are_wrong(text: str, bounds: dict[str, abi.Bound]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        abi.parse_signature(text, bounds)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uint8", 256), ("uint8", -1), ("int8", 128), ("bool", 1), ("address", b"\1"),
        ("bytes4", b"\1"), ("bytes", bytes(41)), ("bytes", "text"), ("string", b"text"),
        ("uint256[]", [0] * 41), ("uint256[2]", [1]),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_a_bug(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        type_named(name).encode(value)


def test_published_selectors() -> None:
    """As the project's specification lists them, computed elsewhere."""
    known = {
        "WriteProtection()": "eaf9610c",
        "InvalidLength(uint256 a, uint256 b)": "5b7232fa",
        "transfer(address to, uint256 value)": "a9059cbb",
        "latestRoundData()": "feaf968c",
    }
    for text, selector in known.items():
        assert abi.parse_signature(text).selector.hex() == selector


def test_event_topics_and_data() -> None:
    event = abi.event("Transfer(address indexed from_, address indexed to, uint256 value)")
    topics, data = event.log(bytes(19) + b"\1", bytes(19) + b"\2", 5)
    assert topics[0] == keccak(text="Transfer(address,address,uint256)")
    assert topics[1:] == (words(1), words(2))
    assert data == words(5)


def test_an_indexed_field_must_be_a_word() -> None:
    with pytest.raises(ValueError, match="not one word"):
        abi.event("E(string indexed name)", {"name": 9})


def test_a_struct_is_called_by_its_name_and_hashed_by_its_fields() -> None:
    signature = abi.parse_signature(
        "f(Key key, Path[] paths) returns (Key[2] keys)", {"paths": 3}, (KEY, PATH)
    )
    assert signature.canonical == f"f({STRUCTS['Key']},{STRUCTS['Path']}[])"
    assert [each.type.shown for each in signature.inputs] == ["Key", "Path[]"]
    assert signature.outputs[0].type.shown == "Key[2]"


def test_a_struct_takes_no_bound_and_must_be_known() -> None:
    with pytest.raises(ValueError, match="takes no bound"):
        abi.parse_signature("f(Key key)", {"key": 3}, (KEY,))
    with pytest.raises(ValueError, match="'Other' is not an ABI type"):
        abi.parse_signature("f(Other key)", structs=(KEY,))
