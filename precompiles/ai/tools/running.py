"""Real numbers through an integer model, and what is lost on the way. Knows no file."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import abi
from ..models import header
from ..models.header import Dense, Linear, Trees
from .floats import FloatModel, Floats, answers
from .model_file import FileRefusedError, ModelFile

if TYPE_CHECKING:
    from ..models.model import Model

INT8, INT32 = np.dtype(np.int8), np.dtype(">i4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How the model of floats and that of integers do on the same rows.

    Of classes the part that is right; of numbers the root of the mean squared error.
    """

    classes: bool
    floats: float
    integers: float
    agreement: float
    """The part of rows with one class; or the largest difference of two numbers."""


def integer_rows(model: ModelFile, rows: Floats) -> bytes:
    """Return the input that rows of real numbers become; what is out of range is cut."""
    scale, zero = np.array(model.notes.inputs.scale), np.array(model.notes.inputs.zero)
    kind = INT8 if isinstance(header.parse(model.header), Dense) else INT32
    # Fixed point is a floor, as the thresholds of trees are.
    whole = np.rint(rows / scale) if kind is INT8 else np.floor(rows / scale)
    limit = 1 << (8 * kind.itemsize - 1)
    return bytes(np.clip(whole + zero, -limit, limit - 1).astype(kind).data)


def integer_answers(known: header.Header, data: bytes) -> Any:
    """Return the numbers of an answer, a row for each row of the input."""
    match known:
        case Dense():
            raw = known.layers[-1].rounding == header.NOT_AT_ALL
            kind, width = (INT32 if raw else INT8), known.layers[-1].outputs
        case Trees():
            kind, width = np.dtype(">u4" if known.arg_max else ">i8"), known.outputs
        case Linear():
            kinds = {header.SCORES: ">i8", header.ARG_MAX: ">u4", header.LOGISTIC: ">u2"}
            kind, width = np.dtype(kinds[known.answer]), known.outputs
        case _:
            raise ValueError("a transformer answers with tokens")
    count = 1 if kind == np.dtype(">u4") else width
    return np.frombuffer(data, kind).astype(np.int64).reshape(-1, count)


def loaded_model(model: ModelFile) -> "Model":
    """Return the model of a file, whose weights are checked as a registry does when it seals."""
    from ..models.model import load

    try:
        return load(header.parse(model.header), model.weights)
    except abi.Revert as error:
        position = int.from_bytes(error.data[4:], "big")
        raise FileRefusedError(f"the weights are wrong at byte {position}") from None


def run(model: ModelFile, data: bytes) -> Any:
    """Return the numbers that the model answers to integer rows, as the chain would."""
    from ..models.transformer import Decoder

    known, loaded = header.parse(model.header), loaded_model(model)
    if isinstance(loaded, Decoder):
        raise ValueError("a transformer answers with tokens")
    return integer_answers(known, loaded.answer(data))


def classes_of(found: Any, names: int) -> Any:
    """Return the class of each row: the largest output, the sign of the only one, or itself."""
    if found.shape[1] == 1:
        return found[:, 0] if names > 1 else (found[:, 0] > 0).astype(np.int64)
    return found.argmax(axis=1)


def loss(original: FloatModel, model: ModelFile, rows: Floats, wanted: Floats) -> Loss:
    """Return what is lost on rows whose right answers are known.

    The answers are classes when the model names them, or has several outputs and one is wanted.
    """
    floats, found = answers(original, rows), run(model, integer_rows(model, rows))
    names = len(model.notes.labels)
    if names or floats.shape[1] > 1:
        width = floats.shape[1]
        ours = classes_of(found, names if found.shape[1] != width else 0)
        theirs = classes_of(floats, 0)
        return Loss(
            classes=True,
            floats=float((theirs == wanted).mean()),
            integers=float((ours == wanted).mean()),
            agreement=float((ours == theirs).mean()),
        )
    numbers = found * model.notes.output_scale
    errors = [np.sqrt(np.mean((each[:, 0] - wanted) ** 2)) for each in (floats, numbers)]
    return Loss(
        classes=False,
        floats=float(errors[0]),
        integers=float(errors[1]),
        agreement=float(np.abs(floats - numbers).max()),
    )
