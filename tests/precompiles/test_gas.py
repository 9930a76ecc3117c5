"""Gas expressions: what they charge, and that they say the same in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles import abi
from precompiles.gas import (
    ByLength,
    Choice,
    Constant,
    Listed,
    PerBlock,
    PerItem,
    PerUnit,
    PerWord,
    check,
    decoding_price,
    describe,
    evaluate,
    head_positions,
)

SIGNATURE = abi.parse_signature("f(uint8 n, bytes data, uint256[] list)", {"data": 100, "list": 8})
HEADS = head_positions(SIGNATURE.inputs)
EXPRESSION = (
    Constant(amount=1_000),
    PerItem(argument="data", amount=2),
    ByLength(argument="list", amounts=(10, 20, 30)),
    PerUnit(argument="n", amount=100, maximum=5),
    PerWord(amount=1),
)


def data_of(n: int, data: bytes, items: list[int]) -> bytes:
    return SIGNATURE.selector + abi.encode(SIGNATURE.inputs, [n, data, items])


@pytest.mark.parametrize(
    ("n", "data", "items", "gas"),
    [
        (0, b"", [], 1_000 + 0 + 10 + 0 + 5),
        (1, b"x", [], 1_000 + 2 + 10 + 100 + 6),
        (5, b"x" * 33, [1], 1_000 + 66 + 20 + 500 + 8),
        (200, b"", [1, 2], 1_000 + 0 + 30 + 500 + 7),
        (0, b"", [1] * 8, 1_000 + 0 + 30 + 0 + 13),
    ],
)
def test_amounts(n: int, data: bytes, items: list[int], gas: int) -> None:
    assert evaluate(EXPRESSION, HEADS, data_of(n, data, items)) == gas


@pytest.mark.parametrize(("size", "gas"), [(0, 200), (4, 200), (5, 203), (36, 203), (37, 206)])
def test_decoding_costs_a_begun_word(size: int, gas: int) -> None:
    assert decoding_price(bytes(size)) == gas


@given(st.binary(max_size=300))
def test_total_and_bounded_for_any_bytes(data: bytes) -> None:
    highest = 1_000 + 2 * 100 + 30 + 100 * 5 + 10
    assert 1_000 <= evaluate(EXPRESSION, HEADS, SIGNATURE.selector + data) <= highest


def test_a_huge_claimed_length_counts_as_the_bound() -> None:
    data = bytearray(data_of(0, b"", []))
    data[4 + 96 : 4 + 128] = (2**256 - 1).to_bytes(32, "big")
    assert evaluate((PerItem(argument="data", amount=1),), HEADS, bytes(data)) == 100


def test_in_words() -> None:
    assert describe(EXPRESSION) == (
        "1,000 + 2 × len(data) + [10, 20, 30][len(list)] + 100 × min(n, 5)"
        " + 1 per word of call data"
    )
    assert describe(()) == "0"


@pytest.mark.parametrize(
    "term",
    [
        PerItem(argument="n", amount=1),
        ByLength(argument="n", amounts=(1,)),
        PerUnit(argument="data", amount=1, maximum=1),
    ],
)
def test_an_argument_of_the_wrong_kind_is_refused(term: PerItem | ByLength | PerUnit) -> None:
    with pytest.raises(ValueError, match=r"length|unsigned"):
        check((term,), SIGNATURE.inputs)


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(KeyError):
        check((PerItem(argument="other", amount=1),), SIGNATURE.inputs)


LISTED = (
    Listed(argument="n", amounts=((2, 75), (5, 150)), otherwise=7),
    Listed(argument="data", amounts=((0, 1_000), (33, 2_000))),
)


@pytest.mark.parametrize(
    ("n", "size", "gas"), [(2, 0, 1_075), (5, 33, 2_150), (3, 32, 7), (0, 34, 7), (255, 0, 1_007)]
)
def test_listed_amounts(n: int, size: int, gas: int) -> None:
    assert evaluate(LISTED, HEADS, data_of(n, bytes(size), [])) == gas


def test_a_listed_term_needs_a_number_or_a_length() -> None:
    signature = abi.parse_signature("f(address who)")
    with pytest.raises(ValueError, match="neither unsigned nor has a length"):
        check((Listed(argument="who", amounts=((1, 1),)),), signature.inputs)


def test_listed_in_words() -> None:
    assert describe(LISTED) == "{2: 75, 5: 150, else 7}[n] + {0: 1,000, 33: 2,000, else 0}[data]"


CHOSEN = (
    Choice(
        argument="n",
        cases=(
            (1, (Constant(amount=7), PerBlock(argument="data", size=3, amount=10))),
            (2, (PerBlock(argument="list", size=2, amount=100, extra=1),)),
        ),
    ),
)


@pytest.mark.parametrize(
    ("n", "size", "count", "gas"),
    [
        (1, 0, 0, 17),
        (1, 3, 5, 17),
        (1, 4, 0, 27),
        (2, 99, 0, 100),
        (2, 0, 2, 200),
        (0, 9, 8, 0),
    ],
)
def test_chosen_by_a_number(n: int, size: int, count: int, gas: int) -> None:
    assert evaluate(CHOSEN, HEADS, data_of(n, bytes(size), [1] * count)) == gas


def test_a_choice_in_words() -> None:
    assert describe(CHOSEN) == (
        "{1: 7 + 10 × max(ceil((len(data)) / 3), 1); 2: 100 × max(ceil((len(list) + 1) / 2), 1)}[n]"
    )


@pytest.mark.parametrize(
    "term",
    [
        Choice(argument="data", cases=()),
        Choice(argument="n", cases=((1, (PerItem(argument="n", amount=1),)),)),
        PerBlock(argument="n", size=1, amount=1),
    ],
)
def test_a_choice_is_checked_inside(term: Choice | PerBlock) -> None:
    with pytest.raises(ValueError, match=r"length|unsigned"):
        check((term,), SIGNATURE.inputs)
