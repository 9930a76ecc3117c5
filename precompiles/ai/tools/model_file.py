"""A model in one file: header, weights, and notes that the chain does not need.

    8  "PARSFILE" | 4 size of the header | header | 4 size of the weights | weights | notes, JSON

The notes tell how numbers of the real world become inputs, and answers become numbers again. What
they say changes no answer. Knows bytes only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ... import abi
from ..models import header, weights_tree

MAGIC = b"PARSFILE"
SIZE_BYTES = 4
NOTES_SIZE_MAX = 1 << 20
FILE_SIZE_MAX = 32 + header.HEADER_SIZE_MAX + header.WEIGHTS_SIZE_MAX + NOTES_SIZE_MAX


class FileRefusedError(Exception):
    """The bytes are no model file. The text says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How numbers become integers: number = (integer - zero) * scale, for each place or for all."""

    scale: tuple[float, ...]
    zero: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What a user of the model wants to know beside it."""

    inputs: Scaling
    output_scale: float
    labels: tuple[str, ...] = ()
    """Names of the classes; empty where the answer is a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """What a file has."""

    header: bytes
    weights: bytes
    notes: Notes
    root: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", weights_tree.root_of(self.weights))

    @property
    def model_id(self) -> bytes:
        """Return the id that the registry gives the model."""
        return weights_tree.model_id(self.header, self.root)


def encode(model: ModelFile) -> bytes:
    """Return the bytes of a file."""
    parts = (model.header, model.weights)
    sized = b"".join(len(part).to_bytes(SIZE_BYTES, "big") + part for part in parts)
    return MAGIC + sized + json.dumps(notes_document(model.notes)).encode()


def parse(data: bytes) -> ModelFile:
    """Return the model of a file, its header checked as the chain does; or FileRefusedError."""
    if len(data) > FILE_SIZE_MAX or data[: len(MAGIC)] != MAGIC:
        raise FileRefusedError("not a model file")
    encoded, rest = sized_part(data[len(MAGIC) :])
    weights, rest = sized_part(rest)
    try:
        known = header.parse(encoded)
    except abi.Revert as error:
        position = int.from_bytes(error.data[4:], "big")
        raise FileRefusedError(f"the header is wrong at byte {position}") from None
    if len(weights) != header.weights_size(known):
        wanted = header.weights_size(known)
        raise FileRefusedError(f"{len(weights)} bytes of weights; the header says {wanted}")
    return ModelFile(header=encoded, weights=weights, notes=parse_notes(rest))


def sized_part(data: bytes) -> tuple[bytes, bytes]:
    """Split what a length announces from what follows it."""
    size = int.from_bytes(data[:SIZE_BYTES], "big")
    part = data[SIZE_BYTES : SIZE_BYTES + size]
    if len(data) < SIZE_BYTES or len(part) < size:
        raise FileRefusedError("the file is cut short")
    return part, data[SIZE_BYTES + size :]


def notes_document(notes: Notes) -> Mapping[str, Any]:
    """Return the notes as JSON has them."""
    return {
        "inputScale": list(notes.inputs.scale),
        "inputZero": list(notes.inputs.zero),
        "outputScale": notes.output_scale,
        "labels": list(notes.labels),
    }


def parse_notes(data: bytes) -> Notes:
    """Read the notes."""
    if len(data) > NOTES_SIZE_MAX:
        raise FileRefusedError("the notes are too long")
    try:
        document = json.loads(data)
        return Notes(
            inputs=Scaling(
                scale=tuple(float(each) for each in document["inputScale"]),
                zero=tuple(int(each) for each in document["inputZero"]),
            ),
            output_scale=float(document["outputScale"]),
            labels=tuple(str(each) for each in document["labels"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise FileRefusedError("the notes are not readable") from None
