"""Vectors that follow from others: what the ABI rules and a declaration say of a call that works.

docs/conformance.md has the rules in words. Each expected answer is written down here from the rule
that it is about, never taken from a run; only prices are computed, from the declaration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .. import abi
from ..precompile import (
    DELEGATE_CALL_REFUSED,
    SECRET_OPERATION_ON_CHAIN,
    UNKNOWN_SELECTOR,
    VALUE_REFUSED,
    WRITE_PROTECTION,
    Method,
    Precompile,
    price,
)
from .layout import WORD, Part, last_length, walk, with_word, word_at
from .vectors import FRAME_GAS, Expected, Vector

SOURCE = "derived by the rules of docs/conformance.md"

WORDS_MAX = 64
"""Up to so many words, a call is cut at each; a longer one at so many places."""
PARTS_MAX = 12
"""So many offsets, lengths, paddings and values of a call are spoilt, the first ones."""
TAIL_MAX = 65_536
"""Longer arguments get no longer ones made from them."""


def derived(entry: Precompile, vectors: Sequence[Vector]) -> Iterator[Vector]:
    """Return what follows from the vectors of an entry, named after them."""
    working = [each for each in vectors if each.expected.output is not None]
    for vector in working:
        called = entry.by_selector.get(vector.input[:4])
        yield from about_gas(vector, calls=called is not None and called.calls)
    for number, method in enumerate(entry.methods):
        base = example(method, working)
        if base is not None:
            if number == 0:
                yield from about_selectors(entry, base)
            yield from about_permission(entry, method, base)
            yield from about_encoding(entry, method, base)


def example(method: Method, working: Sequence[Vector]) -> Vector | None:
    """Return the shortest call of a method that works and leaves no argument empty."""

    def rank(vector: Vector) -> tuple[bool, int]:
        parts, _ = walk(method, vector.input)
        empty = any(
            part.role == "length" and word_at(vector.input, part.position) == 0 for part in parts
        )
        return empty, len(vector.input)

    own = [
        each
        for each in working
        if each.input[:4] == method.signature.selector
        and walk(method, each.input)[1] == len(each.input)
    ]
    found = min(own, key=rank, default=None)
    return None if found is None else replace(found, static=False)


# --- What the caller may do -----------------------------------------------------------------


def about_gas(vector: Vector, *, calls: bool) -> Iterator[Vector]:
    """The price is exact: it is enough where no state is touched, and one less never is.

    Where other accounts are called, what is left for them decides how a lack of gas ends.
    """
    nothing = Expected(output=None, error=None)
    limits = {"price": vector.gas} if calls else {"price": vector.gas, "all": vector.gas_used}
    for name, gas in limits.items():
        if name == "price" or gas != vector.gas:
            short = replace(vector, frame_gas=gas - 1, gas_used=gas - 1, expected=nothing)
            if name == "price":
                # Paid before anything is looked at. What state costs may depend on the block.
                short = replace(short, contextual=False, chain_id=None)
            yield named(short, vector, f"gas-{name}-minus-1")
    if vector.gas == vector.gas_used:
        yield named(replace(vector, frame_gas=vector.gas), vector, "gas-exact")


def about_permission(entry: Precompile, method: Method, base: Vector) -> Iterator[Vector]:
    """Value, delegation, writes in a static frame and secrets in a block, unless opted in to."""
    if method.mutability != "payable":
        yield refused(entry, replace(base, value=1), base, "value", VALUE_REFUSED(1))
    if method.delegable:
        yield named(replace(base, delegated=True), base, "delegate")
    else:
        changed = replace(base, delegated=True, value=0)
        yield refused(entry, changed, base, "delegate", DELEGATE_CALL_REFUSED())
    if method.writes:
        changed = replace(base, static=True, value=0)
        yield refused(entry, changed, base, "static", WRITE_PROTECTION())
    elif not (method.static or base.contextual):
        # One that may run both ways leaves out its writes, and only the file can tell.
        yield named(replace(base, static=True), base, "static")
    if method.secret:
        changed = replace(base, mode="block", secret_ops="call-only")  # noqa: S106 - a rule's name
        yield refused(entry, changed, base, "in-block", SECRET_OPERATION_ON_CHAIN())


def about_selectors(entry: Precompile, base: Vector) -> Iterator[Vector]:
    """A selector that is none, or cut short."""
    rest = base.input[4:]
    for data in (b"", *(base.input[:size] for size in (1, 2, 3))):
        yield refused_input(entry, base, f"selector-of-{len(data)}", data, unknown(data))
    for name, flipped in (("bit-0", 1), ("bit-31", 1 << 31), ("inverted", 0xFFFF_FFFF)):
        number = int.from_bytes(base.input[:4], "big") ^ flipped
        selector = number.to_bytes(4, "big")
        if selector not in entry.by_selector:
            data = selector + rest
            yield refused_input(entry, base, f"selector-{name}", data, unknown(data))


def unknown(data: bytes) -> abi.Revert:
    """Return what answers a selector that is none."""
    return UNKNOWN_SELECTOR(data[:4].ljust(4, b"\0"))


# --- Encodings that are not canonical -------------------------------------------------------


def about_encoding(entry: Precompile, method: Method, base: Vector) -> Iterator[Vector]:
    """Cut, lengthen and spoil the arguments in every way the ABI rules name."""
    data = base.input
    parts, end = walk(method, data)
    for size in cuts(parts, end):
        yield refused_input(entry, base, f"cut-{size}", data[:size], abi.TRUNCATED(size))
    yield from about_tails(entry, method, base)
    for part in few(parts, "offset"):
        for name, offset in bad_offsets(data, part).items():
            error = abi.NON_CANONICAL_OFFSET(part.position)
            changed = with_word(data, part.position, offset)
            yield refused_input(entry, base, f"offset-{part.position}-{name}", changed, error)
    for part in few(parts, "length"):
        yield from about_length(entry, base, part)
    last = last_length(parts)
    if last is not None:
        yield from about_more(entry, base, last)
    for part in few(parts, "padding"):
        for position in sorted({part.position, part.end - 1}):
            error = abi.DIRTY_PADDING(part.position)
            changed = data[:position] + b"\1" + data[position + 1 :]
            yield refused_input(entry, base, f"padding-{position}", changed, error)
    for part in few(parts, "text"):
        error = abi.VALUE_OUT_OF_RANGE(part.position)
        changed = data[: part.position] + b"\xff" + data[part.position + 1 :]
        yield refused_input(entry, base, f"text-{part.position}", changed, error)
    for part in few(parts, "value"):
        error = abi.VALUE_OUT_OF_RANGE(part.position)
        for name, word in bad_words(part.kind, word_at(data, part.position)).items():
            changed = with_word(data, part.position, word)
            yield refused_input(entry, base, f"value-{part.position}-{name}", changed, error)


def about_tails(entry: Precompile, method: Method, base: Vector) -> Iterator[Vector]:
    """Whole words may follow, up to the largest encoding that the types have; nothing else may."""
    data, end = base.input, len(base.input)
    size_max = 4 + sum(abi.encoded_size_max(each.type) for each in method.signature.inputs)
    for size in (1, 31, 33):
        changed = data + bytes(size)
        yield refused_input(entry, base, f"tail-{size}", changed, abi.TRAILING_BYTES(end))
    if size_max > TAIL_MAX:
        return
    beyond = data + bytes(size_max - end + WORD)
    yield refused_input(entry, base, "tail-beyond", beyond, abi.TRAILING_BYTES(end))
    if base.contextual:
        return
    for name, size in (("word", WORD), ("largest", size_max - end)):
        if WORD <= size <= size_max - end:
            longer = data + b"\xa5" * size
            gas = price(entry, longer)
            used = base.gas_used + gas - base.gas
            if used <= FRAME_GAS:
                same = replace(base, input=longer, gas=gas, gas_used=used)
                yield named(same, base, f"tail-{name}")


def about_length(entry: Precompile, base: Vector, part: Part) -> Iterator[Vector]:
    """Lengths beyond the bound of the type."""
    data, bound = base.input, part.kind.bound
    right = word_at(data, part.position)
    bad = {
        "bound-plus-1": bound + 1,
        "2-63": 1 << 63,
        "2-64-minus-1": (1 << 64) - 1,
        "low-64-bits": (1 << 64) + right,
        "low-8-bytes": (1 << 255) + right,
        "max": (1 << 256) - 1,
    }
    for name, length in bad.items():
        changed = with_word(data, part.position, length)
        error = abi.INVALID_LENGTH(bound, length)
        yield refused_input(entry, base, f"length-{part.position}-{name}", changed, error)


def about_more(entry: Precompile, base: Vector, part: Part) -> Iterator[Vector]:
    """A length within the bound that counts what is not there."""
    data = base.input
    more = word_at(data, part.position) + (1 if part.kind.element is not None else WORD)
    if more <= part.kind.bound:
        changed = with_word(data, part.position, more)
        error = abi.TRUNCATED(len(data))
        yield refused_input(entry, base, f"length-{part.position}-more", changed, error)


def bad_offsets(data: bytes, part: Part) -> dict[str, int]:
    """Return offsets that do not lead to where the tail is."""
    right = word_at(data, part.position)
    bad = {
        "zero": 0,
        "word-less": right - WORD,
        "byte-more": right + 1,
        "word-more": right + WORD,
        "end": len(data) - 4,
        "beyond": len(data) + WORD,
        "2-63": 1 << 63,
        "low-64-bits": (1 << 64) + right,
        "2-255": 1 << 255,
        "wraps": (1 << 256) - WORD,
        "max": (1 << 256) - 1,
    }
    return {name: offset for name, offset in bad.items() if offset != right and offset >= 0}


def bad_words(kind: abi.Type, right: int) -> dict[str, int]:
    """Return words that are no value of this type."""
    top = 1 << 255
    if kind.name == "bool":
        return {"two": 2, "high-bit": top | right}
    if kind.name == "address":
        return {"bit-160": 1 << 160 | right, "high-bit": top | right}
    if kind.name.startswith("uint") and kind.name != "uint256":
        return {"limit": 1 << int(kind.name[4:]), "high-bit": top | right}
    if kind.name.startswith("int") and kind.name != "int256":
        limit = 1 << (int(kind.name[3:]) - 1)
        return {"limit": limit, "below": (1 << 256) - limit - 1, "high-bit": top ^ right}
    if kind.name.startswith("bytes") and kind.name != "bytes32":
        return {"last-byte": right | 1}
    return {}


def cuts(parts: Sequence[Part], end: int) -> list[int]:
    """Return sizes to cut a call at, the selector kept."""
    boundaries = range(4, end, WORD)
    if len(boundaries) <= WORDS_MAX:
        sizes = set(boundaries)
    else:
        sizes = set(boundaries[:: len(boundaries) // (WORDS_MAX // 2)])
        sizes |= {part.position for part in parts[: WORDS_MAX // 2]}
    around = {part.position + step for part in parts[:PARTS_MAX] for step in (-1, 1)}
    return sorted(size for size in sizes | around | {end - 1} if 4 <= size < end)


def few(parts: Sequence[Part], role: str) -> list[Part]:
    """Return the first parts of one role."""
    return [part for part in parts if part.role == role][:PARTS_MAX]


# --- Writing them down ----------------------------------------------------------------------


def refused_input(
    entry: Precompile, base: Vector, name: str, data: bytes, error: abi.Revert
) -> Vector:
    """Return a vector with other call data that must be refused."""
    return refused(entry, replace(base, input=data, value=0), base, name, error)


def refused(
    entry: Precompile, changed: Vector, base: Vector, name: str, error: abi.Revert
) -> Vector:
    """Return a vector that must be refused before its handler runs, if its price can be paid."""
    gas = price(entry, changed.input)
    payable = gas <= FRAME_GAS
    result = replace(
        changed,
        gas=gas,
        gas_used=min(gas, FRAME_GAS),
        expected=Expected(output=None, error=error.data if payable else None),
        contextual=False,
        chain_id=None,
    )
    return named(result, base, name)


def named(vector: Vector, base: Vector, name: str) -> Vector:
    """Return a vector under the name of what it was made from."""
    return replace(vector, name=f"{base.name}/{name}", source=SOURCE)
