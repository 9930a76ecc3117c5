"""Changes as users write them, in JSON, made into operations on what is there now.

Documents have names here. Which names a space has is itself a document of it, a growing set; ids
are hashes of names, so that two who begin one while apart begin the same.
"""

from collections.abc import Mapping
from typing import Any

from ..codec import Refused
from ..crypto import sha256
from .array import Array
from .bodies import (
    Add,
    Body,
    Delete,
    Grow,
    Insert,
    Name,
    Operation,
    Remove,
    Replace,
    Shift,
    Splice,
    Type,
    Write,
)
from .documents import Documents
from .operations import AMOUNT_MAX
from .states import Observed
from .values import Value, encode_value

NAMES = Name(Type.G_SET, sha256(b"pars/document-names/v1"))
NAME_MAX = 128
WORDS = {
    "gcounter": Type.G_COUNTER,
    "pncounter": Type.PN_COUNTER,
    "gset": Type.G_SET,
    "orset": Type.OR_SET,
    "lww": Type.LWW_REGISTER,
    "mv": Type.MV_REGISTER,
    "array": Type.RG_ARRAY,
}
GROWTHS = range(1, AMOUNT_MAX + 1)
SHIFTS = range(-AMOUNT_MAX, AMOUNT_MAX + 1)
PLACES = range(1 << 32)
_SEPARATOR = ":"


def document_id(name: str) -> bytes:
    """Return the id of a document by its name."""
    if not 0 < len(name.encode()) <= NAME_MAX or not name.isprintable():
        raise Refused("edits: a name is 1 to 128 bytes of printable text")
    return sha256(b"pars/document/v1", name.encode())


def named(documents: Documents) -> list[tuple[str, str]]:
    """Return type and name of each document that was given one."""
    found = []
    for entry in documents.value(NAMES):
        word, _, name = entry.partition(_SEPARATOR) if isinstance(entry, str) else ("", "", "")
        if word in WORDS and name:
            found.append((word, name))
    return found


def edit(documents: Documents, word: str, name: str, change: Mapping[str, Any]) -> list[Operation]:
    """Return the operations of a change to a document."""
    kind = WORDS.get(word)
    if kind is None:
        raise Refused("edits: no such type of document")
    document = document_id(name)
    body = _body(documents, Name(kind, document), change)
    operations = [Operation(document, body)]
    if (word, name) not in named(documents):
        operations.append(Operation(NAMES.id, Insert(f"{word}{_SEPARATOR}{name}")))
    return operations


def _body(documents: Documents, name: Name, change: Mapping[str, Any]) -> Body:
    match name.type, dict(change):
        case Type.G_COUNTER, {"add": amount, **rest} if not rest and _in(GROWTHS, amount):
            return Grow(amount)
        case Type.PN_COUNTER, {"add": amount, **rest} if not rest and _in(SHIFTS, amount):
            return Shift(amount)
        case Type.G_SET, {"insert": value, **rest} if not rest:
            return Insert(_value(value))
        case Type.OR_SET, {"insert": value, **rest} if not rest:
            return Add(_value(value))
        case Type.OR_SET, {"remove": value, **rest} if not rest:
            return Remove(_seen(documents, name, encode_value(_value(value))))
        case Type.LWW_REGISTER, {"set": value, **rest} if not rest:
            return Write(_value(value))
        case Type.MV_REGISTER, {"set": value, **rest} if not rest:
            state = documents.state(name)
            refs = state.refs() if isinstance(state, Observed) else ()
            return Replace(_value(value), refs)
        case Type.RG_ARRAY, {"at": place, **what} if _in(PLACES, place):
            return _splice(documents, name, place, what)
        case _:
            raise Refused("edits: not a change of this type of document")


def _splice(documents: Documents, name: Name, place: int, what: Mapping[str, Any]) -> Body:
    state = documents.state(name)
    array = state if isinstance(state, Array) else Array()
    match what:
        case {"insert": str(text), **rest} if text and not rest and place <= len(array):
            return Splice(array.left_of(place), text)
        case {"insert": list(values), **rest} if values and not rest and place <= len(array):
            return Splice(array.left_of(place), tuple(_value(value) for value in values))
        case {"delete": count, **rest} if not rest and _in(range(1, len(array) - place + 1), count):
            return Delete(array.spans(place, count))
    raise Refused("edits: no such place in the array")


def _in(numbers: range, given: Any) -> bool:
    """Return whether this is one of these numbers: in JSON, unlike Python, truth is none."""
    return type(given) is int and given in numbers


def _seen(documents: Documents, name: Name, value: bytes) -> tuple[Any, ...]:
    state = documents.state(name)
    refs = state.refs(value) if isinstance(state, Observed) else ()
    if not refs:
        raise Refused("edits: no such value in the set")
    return refs


def _value(value: Any) -> Value:
    """Return a value as documents hold it: bytes are written {"bytes": "hex"}."""
    if isinstance(value, dict) and set(value) == {"bytes"} and isinstance(value["bytes"], str):
        try:
            return bytes.fromhex(value["bytes"])
        except ValueError:
            raise Refused("edits: not hex") from None
    if value is None or isinstance(value, bool | int | str):
        return value
    raise Refused("edits: documents hold text, whole numbers, truth, bytes or nothing")
