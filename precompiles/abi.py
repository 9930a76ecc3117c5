"""Solidity ABI: signatures, selectors, a strict decoder and an encoder.

Decoding accepts exactly one encoding of each value, the one that Solidity and Vyper compilers
produce: heads and tails in order and without gaps, padding of zeros, no byte left over. Because an
offset may only point where the previous tail ended, decoding is one forward pass whose work is
bounded by the length of the data; an offset cannot alias, overlap or jump. Call data alone may be
longer, for Vyper's sake: see `decode_call`.
Knows no gas, no precompile and no chain. `eth_abi` is the oracle in the tests: it is not used here
because it accepts many encodings of one value and takes ten times as long.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .backends.keccak import keccak256

WORD = 32
SELECTOR_SIZE = 4

Bound = int | tuple[int, ...]
"""The most bytes or elements of a dynamic value; of nested ones, the outermost first."""


class Revert(Exception):
    """A call was refused. `data` is the ABI encoding of a custom error; unspent gas goes back."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.hex())
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """One ABI type, with what converts between its values and its bytes.

    `decode` takes the data and the position of the value and returns the value and the position
    after it. The caller has checked that `head_size` bytes are there.
    """

    name: str
    dynamic: bool
    head_size: int
    decode: Callable[[bytes, int], tuple[Any, int]]
    encode: Callable[[Any], bytes]
    element: "Type | None" = None
    bound: int = 0
    fields: "tuple[Parameter, ...]" = ()
    """Of a struct: its fields in order. Its values are tuples."""
    label: str = ""
    """Of a struct, or an array of structs: the name that interfaces give it."""

    @property
    def shown(self) -> str:
        """The name for people and compilers: a struct's own, where `name` has its fields."""
        return self.label or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named argument, result or event field."""

    name: str
    type: Type
    indexed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Struct:
    """A named group of fields, which signatures may use as a type."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A parsed `name(inputs) returns (outputs)`."""

    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    canonical: str
    selector: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """A custom error. Calling it gives the `Revert` to raise."""

    signature: Signature

    def __call__(self, *arguments: object) -> Revert:
        """Return the exception that carries this error with these arguments."""
        return Revert(self.signature.selector + encode(self.signature.inputs, arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event. Indexed fields are words; they become topics."""

    signature: Signature
    topic: bytes = field(init=False)
    """The first topic, which names the event."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "topic", keccak256(self.signature.canonical.encode()))

    def log(self, *arguments: object) -> tuple[tuple[bytes, ...], bytes]:
        """Return the topics and the data of one log entry."""
        fields = list(zip(self.signature.inputs, arguments, strict=True))
        topics = [self.topic]
        topics += [field.type.encode(value) for field, value in fields if field.indexed]
        plain = [(field, value) for field, value in fields if not field.indexed]
        return tuple(topics), encode([field for field, _ in plain], [value for _, value in plain])


# --- Signatures -----------------------------------------------------------------------------


def parse_signature(
    text: str, bounds: Mapping[str, Bound] | None = None, structs: Sequence[Struct] = ()
) -> Signature:
    """Parse `name(type name, ...) returns (type name, ...)`; a mistake is a ValueError.

    Every dynamic input and output needs a bound under its name; a struct has brought its own.
    """
    bounds = dict(bounds or {})
    known = {each.name: each.type for each in structs}
    declared, _, returned = text.partition(" returns ")
    name, inputs = split_call(declared)
    outputs = split_call(returned)[1] if returned else []
    input_parameters = tuple(parse_parameter(item, bounds, known) for item in inputs)
    output_parameters = tuple(parse_parameter(item, bounds, known) for item in outputs)
    if bounds:
        raise ValueError(f"{text}: bounds for unknown or static parameters: {sorted(bounds)}")
    canonical = f"{name}({','.join(parameter.type.name for parameter in input_parameters)})"
    return Signature(
        name=name,
        inputs=input_parameters,
        outputs=output_parameters,
        canonical=canonical,
        selector=keccak256(canonical.encode())[:4],
    )


def error(text: str, bounds: Mapping[str, Bound] | None = None) -> Error:
    """Declare a custom error by its Solidity signature."""
    return Error(signature=parse_signature(text, bounds))


def event(text: str, bounds: Mapping[str, Bound] | None = None) -> Event:
    """Declare an event by its Solidity signature."""
    declared = parse_signature(text, bounds)
    for each in declared.inputs:
        if each.indexed and (each.type.dynamic or each.type.head_size != WORD):
            raise ValueError(f"{text}: indexed {each.name} is not one word")
    return Event(signature=declared)


def struct(
    text: str, bounds: Mapping[str, Bound] | None = None, structs: Sequence[Struct] = ()
) -> Struct:
    """Declare a struct as `Name(type field, ...)`."""
    declared = parse_signature(text, bounds, structs)
    return Struct(name=declared.name, type=grouped(declared.name, declared.inputs))


def split_call(text: str) -> tuple[str, list[str]]:
    """Split `name(a, b)` into the name and the items between the parentheses."""
    name, opening, rest = text.strip().partition("(")
    if not opening or not rest.endswith(")"):
        raise ValueError(f"{text!r} is not of the form name(items)")
    items = rest[:-1].strip()
    return name, [item.strip() for item in items.split(",")] if items else []


def parse_parameter(text: str, bounds: dict[str, Bound], known: Mapping[str, Type]) -> Parameter:
    """Parse `type [indexed] name`, taking the bound of that name out of `bounds`."""
    words = text.split()
    indexed = len(words) == 3 and words[1] == "indexed"
    if not indexed and len(words) != 2:
        raise ValueError(f"{text!r} is not of the form 'type name'")
    bound = bounds.pop(words[-1], ())
    return Parameter(
        name=words[-1],
        type=parse_type(words[0], bound if isinstance(bound, tuple) else (bound,), known),
        indexed=indexed,
    )


def parse_type(
    name: str, bounds: tuple[int, ...] = (), known: Mapping[str, Type] | None = None
) -> Type:
    """Return the type of this canonical name, or of a known struct; else it is a ValueError."""
    known = known or {}
    if name.endswith("]"):
        return parse_array(name, bounds, known)
    if name in ("bytes", "string"):
        if len(bounds) != 1:
            raise ValueError(f"{name} needs one bound, not {bounds}")
        return byte_string(name, bounds[0])
    if bounds:
        raise ValueError(f"{name} takes no bound")
    if name in known:
        return known[name]
    if name == "address":
        return fixed_bytes_right_aligned(name, 20)
    if name == "bool":
        return boolean(name)
    if (size := suffix(name, "uint")) and size % 8 == 0 and size <= 256:
        return unsigned(name, size)
    if (size := suffix(name, "int")) and size % 8 == 0 and size <= 256:
        return signed(name, size)
    if (size := suffix(name, "bytes")) and size <= WORD:
        return fixed_bytes(name, size)
    raise ValueError(f"{name!r} is not an ABI type")


def parse_array(name: str, bounds: tuple[int, ...], known: Mapping[str, Type]) -> Type:
    """Return the type of `element[]` or `element[n]`."""
    element_name, _, count = name[:-1].rpartition("[")
    if count:
        if not count.isdigit() or int(count) == 0 or str(int(count)) != count:
            raise ValueError(f"{name!r} is not an ABI type")
        return fixed_array(parse_type(element_name, bounds, known), int(count))
    if not bounds:
        raise ValueError(f"{name} needs a bound")
    return dynamic_array(parse_type(element_name, bounds[1:], known), bounds[0])


def suffix(name: str, prefix: str) -> int:
    """Return the canonical decimal number after the prefix, or 0."""
    digits = name.removeprefix(prefix)
    if name.startswith(prefix) and digits.isdigit() and str(int(digits)) == digits:
        return int(digits)
    return 0


# --- Decoding and encoding of sequences -----------------------------------------------------


def decode(parameters: Sequence[Parameter], data: bytes, start: int = 0) -> list[Any]:
    """Decode everything from `start` to the end of the data, or raise Revert."""
    values, end = decode_sequence([parameter.type for parameter in parameters], data, start)
    if end != len(data):
        raise TRAILING_BYTES(end)
    return values


def decode_call(parameters: Sequence[Parameter], data: bytes) -> list[Any]:
    """Decode the arguments behind a selector, or raise Revert.

    Vyper sends as many bytes as the largest arguments of the types would take, whatever their
    lengths, and what lies behind the encoding is left over from its memory. So whole words may
    follow, up to that size; they are paid for, and not looked at.
    """
    values, end = decode_sequence([parameter.type for parameter in parameters], data, SELECTOR_SIZE)
    if end != len(data):
        size_max = SELECTOR_SIZE + sum(encoded_size_max(each.type) for each in parameters)
        if len(data) > size_max or (len(data) - end) % WORD:
            raise TRAILING_BYTES(end)
    return values


def encoded_size_max(kind: Type) -> int:
    """Return how many bytes a value can take, head and tail."""
    if not kind.dynamic:
        return kind.head_size
    parts = parts_of(kind)
    if parts is not None:
        return kind.head_size + sum(encoded_size_max(each) for each in parts)
    if kind.element is None:
        return kind.head_size + WORD + padded(kind.bound)
    return kind.head_size + WORD + kind.bound * encoded_size_max(kind.element)


def encode(parameters: Sequence[Parameter], values: Sequence[object]) -> bytes:
    """Encode one value per parameter; a value that does not fit is a bug and a ValueError."""
    return encode_sequence([parameter.type for parameter in parameters], values)


def decode_sequence(types: Sequence[Type], data: bytes, start: int) -> tuple[list[Any], int]:
    """Decode heads at `start` and their tails, which must follow one another without a gap."""
    tail = start + sum(kind.head_size for kind in types)
    if tail > len(data):
        raise TRUNCATED(len(data))
    head = start
    values = []
    for kind in types:
        if kind.dynamic:
            if read_word(data, head) != tail - start:
                raise NON_CANONICAL_OFFSET(head)
            if tail + WORD > len(data):
                raise TRUNCATED(len(data))
            value, tail = kind.decode(data, tail)
        else:
            value, _ = kind.decode(data, head)
        head += kind.head_size
        values.append(value)
    return values, tail


def encode_sequence(types: Sequence[Type], values: Sequence[object]) -> bytes:
    """Encode heads followed by tails."""
    tail_offset = sum(kind.head_size for kind in types)
    heads: list[bytes] = []
    tails: list[bytes] = []
    for kind, value in zip(types, values, strict=True):
        encoded = kind.encode(value)
        if kind.dynamic:
            heads.append(tail_offset.to_bytes(WORD, "big"))
            tails.append(encoded)
            tail_offset += len(encoded)
        else:
            heads.append(encoded)
    return b"".join(heads + tails)


def read_word(data: bytes, position: int) -> int:
    """Return the big-endian word at this position."""
    return int.from_bytes(data[position : position + WORD], "big")


# --- The types ------------------------------------------------------------------------------


def unsigned(name: str, bits: int) -> Type:
    """Return the type uint<bits>."""
    limit = 1 << bits

    def decode_value(data: bytes, position: int) -> tuple[int, int]:
        value = int.from_bytes(data[position : position + WORD], "big")
        if value >= limit:
            raise VALUE_OUT_OF_RANGE(position)
        return value, position + WORD

    def encode_value(value: int) -> bytes:
        if not 0 <= value < limit:
            raise ValueError(f"{value} is not a {name}")
        return int(value).to_bytes(WORD, "big")

    return word(name, decode_value, encode_value)


def signed(name: str, bits: int) -> Type:
    """Return the type int<bits>: two's complement, sign-extended to the word."""
    limit = 1 << (bits - 1)

    def decode_value(data: bytes, position: int) -> tuple[int, int]:
        value = int.from_bytes(data[position : position + WORD], "big", signed=True)
        if not -limit <= value < limit:
            raise VALUE_OUT_OF_RANGE(position)
        return value, position + WORD

    def encode_value(value: int) -> bytes:
        if not -limit <= value < limit:
            raise ValueError(f"{value} is not an {name}")
        return int(value).to_bytes(WORD, "big", signed=True)

    return word(name, decode_value, encode_value)


def boolean(name: str) -> Type:
    """Return the type bool: the words 0 and 1 only."""

    def decode_value(data: bytes, position: int) -> tuple[bool, int]:
        value = read_word(data, position)
        if value > 1:
            raise VALUE_OUT_OF_RANGE(position)
        return value == 1, position + WORD

    def encode_value(value: bool) -> bytes:
        if value is not True and value is not False:
            raise ValueError(f"{value!r} is not a bool")
        return int(value).to_bytes(WORD, "big")

    return word(name, decode_value, encode_value)


def fixed_bytes(name: str, size: int) -> Type:
    """Return the type bytes<size>: at the left of the word."""
    padding = bytes(WORD - size)

    def decode_value(data: bytes, position: int) -> tuple[bytes, int]:
        if data[position + size : position + WORD] != padding:
            raise VALUE_OUT_OF_RANGE(position)
        return data[position : position + size], position + WORD

    def encode_value(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError(f"{value!r} is not {name}")
        return bytes(value) + padding

    return word(name, decode_value, encode_value)


def fixed_bytes_right_aligned(name: str, size: int) -> Type:
    """Return the type address: its bytes at the right of the word."""
    padding = bytes(WORD - size)

    def decode_value(data: bytes, position: int) -> tuple[bytes, int]:
        end = position + WORD
        if data[position : end - size] != padding:
            raise VALUE_OUT_OF_RANGE(position)
        return data[end - size : end], end

    def encode_value(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError(f"{value!r} is not an {name}")
        return padding + value

    return word(name, decode_value, encode_value)


def word(
    name: str,
    decode_value: Callable[[bytes, int], tuple[Any, int]],
    encode_value: Callable[[Any], bytes],
) -> Type:
    """Return a static type of one word."""
    return Type(name=name, dynamic=False, head_size=WORD, decode=decode_value, encode=encode_value)


def byte_string(name: str, bound: int) -> Type:
    """Return the type bytes or string, of at most `bound` bytes."""
    text = name == "string"

    def decode_value(data: bytes, position: int) -> tuple[bytes | str, int]:
        length = read_word(data, position)
        if length > bound:
            raise INVALID_LENGTH(bound, length)
        start = position + WORD
        stop = start + length
        end = start + padded(length)
        if end > len(data):
            raise TRUNCATED(len(data))
        if any(data[stop:end]):
            raise DIRTY_PADDING(stop)
        if not text:
            return data[start:stop], end
        try:
            return data[start:stop].decode("utf-8"), end
        except UnicodeDecodeError:
            raise VALUE_OUT_OF_RANGE(start) from None

    def encode_value(value: bytes | str) -> bytes:
        content = value.encode("utf-8") if isinstance(value, str) else bytes(value)
        if isinstance(value, str) is not text or len(content) > bound:
            raise ValueError(f"{value!r} is not a {name} of at most {bound} bytes")
        return len(content).to_bytes(WORD, "big") + content.ljust(padded(len(content)), b"\0")

    return Type(
        name=name,
        dynamic=True,
        head_size=WORD,
        decode=decode_value,
        encode=encode_value,
        bound=bound,
    )


def dynamic_array(element: Type, bound: int) -> Type:
    """Return the type element[], of at most `bound` elements."""
    name = f"{element.name}[]"

    def decode_value(data: bytes, position: int) -> tuple[list[Any], int]:
        count = read_word(data, position)
        if count > bound:
            raise INVALID_LENGTH(bound, count)
        return decode_sequence([element] * count, data, position + WORD)

    def encode_value(values: Sequence[object]) -> bytes:
        if len(values) > bound:
            raise ValueError(f"{len(values)} elements; {name} takes at most {bound}")
        return len(values).to_bytes(WORD, "big") + encode_sequence([element] * len(values), values)

    return Type(
        name=name,
        dynamic=True,
        head_size=WORD,
        decode=decode_value,
        encode=encode_value,
        element=element,
        bound=bound,
        label=f"{element.label}[]" if element.label else "",
    )


def fixed_array(element: Type, count: int) -> Type:
    """Return the type element[count]."""
    name = f"{element.name}[{count}]"
    elements = [element] * count

    def decode_value(data: bytes, position: int) -> tuple[list[Any], int]:
        values, end = decode_sequence(elements, data, position)
        return values, end

    def encode_value(values: Sequence[object]) -> bytes:
        return encode_sequence(elements, values)

    return Type(
        name=name,
        dynamic=element.dynamic,
        head_size=WORD if element.dynamic else count * element.head_size,
        decode=decode_value,
        encode=encode_value,
        element=element,
        bound=count,
        label=f"{element.label}[{count}]" if element.label else "",
    )


def grouped(label: str, fields: tuple[Parameter, ...]) -> Type:
    """Return the type of a struct with these fields."""
    kinds = [each.type for each in fields]
    dynamic = any(kind.dynamic for kind in kinds)

    def decode_value(data: bytes, position: int) -> tuple[tuple[Any, ...], int]:
        values, end = decode_sequence(kinds, data, position)
        return tuple(values), end

    def encode_value(values: Sequence[object]) -> bytes:
        return encode_sequence(kinds, values)

    return Type(
        name=f"({','.join(kind.name for kind in kinds)})",
        dynamic=dynamic,
        head_size=WORD if dynamic else sum(kind.head_size for kind in kinds),
        decode=decode_value,
        encode=encode_value,
        fields=fields,
        label=label,
    )


def parts_of(kind: Type) -> list[Type] | None:
    """Return the types of what a struct or an array of fixed length consists of."""
    if kind.fields:
        return [each.type for each in kind.fields]
    if kind.element is not None and not kind.name.endswith("[]"):
        return [kind.element] * kind.bound
    return None


def padded(length: int) -> int:
    """Round a length up to whole words."""
    return -(-length // WORD) * WORD


# --- Errors of decoding. A position counts bytes from the start of the call data. -------------

INVALID_LENGTH = error("InvalidLength(uint256 expected, uint256 actual)")
TRUNCATED = error("Truncated(uint256 position)")
TRAILING_BYTES = error("TrailingBytes(uint256 position)")
NON_CANONICAL_OFFSET = error("NonCanonicalOffset(uint256 position)")
VALUE_OUT_OF_RANGE = error("ValueOutOfRange(uint256 position)")
DIRTY_PADDING = error("DirtyPadding(uint256 position)")

DECODING_ERRORS = (
    INVALID_LENGTH,
    TRUNCATED,
    TRAILING_BYTES,
    NON_CANONICAL_OFFSET,
    VALUE_OUT_OF_RANGE,
    DIRTY_PADDING,
)
