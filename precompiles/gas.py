"""Gas expressions: one value that both charges a call and writes the line in the gas table.

An expression sees only sizes and small numbers of the call data, read without decoding it, so that
a price exists for any bytes whatever and is known before any work is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .abi import WORD, Parameter, Type, read_word

DECODE_BASE = 200
DECODE_PER_WORD = 3

SELECTOR_SIZE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """The same amount for every call."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PerItem:
    """An amount per element, or per byte, of a dynamic argument."""

    argument: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PerWord:
    """An amount per begun word of call data."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PerUnit:
    """An amount times the value of an unsigned argument, which counts as at most `maximum`."""

    argument: str
    amount: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ByLength:
    """An amount listed for each length of a dynamic argument, from 0; beyond, the last one."""

    argument: str
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An amount listed for the value of an unsigned argument, or the length of a dynamic one."""

    argument: str
    amounts: tuple[tuple[int, int], ...]
    otherwise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PerBlock:
    """An amount per begun block of a dynamic argument with `extra` items; at least one block."""

    argument: str
    size: int
    amount: int
    extra: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The sum of the terms given for the value of an unsigned argument; else nothing."""

    argument: str
    cases: "tuple[tuple[int, Expression], ...]"


Term = Constant | PerItem | PerWord | PerUnit | ByLength | Listed | PerBlock | Choice
Expression = tuple[Term, ...]
"""The sum of the terms."""


def decoding_price(data: bytes) -> int:
    """Return the price of looking at the call data at all."""
    return DECODE_BASE + DECODE_PER_WORD * word_count(data)


def evaluate(
    expression: Expression, heads: Mapping[str, tuple[int, Parameter]], data: bytes
) -> int:
    """Return the amount for this call data. Total: never raises, never negative."""
    return sum(evaluate_term(term, heads, data) for term in expression)


def evaluate_term(term: Term, heads: Mapping[str, tuple[int, Parameter]], data: bytes) -> int:
    """Return what one term adds."""
    match term:
        case Constant():
            return term.amount
        case PerWord():
            return term.amount * word_count(data)
        case PerItem():
            return term.amount * length_of(heads[term.argument], data)
        case PerUnit():
            position, _ = heads[term.argument]
            return term.amount * min(read_word(data, position), term.maximum)
        case ByLength():
            index = min(length_of(heads[term.argument], data), len(term.amounts) - 1)
            return term.amounts[index]
        case Listed():
            head = position, parameter = heads[term.argument]
            long = has_length(parameter.type)
            key = length_of(head, data) if long else read_word(data, position)
            return next((amount for each, amount in term.amounts if each == key), term.otherwise)
        case PerBlock():
            length = length_of(heads[term.argument], data) + term.extra
            return term.amount * max(-(-length // term.size), 1)
        case Choice():
            position, _ = heads[term.argument]
            key = read_word(data, position)
            chosen = next((case for each, case in term.cases if each == key), ())
            return evaluate(chosen, heads, data)


def length_of(head: tuple[int, Parameter], data: bytes) -> int:
    """Return the length that a dynamic argument claims, at most its bound.

    Where the offset leads nowhere the answer is 0: decoding will refuse the call, and its price
    covers decoding.
    """
    position, parameter = head
    start = SELECTOR_SIZE + read_word(data, position)
    if start + WORD > len(data):
        return 0
    return min(read_word(data, start), parameter.type.bound)


def head_positions(inputs: tuple[Parameter, ...]) -> dict[str, tuple[int, Parameter]]:
    """Return where in the call data the head of each argument stands."""
    heads = {}
    position = SELECTOR_SIZE
    for parameter in inputs:
        heads[parameter.name] = (position, parameter)
        position += parameter.type.head_size
    return heads


def word_count(data: bytes) -> int:
    """Return the number of begun words after the selector."""
    return -(-max(len(data) - SELECTOR_SIZE, 0) // WORD)


def check(expression: Expression, inputs: tuple[Parameter, ...]) -> None:
    """Refuse, with a ValueError, an expression that names an argument of the wrong kind."""
    kinds = {parameter.name: parameter.type for parameter in inputs}
    for term in expression:
        if isinstance(term, PerItem | ByLength | PerBlock) and not has_length(kinds[term.argument]):
            raise ValueError(f"{term.argument} has no length")
        if isinstance(term, Choice):
            for _, chosen in term.cases:
                check(chosen, inputs)
        if isinstance(term, PerUnit | Choice) and not kinds[term.argument].name.startswith("uint"):
            raise ValueError(f"{term.argument} is not unsigned")
        if isinstance(term, Listed):
            kind = kinds[term.argument]
            if not has_length(kind) and not kind.name.startswith("uint"):
                raise ValueError(f"{term.argument} is neither unsigned nor has a length")


def has_length(kind: Type) -> bool:
    """Return whether a value of this type begins with its length."""
    return kind.name in ("bytes", "string") or kind.name.endswith("[]")


def describe(expression: Expression) -> str:
    """Return the expression as one line for people."""
    return " + ".join(describe_term(term) for term in expression) or "0"


def describe_term(term: Term) -> str:
    """Return one term as text."""
    match term:
        case Constant():
            return f"{term.amount:,}"
        case PerWord():
            return f"{term.amount:,} per word of call data"
        case PerItem():
            return f"{term.amount:,} × len({term.argument})"
        case PerUnit():
            return f"{term.amount:,} × min({term.argument}, {term.maximum:,})"
        case ByLength():
            listed = ", ".join(f"{amount:,}" for amount in term.amounts)
            return f"[{listed}][len({term.argument})]"
        case Listed():
            pairs = ", ".join(f"{key:,}: {amount:,}" for key, amount in term.amounts)
            return f"{{{pairs}, else {term.otherwise:,}}}[{term.argument}]"
        case PerBlock():
            items = f"len({term.argument})" + (f" + {term.extra}" if term.extra else "")
            return f"{term.amount:,} × max(ceil(({items}) / {term.size}), 1)"
        case Choice():
            cases = "; ".join(f"{key:,}: {describe(chosen)}" for key, chosen in term.cases)
            return f"{{{cases}}}[{term.argument}]"
