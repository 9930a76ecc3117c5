"""What 0x0304 takes from the model registry: headers, and the part of the weights that it needs.

Reading is charged as reading code, computing by its size.
"""

from functools import partial

from ...backends.keccak import keccak256
from ...precompile import Call
from ...storage import Read
from ..model_registry import store as registry
from ..models import header as models
from ..models.layout import BIAS_SIZE, layer_places
from ..models.weights_tree import CHUNK_SIZE
from . import store

# Measured: docs/gas.md.
HEADER_BYTE_GAS = 50
HEADER_BYTES_PAID = 12 + 10 * models.LAYERS_MAX
"""What follows are tables, which take no time."""
PRODUCTS_PER_GAS = 32
SUM_GAS = 2
STEP_GAS = 2_000
"""Of each computation, however small."""


def read_of(call: Call) -> Read:
    """Return what reads a word of the registry."""
    return partial(call.host.storage_of, registry.ADDRESS)


def sealed(call: Call, model_id: bytes) -> registry.Entry:
    """Return what the registry says of a model that is whole."""
    return registry.read_sealed(read_of(call), model_id)


def header_of(call: Call, model_id: bytes) -> models.Dense:
    """Return the header of a model whose job was taken in: a dense network's."""
    encoded = registry.read_header(call.host, read_of(call), model_id)
    call.host.charge(HEADER_BYTE_GAS * min(len(encoded), HEADER_BYTES_PAID), "header")
    header = models.parse(encoded)
    assert isinstance(header, models.Dense), "no other has a job"
    return header


def weights(call: Call, model_id: bytes, start: int, end: int) -> bytes:
    """Return a part of the weights, reading the chunks that have it."""
    read, parts = read_of(call), []
    first, last = start // CHUNK_SIZE, (end - 1) // CHUNK_SIZE
    for index in range(first, last + 1):
        account = read(registry.slot_of(model_id, registry.CHUNKS + index))
        parts.append(registry.kept_code(call.host, account))
    offset = first * CHUNK_SIZE
    return b"".join(parts)[start - offset : end - offset]


def matrix(call: Call, model_id: bytes, header: models.Dense, layer: int) -> bytes:
    """Return the matrix of a layer, output by output."""
    places = layer_places(header)[layer]
    return weights(call, model_id, places.matrix, places.biases)


def outputs(call: Call, job: store.Job, header: models.Dense, layer: int, sums: bytes) -> bytes:
    """Return what a layer's sums become, input row by input row."""
    from . import recompute

    places = layer_places(header)[layer]
    rounding = weights(call, job.model_id, places.biases, places.end)
    call.host.charge(STEP_GAS + SUM_GAS * (len(sums) // BIAS_SIZE), "rounding")
    return recompute.outputs_of(header, layer, rounding, sums, job.rows)


def sums(
    call: Call, job: store.Job, header: models.Dense, layer: int, output: int, inputs: bytes
) -> bytes:
    """Compute the sums of one output of a layer."""
    from . import recompute

    width, _ = models.layer_widths(header)[layer]
    start = layer_places(header)[layer].matrix + output * width
    row = weights(call, job.model_id, start, start + width)
    call.host.charge(STEP_GAS + len(inputs) // PRODUCTS_PER_GAS, "one output")
    return recompute.sums_of(row, inputs, job.rows)


def columns_of(inputs: bytes, rows: int) -> bytes:
    """Return input rows as the columns of a matrix."""
    width = len(inputs) // rows
    return b"".join(inputs[place::width] for place in range(width))


def product_leaf(shape: list[int], a: bytes, b: bytes, c: bytes) -> bytes:
    """Return the leaf that stands for a product of matrices."""
    sizes = b"".join(each.to_bytes(4, "big") for each in shape)
    return keccak256(b"\3" + sizes + keccak256(a) + keccak256(b) + keccak256(c))
