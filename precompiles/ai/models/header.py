"""The header of a model: its kind, its dimensions and how each layer rounds.

There is one encoding of each header, big-endian throughout:

    4  "PARS"
    1  format, 1
    1  kind: 1 dense, 2 trees, 3 transformer, 4 linear

    dense        4 inputs | 1 layers | 1 tables | layers | tables of 256 bytes, int8 each
      layer      4 outputs | 1 rounding | 1 shift | 1 activation | 1 table | 1 zero | 1 six
    trees        2 features | 2 outputs | 2 trees | 1 arg-max | 4 size of the weights
    transformer  4 vocabulary | 2 width | 4 hidden | 2 layers | 6 shifts | 4 RMS multiplier | 4 eps
    linear       4 features | 4 outputs | 1 answer | 1 shift

Every dimension is bounded here, so that no sum of a kernel can leave its word. The weights follow
from the header; how they lie is told beside the code that reads them. Knows no weights.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ... import abi

MAGIC = b"PARS"
FORMAT = 1
DENSE, TREES, TRANSFORMER, LINEAR = 1, 2, 3, 4

WEIGHTS_SIZE_MAX = 1 << 24
"""Each call pays for reading all of them, so more than this is of no use."""
INPUTS_MAX = 131_071
"""The most products of two int8 whose sum is sure to fit int32."""
LAYERS_MAX = 64
TABLES_MAX = 16
TABLE_SIZE = 256
OUTPUTS_MAX = 65_536
SHIFT_MAX = 31

BY_SHIFT, BY_MULTIPLIER, NOT_AT_ALL = 0, 1, 2
"""How a layer makes int8 of its sums; the last layer may leave them as int32."""
IDENTITY, RELU, RELU6, SILU, OWN_TABLE = 0, 1, 2, 3, 4

FEATURES_MAX = 65_535
TREES_MAX = 4_096
LEAF_MAX = 256

VOCABULARY_MAX = 65_536
WIDTH_MAX = 4_096
HIDDEN_MAX = 65_536
TRANSFORMER_LAYERS_MAX = 64
MULTIPLIER_MAX = 1 << 15
EPS_MAX = 1 << 30
SEQUENCE_MAX = 256
NEW_TOKENS_MAX = 64

LINEAR_FEATURES_MAX = 4_096
SCORES, ARG_MAX, LOGISTIC = 0, 1, 2
"""What a linear model answers."""
LINEAR_SHIFT_MAX = 63

HEADER_SIZE_MAX = 12 + 10 * LAYERS_MAX + TABLE_SIZE * TABLES_MAX

INVALID_HEADER = abi.error("InvalidHeader(uint256 position)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One dense layer: outputs = activation(round(weights * inputs + bias))."""

    outputs: int
    rounding: int
    shift: int = 0
    """Of BY_SHIFT; by multiplier every output has its own, among the weights."""
    activation: int = IDENTITY
    table: int = 0
    """Which of the header's tables OWN_TABLE means."""
    zero: int = 0
    """What stands for 0 among the outputs; of BY_MULTIPLIER only."""
    six: int = 127
    """What stands for 6, where RELU6 cuts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dense:
    """An int8 network of dense layers."""

    inputs: int
    layers: tuple[Layer, ...]
    tables: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """An ensemble of decision trees over int32 features."""

    features: int
    outputs: int
    trees: int
    arg_max: bool
    size: int
    """Bytes of the weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shifts:
    """By how much a transformer's sums are shifted to int8."""

    gemm: int
    down: int
    head: int
    query_key: int
    attention: int
    swiglu: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """An int8 decoder with one attention head."""

    vocabulary: int
    width: int
    hidden: int
    layers: int
    shifts: Shifts
    rms_multiplier: int
    rms_eps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Integer scores of int32 features, their arg-max, or their logistic function."""

    features: int
    outputs: int
    answer: int
    shift: int = 0
    """Of LOGISTIC: from a score to sixteenths."""


Header = Dense | Trees | Transformer | Linear


# --- What follows from a header -------------------------------------------------------------


def kind_of(header: Header) -> int:
    """Return the number of the kind."""
    match header:
        case Dense():
            return DENSE
        case Trees():
            return TREES
        case Transformer():
            return TRANSFORMER
        case Linear():
            return LINEAR


def layer_widths(header: Dense) -> list[tuple[int, int]]:
    """Return inputs and outputs of each layer."""
    outputs = [layer.outputs for layer in header.layers]
    return list(zip([header.inputs, *outputs[:-1]], outputs, strict=True))


def layer_size(inputs: int, layer: Layer) -> int:
    """Return the bytes of a dense layer's weights."""
    return layer.outputs * (inputs + 4 + (5 if layer.rounding == BY_MULTIPLIER else 0))


