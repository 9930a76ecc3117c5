"""0x0303: what a registered model answers, in integers only.

The price is known before anything is computed: the registry has kept what a row costs. Reading the
model is charged as reading code, whether or not this node has it at hand.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ... import abi
from ...gas import Constant, PerItem, PerUnit
from ...precompile import Call, Precompile, method
from ..model_registry import store
from ..models import cost, header
from ..models.header import TRANSFORMER

if TYPE_CHECKING:
    from ..models.model import Model
    from .loaded import Kept

INPUT_SIZE_MAX = 131_072
OUTPUT_SIZE_MAX = 262_144
BASE_GAS = 5_000
BYTE_GAS = 8
TOKEN_SIZE = 4

KEPT: "Kept" = {}
"""Models at hand. They change no answer and no price."""

WRONG_KIND = abi.error("WrongKind(uint8 kind)")
INVALID_INPUT_SIZE = abi.error("InvalidInputSize(uint256 row, uint256 actual)")
OUTPUT_TOO_LONG = abi.error("OutputTooLong(uint256 size)")
INVALID_TOKEN = abi.error("InvalidToken(uint256 index)")
INVALID_TOKEN_COUNT = abi.error("InvalidTokenCount(uint256 prompt, uint256 more)")


def infer(call: Call, model_id: bytes, data: bytes) -> bytes:
    """Return the answer to each row of the input, one after another."""
    entry, facts = find(call, model_id)
    if entry.kind == TRANSFORMER:
        raise WRONG_KIND(entry.kind)
    rows, rest = divmod(len(data), facts.input_size)
    if rest or not rows:
        raise INVALID_INPUT_SIZE(facts.input_size, len(data))
    size = rows * facts.output_size
    if size > OUTPUT_SIZE_MAX:
        raise OUTPUT_TOO_LONG(size)
    work = facts.call_cost + rows * facts.row_cost
    call.host.charge(cost.in_gas(work) + BYTE_GAS * size, "infer")
    encoded = read_header(call, model_id)
    loaded = fetch(call, model_id, lambda: header.parse(encoded))
    return loaded.answer(data)  # type: ignore[union-attr]  # no transformer: the kind was looked at


def generate(call: Call, model_id: bytes, prompt: list[int], more: int) -> list[int]:
    """Return the prompt and so many tokens more."""
    entry, facts = find(call, model_id)
    if entry.kind != TRANSFORMER:
        raise WRONG_KIND(entry.kind)
    short = not prompt or not 1 <= more <= header.NEW_TOKENS_MAX
    if short or len(prompt) + more > header.SEQUENCE_MAX:
        raise INVALID_TOKEN_COUNT(len(prompt), more)
    known = header.parse(read_header(call, model_id))
    assert isinstance(known, header.Transformer), "the kind is that of the header"
    for index, token in enumerate(prompt):
        if token >= known.vocabulary:
            raise INVALID_TOKEN(index)
    # The last token is an answer, and not read.
    work = facts.call_cost + cost.of_sequence(known, len(prompt) + more - 1)
    call.host.charge(cost.in_gas(work), "generate")
    loaded = fetch(call, model_id, lambda: known)
    return loaded.generate(prompt, more)  # type: ignore[union-attr]  # as above


def find(call: Call, model_id: bytes) -> tuple[store.Entry, store.Facts]:
    """Return what the registry knows of a model that is sealed."""
    read = partial(call.host.storage_of, store.ADDRESS)
    return store.read_sealed(read, model_id), store.read_facts(read, model_id)


def read_header(call: Call, model_id: bytes) -> bytes:
    """Return the header of a model."""
    read = partial(call.host.storage_of, store.ADDRESS)
    return store.read_header(call.host, read, model_id)


def fetch(call: Call, model_id: bytes, parse: Callable[[], header.Header]) -> "Model":
    """Read the weights, which is charged in any case, and return the model."""
    from ..models import model
    from . import loaded

    chunks = read_chunks(call, model_id)
    return loaded.get(KEPT, model_id, lambda: model.load(parse(), b"".join(chunks)))


def read_chunks(call: Call, model_id: bytes) -> list[memoryview]:
    """Return the weights of a sealed model, chunk by chunk."""
    read = partial(call.host.storage_of, store.ADDRESS)
    manifest = store.kept_code(call.host, read(store.slot_of(model_id, store.MANIFEST)))
    starts = range(0, len(manifest), store.ADDRESS_SIZE)
    accounts = (manifest[start : start + store.ADDRESS_SIZE] for start in starts)
    return [memoryview(call.host.code(account))[len(store.STOP) :] for account in accounts]


PRECOMPILE = Precompile(
    address=(0x0303).to_bytes(20, "big"),
    family="ai",
    name="inference",
    interface="IInference",
    version=1,
    summary="Answers of registered models: int8 networks, trees, linear models, a decoder",
    methods=(
        method(
            "infer(bytes32 modelId, bytes input) returns (bytes output)",
            mutability="view",
            gas=(Constant(amount=BASE_GAS), PerItem(argument="input", amount=BYTE_GAS)),
            handler=infer,
            summary="Answer one or more rows. A dense network takes and gives int8, or gives int32"
            " sums; trees take int32, linear models too, big-endian, and give int64; an arg-max is"
            " a uint32, a probability a uint16 in 65,535ths. Computing, reading the model and the"
            " bytes of the answer are charged on the way: see 0x0302 priceOf.",
            bounds={"input": INPUT_SIZE_MAX, "output": OUTPUT_SIZE_MAX},
        ),
        method(
            "generate(bytes32 modelId, uint32[] prompt, uint32 nNew) returns (uint32[] tokens)",
            mutability="view",
            gas=(
                Constant(amount=BASE_GAS),
                PerItem(argument="prompt", amount=BYTE_GAS * TOKEN_SIZE),
                PerUnit(
                    argument="nNew",
                    amount=BYTE_GAS * TOKEN_SIZE,
                    maximum=header.NEW_TOKENS_MAX,
                ),
            ),
            handler=generate,
            summary="Return the prompt and 1 to 64 tokens more, each the likeliest, of equals the"
            " lowest; 256 in all.",
            bounds={"prompt": header.SEQUENCE_MAX, "tokens": header.SEQUENCE_MAX},
        ),
    ),
    errors=(
        store.UNKNOWN_MODEL,
        store.NOT_SEALED,
        WRONG_KIND,
        INVALID_INPUT_SIZE,
        OUTPUT_TOO_LONG,
        INVALID_TOKEN,
        INVALID_TOKEN_COUNT,
    ),
    references=(
        "Jacob et al., Quantization and Training of Neural Networks, arXiv 1712.05877; gemmlowp",
    ),
)
