"""Distinguished encoding rules: reads exactly one encoding of each value (ITU-T X.690, 10 and 11).

Nothing here recurses or looks twice at a byte but for its container's header. Knows no X.509.
"""

from collections.abc import Iterator
from dataclasses import dataclass

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
NUMERIC_STRING = 0x12
PRINTABLE_STRING = 0x13
TELETEX_STRING = 0x14
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
UNIVERSAL_STRING = 0x1C
BMP_STRING = 0x1E
SEQUENCE = 0x30
SET = 0x31

LONG_FORM = 0x80
LENGTH_BYTES_MAX = 2
"""Nothing that is read here has 64 kB."""

TRUE = 0xFF


class Malformed(Exception):
    """The bytes are no DER, or not what was asked for. Becomes a refusal of the call."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"{reason} at {position}")
        self.position = position
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One encoded value: where it begins, where its content begins, where it ends."""

    data: bytes
    tag: int
    start: int
    body: int
    end: int

    @property
    def content(self) -> bytes:
        """Return what is between the header and the end."""
        return self.data[self.body : self.end]

    @property
    def whole(self) -> bytes:
        """Return header and content."""
        return self.data[self.start : self.end]


def read(data: bytes, position: int, end: int) -> Element:
    """Read one element that ends at `end` or before."""
    if end - position < 2:
        raise Malformed(position, "truncated")
    tag, first = data[position], data[position + 1]
    if tag & 0x1F == 0x1F:
        raise Malformed(position, "tag of more than a byte")
    body = position + 2
    length = first
    if first >= LONG_FORM:
        count = first - LONG_FORM
        if not 1 <= count <= LENGTH_BYTES_MAX:
            raise Malformed(position + 1, "length form")
        if end - body < count:
            raise Malformed(position, "truncated")
        length = int.from_bytes(data[body : body + count], "big")
        if length < LONG_FORM or length >> 8 * (count - 1) == 0:
            raise Malformed(position + 1, "length is not the shortest")
        body += count
    if end - body < length:
        raise Malformed(position, "truncated")
    return Element(data=data, tag=tag, start=position, body=body, end=body + length)


class Reader:
    """Takes the elements of a container, in order."""

    def __init__(self, data: bytes, position: int, end: int) -> None:
        self.data = data
        self.position = position
        self.end = end

    @property
    def done(self) -> bool:
        """Return whether nothing is left."""
        return self.position == self.end

    def any(self) -> Element:
        """Take the next element, whatever it is."""
        element = read(self.data, self.position, self.end)
        self.position = element.end
        return element

    def take(self, tag: int, what: str) -> Element:
        """Take the next element, which must have this tag."""
        if self.done or self.data[self.position] != tag:
            raise Malformed(self.position, what)
        return self.any()

    def optional(self, tag: int) -> Element | None:
        """Take the next element if it has this tag."""
        if self.done or self.data[self.position] != tag:
            return None
        return self.any()

    def finish(self) -> None:
        """Refuse what is left."""
        if not self.done:
            raise Malformed(self.position, "trailing bytes")


def inside(element: Element) -> Reader:
    """Return a reader of a container's content."""
    return Reader(element.data, element.body, element.end)


def members(element: Element) -> Iterator[Element]:
    """Return the elements of a container."""
    reader = inside(element)
    while not reader.done:
        yield reader.any()


def boolean(element: Element) -> bool:
    """Return the value of a BOOLEAN."""
    if element.content not in (b"\0", bytes([TRUE])):
        raise Malformed(element.body, "boolean")
    return element.content != b"\0"


def integer(element: Element) -> int:
    """Return the value of an INTEGER."""
    content = element.content
    redundant = len(content) > 1 and (
        (content[0] == 0 and content[1] < 0x80) or (content[0] == 0xFF and content[1] >= 0x80)
    )
    if not content or redundant:
        raise Malformed(element.body, "integer is not the shortest")
    return int.from_bytes(content, "big", signed=True)


def whole_bytes(element: Element) -> bytes:
    """Return the content of a BIT STRING of whole bytes."""
    if element.content[:1] != b"\0":
        raise Malformed(element.body, "bit string of no whole bytes")
    return element.content[1:]


def named_bits(element: Element) -> int:
    """Return a BIT STRING of named bits: bit i of the result is the bit called i."""
    content = element.content
    if not content or content[0] > 7 or (len(content) == 1 and content[0]):
        raise Malformed(element.body, "bit string")
    bits = content[1:]
    if bits and (bits[-1] & -bits[-1]).bit_length() - 1 != content[0]:
        raise Malformed(element.body, "bit string is not the shortest")
    number = int.from_bytes(bits, "big")
    width = 8 * len(bits)
    return sum(1 << i for i in range(width) if number >> (width - 1 - i) & 1)


def identifier(element: Element) -> bytes:
    """Return the content of an OBJECT IDENTIFIER, whose arcs are in shortest form."""
    content = element.content
    if not content or content[-1] & 0x80:
        raise Malformed(element.body, "object identifier")
    begins = True
    for offset, byte in enumerate(content):
        if begins and byte == 0x80:
            raise Malformed(element.body + offset, "object identifier")
        begins = byte < 0x80
    return content


def ascending(element: Element) -> None:
    """Refuse a SET OF whose members are not in order of their encoding."""
    last = b""
    for member in members(element):
        if member.whole < last:
            raise Malformed(member.start, "set is not in order")
        last = member.whole