def tensor_shapes(header: Transformer) -> dict[str, tuple[int, ...]]:
    """Return the tensors of a transformer in the order of its weights."""
    layers, width, hidden = header.layers, header.width, header.hidden
    return {
        "embed": (header.vocabulary, width),
        "rms1": (layers, width),
        "wq": (layers, width, width),
        "wk": (layers, width, width),
        "wv": (layers, width, width),
        "wo": (layers, width, width),
        "rms2": (layers, width),
        "wgate": (layers, hidden, width),
        "wup": (layers, hidden, width),
        "wdown": (layers, width, hidden),
        "rmsf": (width,),
        "wlm": (header.vocabulary, width),
    }


def weights_size(header: Header) -> int:
    """Return how many bytes the weights have."""
    match header:
        case Dense():
            widths = layer_widths(header)
            pairs = zip(widths, header.layers, strict=True)
            return sum(layer_size(inputs, layer) for (inputs, _), layer in pairs)
        case Trees():
            return header.size
        case Transformer(layers=layers, width=width, hidden=hidden, vocabulary=vocabulary):
            by_layer = 2 * width + 4 * width * width + 3 * width * hidden
            return 2 * vocabulary * width + layers * by_layer + width
        case Linear():
            return header.outputs * (4 * header.features + 8)


def input_size(header: Header) -> int:
    """Return the bytes of one input row; a transformer has tokens instead, and the answer 0."""
    match header:
        case Dense():
            return header.inputs
        case Trees() | Linear():
            return 4 * header.features
        case Transformer():
            return 0


def output_size(header: Header) -> int:
    """Return the bytes of the answer to one row."""
    match header:
        case Dense():
            last = header.layers[-1]
            return last.outputs * (4 if last.rounding == NOT_AT_ALL else 1)
        case Trees():
            return 4 if header.arg_max else 8 * header.outputs
        case Linear():
            return 4 if header.answer == ARG_MAX else header.outputs * answer_size(header)
        case Transformer():
            return 0


def answer_size(header: Linear) -> int:
    """Return the bytes of one score or probability."""
    return 2 if header.answer == LOGISTIC else 8


def multiply_adds(header: Header) -> int:
    """Return the multiply-accumulates of one row.

    A tree has none: its depth, which the weights tell, takes their place. Those of a transformer
    depend on the tokens: see `sequence_multiply_adds`.
    """
    match header:
        case Dense():
            return sum(inputs * outputs for inputs, outputs in layer_widths(header))
        case Linear():
            return header.features * header.outputs
        case Trees() | Transformer():
            return 0


def sequence_multiply_adds(header: Transformer, prompt: int, new: int) -> int:
    """Return the multiply-accumulates of so many prompt and new tokens, with a KV cache."""
    width, hidden = header.width, header.hidden
    positions = prompt + new - 1
    by_position = 4 * width * width + 3 * width * hidden
    attention = width * positions * (positions + 1)
    return header.layers * (positions * by_position + attention) + new * header.vocabulary * width


# --- Encoding -------------------------------------------------------------------------------


def encode(header: Header) -> bytes:
    """Return the bytes of a header, which has passed `parse` or will."""
    start = MAGIC + bytes([FORMAT, kind_of(header)])
    match header:
        case Dense():
            counts = bytes([len(header.layers), len(header.tables)])
            layers = b"".join(encode_layer(layer) for layer in header.layers)
            return start + number(header.inputs, 4) + counts + layers + b"".join(header.tables)
        case Trees():
            dimensions = (header.features, header.outputs, header.trees)
            shape = b"".join(number(each, 2) for each in dimensions)
            return start + shape + bytes([header.arg_max]) + number(header.size, 4)
        case Transformer():
            shape = number(header.vocabulary, 4) + number(header.width, 2)
            shape += number(header.hidden, 4) + number(header.layers, 2)
            rms = number(header.rms_multiplier, 4) + number(header.rms_eps, 4)
            return start + shape + bytes(shift_values(header.shifts)) + rms
        case Linear():
            shape = number(header.features, 4) + number(header.outputs, 4)
            return start + shape + bytes([header.answer, header.shift])


def encode_layer(layer: Layer) -> bytes:
    """Return the bytes of a dense layer's header."""
    small = bytes([layer.rounding, layer.shift, layer.activation, layer.table])
    marks = layer.zero.to_bytes(1, "big", signed=True) + layer.six.to_bytes(1, "big", signed=True)
    return number(layer.outputs, 4) + small + marks


def shift_values(shifts: Shifts) -> tuple[int, ...]:
    """Return the shifts in the order of the encoding."""
    return (
        shifts.gemm,
        shifts.down,
        shifts.head,
        shifts.query_key,
        shifts.attention,
        shifts.swiglu,
    )


def number(value: int, size: int) -> bytes:
    """Return an unsigned number."""
    return value.to_bytes(size, "big")


# --- Decoding -------------------------------------------------------------------------------


