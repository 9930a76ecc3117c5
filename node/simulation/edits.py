"""What people do to documents of every type, drawn from what their node shows them just then."""

from random import Random

from ..crdt.array import Array
from ..crdt.bodies import (
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
from ..crdt.documents import Documents
from ..crdt.operations import encode_operations
from ..crdt.states import Observed
from ..crypto import sha256

TYPES = tuple(kind for kind in Type if kind is not Type.RICH)
DOCUMENTS = 3  # of each type
AT_ONCE_MAX = 4
RUN_MAX = 12
MARK = 16


def edit(documents: Documents, chance: Random) -> bytes:
    """Return the content of a vertex: some operations that make sense to who sees this."""
    done = []
    for _ in range(1 + chance.randrange(AT_ONCE_MAX)):
        kind = TYPES[chance.randrange(len(TYPES))]
        name = Name(kind, sha256(b"pars/simulated-document/%d" % chance.randrange(DOCUMENTS)))
        done.append(Operation(name.id, _body(name, documents, chance)))
    return encode_operations(done, chance.randbytes(MARK))


def _body(name: Name, documents: Documents, chance: Random) -> Body:
    value = chance.randrange(100)
    state = documents.state(name)
    match name.type:
        case Type.G_COUNTER:
            return Grow(1 + value)
        case Type.PN_COUNTER:
            return Shift(1 + value if value % 2 else -1 - value)
        case Type.G_SET:
            return Insert(value)
        case Type.OR_SET:
            refs = state.refs() if isinstance(state, Observed) else ()
            return Remove(refs[:RUN_MAX]) if refs and value < 30 else Add(value)
        case Type.LWW_REGISTER:
            return Write(f"written {value}")
        case Type.MV_REGISTER:
            return Replace(value, state.refs() if isinstance(state, Observed) else ())
        case _:
            return _splice(state if isinstance(state, Array) else Array(), chance)


def _splice(array: Array, chance: Random) -> Body:
    length = len(array)
    place = chance.randrange(length + 1)
    if place < length and chance.random() < 0.25:
        return Delete(array.spans(place, min(1 + chance.randrange(RUN_MAX), length - place)))
    text = "".join(chance.choice("abcdefgh") for _ in range(1 + chance.randrange(RUN_MAX)))
    return Splice(array.left_of(place), text)