@dataclass(slots=True)
class Reader:
    """Takes a header apart from the front; whatever is out of its range is a Revert."""

    data: bytes
    position: int = field(default=0)

    def number(self, size: int, least: int, most: int, *, signed: bool = False) -> int:
        """Take a number between two bounds."""
        value = int.from_bytes(self.take(size), "big", signed=signed)
        if not least <= value <= most:
            raise INVALID_HEADER(self.position - size)
        return value

    def take(self, size: int) -> bytes:
        """Take bytes."""
        found = self.data[self.position : self.position + size]
        if len(found) < size:
            raise INVALID_HEADER(len(self.data))
        self.position += size
        return found


def parse(data: bytes) -> Header:
    """Return the header that these bytes are, or raise Revert(InvalidHeader(position))."""
    reader = Reader(data)
    if reader.take(len(MAGIC)) != MAGIC:
        raise INVALID_HEADER(0)
    reader.number(1, FORMAT, FORMAT)
    header = PARSERS[reader.number(1, DENSE, LINEAR)](reader)
    if reader.position != len(data):
        raise INVALID_HEADER(reader.position)
    if weights_size(header) > WEIGHTS_SIZE_MAX:
        raise INVALID_HEADER(len(MAGIC) + 2)
    return header


def parse_dense(reader: Reader) -> Dense:
    """Take the header of a network."""
    inputs = reader.number(4, 1, INPUTS_MAX)
    layer_count = reader.number(1, 1, LAYERS_MAX)
    table_count = reader.number(1, 0, TABLES_MAX)
    layers = [
        parse_layer(reader, table_count, last=index == layer_count - 1)
        for index in range(layer_count)
    ]
    tables = tuple(reader.take(TABLE_SIZE) for _ in range(table_count))
    return Dense(inputs=inputs, layers=tuple(layers), tables=tables)


def parse_layer(reader: Reader, tables: int, *, last: bool) -> Layer:
    """Take the header of a layer. What has no meaning for it must be 0, and `six` 127."""
    outputs = reader.number(4, 1, OUTPUTS_MAX)
    rounding = reader.number(1, BY_SHIFT, NOT_AT_ALL if last else BY_MULTIPLIER)
    raw = rounding == NOT_AT_ALL
    shift = reader.number(1, 0, SHIFT_MAX if rounding == BY_SHIFT else 0)
    activation = reader.number(1, IDENTITY, IDENTITY if raw else OWN_TABLE)
    own = activation == OWN_TABLE
    if own and not tables:
        raise INVALID_HEADER(reader.position - 1)
    table = reader.number(1, 0, tables - 1 if own else 0)
    most = 127 if rounding == BY_MULTIPLIER else 0
    zero = reader.number(1, -128 if most else 0, most, signed=True)
    cut = activation == RELU6
    six = reader.number(1, zero if cut else 127, 127, signed=True)
    return Layer(
        outputs=outputs,
        rounding=rounding,
        shift=shift,
        activation=activation,
        table=table,
        zero=zero,
        six=six,
    )


def parse_trees(reader: Reader) -> Trees:
    """Take the header of an ensemble."""
    return Trees(
        features=reader.number(2, 1, FEATURES_MAX),
        outputs=reader.number(2, 1, LEAF_MAX),
        trees=reader.number(2, 1, TREES_MAX),
        arg_max=reader.number(1, 0, 1) == 1,
        size=reader.number(4, 1, WEIGHTS_SIZE_MAX),
    )


def parse_transformer(reader: Reader) -> Transformer:
    """Take the header of a decoder."""
    return Transformer(
        vocabulary=reader.number(4, 1, VOCABULARY_MAX),
        width=reader.number(2, 1, WIDTH_MAX),
        hidden=reader.number(4, 1, HIDDEN_MAX),
        layers=reader.number(2, 1, TRANSFORMER_LAYERS_MAX),
        shifts=Shifts(
            gemm=reader.number(1, 0, SHIFT_MAX),
            down=reader.number(1, 0, SHIFT_MAX),
            head=reader.number(1, 0, SHIFT_MAX),
            query_key=reader.number(1, 0, SHIFT_MAX),
            attention=reader.number(1, 0, SHIFT_MAX),
            swiglu=reader.number(1, 0, SHIFT_MAX),
        ),
        rms_multiplier=reader.number(4, 1, MULTIPLIER_MAX),
        rms_eps=reader.number(4, 0, EPS_MAX),
    )


def parse_linear(reader: Reader) -> Linear:
    """Take the header of a linear model."""
    features = reader.number(4, 1, LINEAR_FEATURES_MAX)
    outputs = reader.number(4, 1, OUTPUTS_MAX)
    answer = reader.number(1, SCORES, LOGISTIC)
    most = LINEAR_SHIFT_MAX if answer == LOGISTIC else 0
    return Linear(
        features=features, outputs=outputs, answer=answer, shift=reader.number(1, 0, most)
    )


PARSERS: dict[int, Callable[[Reader], Header]] = {
    DENSE: parse_dense,
    TREES: parse_trees,
    TRANSFORMER: parse_transformer,
    LINEAR: parse_linear,
}
