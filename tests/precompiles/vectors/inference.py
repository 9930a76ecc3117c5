"""Vectors of inference: small models, run by `ai_models.py`, and the published decoder."""

import struct
from collections.abc import Iterator
from functools import partial
from typing import Any

import ai_models
from ai_models import Model, stored
from cases import Case, call, case, hexed, refused
from eth_utils import keccak

from precompiles.ai.model_registry import store
from precompiles.ai.models import header as headers

SOURCE = "the models of tests/precompiles/vectors/ai_models.py, run there by the described rules"
PUBLISHED = "the published int8 test decoder: its generator, its arithmetic and its tokens"

INFER = "infer(bytes32,bytes)"
GENERATE = "generate(bytes32,uint32[],uint32)"
REGISTRY = "0x0000000000000000000000000000000000000302"
OPEN, SEALED, DEPRECATED = 1, 2, 3

DECODER = ai_models.transformer()
CONTRACTS = {f"decoder_{index}": "0x00" + chunk.hex() for index, chunk in enumerate(DECODER.chunks)}


def word(value: int) -> str:
    return f"0x{value:064x}"


def installed(
    model: Model, depth: int = 0, status: int = SEALED, codes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The accounts that a model has; the layout and the costs are the registry's own choice."""
    known = headers.parse(model.header)
    facts = store.facts_of(known, depth)
    base = int.from_bytes(keccak(model.identity), "big")
    owner = int.from_bytes(b"\x55" * 20, "big") << 96
    costs = facts.call_cost << 192 | facts.row_cost << 128
    sizes = facts.input_size << 96 | facts.output_size << 64 | facts.weights_size << 32
    chunks = [f"0x{0xC0DE00 + index:040x}" for index in range(len(model.chunks))]
    kept, manifest = f"0x{0x4EAD:040x}", f"0x{0x11:040x}"
    slots = {
        0: owner | status << 88 | model.header[5] << 80 | len(chunks),
        3: costs | sizes,
        4: int(kept, 16),
        5: int(manifest, 16),
    }
    accounts: dict[str, Any] = {
        REGISTRY: {"storage": {word((base + slot) % 2**256): word(v) for slot, v in slots.items()}},
        kept: stored(model.header),
        manifest: stored(b"".join(bytes.fromhex(chunk[2:]) for chunk in chunks)),
    }
    for index, chunk in enumerate(chunks):
        accounts[chunk] = {"code": codes[index]} if codes else stored(model.chunks[index])
    return accounts


def cases() -> Iterator[Case]:
    yield from dense()
    yield from trees()
    yield from linear()
    yield from decoder()
    yield from refusals()


def rows_of(code: str, *rows: list[int]) -> bytes:
    return b"".join(struct.pack(f">{len(row)}{code}", *row) for row in rows)


def dense() -> Iterator[Case]:
    shifted = partial(ai_models.run_dense, ai_models.SHIFTED, ())
    scaled = partial(ai_models.run_dense, ai_models.SCALED, ai_models.OWN_TABLES)
    for name, model, run, rows in (
        ("shifted", ai_models.dense(3, ai_models.SHIFTED), shifted,
         ([0, 0, 0], [1, 2, 3], [-1, -2, -3], [127, 127, 127], [-128, -128, -128],
          [-128, 127, 1], [100, -100, 50])),
        ("scaled", ai_models.dense(5, ai_models.SCALED, ai_models.OWN_TABLES), scaled,
         ([0] * 5, [127] * 5, [-128] * 5, [-128, 127, -128, 127, -128], [1, -1, 1, -1, 1],
          [10, 20, 30, 40, 50], [-50, 40, -30, 20, -10])),
    ):  # fmt: skip
        accounts = installed(model)
        for index, row in enumerate(rows):
            data = call(INFER, model.identity, rows_of("b", row))
            yield case(
                f"dense-{name}-{index}", data, ["bytes"], run(row), accounts=accounts, static=True
            )
        data = call(INFER, model.identity, rows_of("b", *rows))
        answers = b"".join(run(row) for row in rows)
        yield case(f"dense-{name}-all", data, ["bytes"], answers, accounts=accounts)


def trees() -> Iterator[Case]:
    edges = (-(2**31), -6, -5, -4, 0, 10, 11, 2**31 - 1)
    rows = [[edges[i], edges[(3 * i + 1) % 8], edges[(5 * i + 2) % 8]] for i in range(8)]
    for name, arg_max in (("sums", False), ("arg-max", True)):
        model = ai_models.trees(3, 3, arg_max, ai_models.FOREST)
        accounts = installed(model, depth=2 + 0 + 1)
        run = partial(ai_models.run_trees, 3, arg_max, ai_models.FOREST)
        for index, row in enumerate(rows):
            data = call(INFER, model.identity, rows_of("i", row))
            yield case(f"trees-{name}-{index}", data, ["bytes"], run(row), accounts=accounts)
        data = call(INFER, model.identity, rows_of("i", *rows))
        answers = b"".join(run(row) for row in rows)
        yield case(f"trees-{name}-all", data, ["bytes"], answers, accounts=accounts)


def linear() -> Iterator[Case]:
    least, most = -(2**31), 2**31 - 1
    rows = [[0, 0, 0], [1, -1, 2], [most] * 3, [least] * 3, [most, most, least], [9, 8, -7000]]
    for name, answer, shift in (("scores", 0, 0), ("arg-max", 1, 0), ("logistic", 2, 24)):
        model = ai_models.linear(ai_models.MATRIX, ai_models.BIAS, answer, shift)
        accounts = installed(model)
        run = partial(ai_models.run_linear, ai_models.MATRIX, ai_models.BIAS, answer, shift)
        for index, row in enumerate(rows):
            data = call(INFER, model.identity, rows_of("i", row))
            yield case(f"linear-{name}-{index}", data, ["bytes"], run(row), accounts=accounts)
    tie = ai_models.linear([[1], [1], [-1]], [0, 0, 0], 1)
    for value, first in ((5, 0), (0, 0), (-5, 2)):
        data = call(INFER, tie.identity, rows_of("i", [value]))
        answer = struct.pack(">I", first)
        yield case(f"linear-tie-{value}", data, ["bytes"], answer, accounts=installed(tie))


def decoder() -> Iterator[Case]:
    accounts = installed(DECODER, codes=tuple(CONTRACTS))
    for index, (prompt, more) in enumerate(ai_models.PUBLISHED):
        data = call(GENERATE, DECODER.identity, prompt, len(more))
        answer = prompt + more
        yield case(
            f"decoder-{index}", data, ["uint32[]"], answer, accounts=accounts, source=PUBLISHED
        )
    one = call(GENERATE, DECODER.identity, [1, 7, 13, 2], 1)
    yield case(
        "decoder-one", one, ["uint32[]"], [1, 7, 13, 2, 4], accounts=accounts, source=PUBLISHED
    )
    small = ai_models.small_transformer()
    for name, prompt, more in (
        ("one", [3], 1),
        ("64", [4, 1], 64),
        ("longest", [(i * i + i // 3) % 5 for i in range(255)], 1),
    ):
        data = call(GENERATE, small.identity, prompt, more)
        tokens = ai_models.run_small(prompt, more)
        yield case(f"small-{name}", data, ["uint32[]"], tokens, accounts=installed(small))
    error = "InvalidTokenCount(uint256,uint256)"
    for name, prompt, more in (
        ("no-prompt", [], 1),
        ("no-more", [1], 0),
        ("65-more", [1], 65),
        ("257-in-all", [1] * 193, 64),
        ("256-and-1", [1] * 256, 1),
        ("more-of-2-32", [1], 2**32 - 1),
    ):
        data = call(GENERATE, DECODER.identity, prompt, more)
        yield refused(f"decoder-{name}", data, error, len(prompt), more, accounts=accounts)
    for name, prompt, index in (("48", [0, 48], 1), ("max", [2**32 - 1], 0)):
        data = call(GENERATE, DECODER.identity, prompt, 1)
        yield refused(
            f"decoder-token-{name}", data, "InvalidToken(uint256)", index, accounts=accounts
        )
    data = call(INFER, DECODER.identity, bytes(32))
    yield refused("decoder-infers", data, "WrongKind(uint8)", 3, accounts=accounts)
    data = call(GENERATE, DECODER.identity, [1] * 257, 1)
    yield refused("decoder-257", data, "InvalidLength(uint256,uint256)", 256, 257)


def refusals() -> Iterator[Case]:
    model = ai_models.dense(3, ai_models.SHIFTED)
    accounts, identity = installed(model), model.identity
    size = "InvalidInputSize(uint256,uint256)"
    for length in (0, 1, 2, 4, 5):
        data = call(INFER, identity, bytes(length))
        yield refused(f"input-of-{length}", data, size, 3, length, accounts=accounts)
    good = call(INFER, identity, bytes(3))
    yield refused("unknown", good, "UnknownModel(bytes32)", identity)
    still = {**accounts, **installed(model, status=OPEN)}
    yield refused("open", good, "NotSealed(uint8)", 1, accounts=still)
    generate = call(GENERATE, identity, [1], 1)
    yield refused("generate-unknown", generate, "UnknownModel(bytes32)", identity)
    yield refused("generate-open", generate, "NotSealed(uint8)", 1, accounts=still)
    yield refused("generate-dense", generate, "WrongKind(uint8)", 1, accounts=accounts)
    old = {**accounts, **installed(model, status=DEPRECATED)}
    answer = ai_models.run_dense(ai_models.SHIFTED, (), [0, 0, 0])
    yield case("deprecated", good, ["bytes"], answer, accounts=old)
    wide = ai_models.dense(1, [ai_models.Layer([[1]] * 4, [0] * 4, ai_models.RAW)])
    data = call(INFER, wide.identity, bytes(16_385))
    too_long = "OutputTooLong(uint256)"
    yield refused("output-too-long", data, too_long, 16 * 16_385, accounts=installed(wide))
    five = ai_models.dense(1, [ai_models.Layer([[1]] * 5, [0] * 5, ai_models.SHIFT)])
    data = call(INFER, five.identity, bytes(52_429))
    yield refused("output-one-too-long", data, too_long, 262_145, accounts=installed(five))
    # As long as an answer may be; its bytes alone cost more than the frame has.
    sixteen = ai_models.dense(1, [ai_models.Layer([[1]] * 16, [0] * 16, ai_models.RAW)])
    data = call(INFER, sixteen.identity, bytes(4_096))
    longest = {"input": hexed(data), "accounts": installed(sixteen), "source": SOURCE}
    yield {"name": "output-longest", "outOfGas": True, "frameGas": 1_000_000, **longest}
    data = call(INFER, identity, bytes(131_073))
    yield refused("input-too-long", data, "InvalidLength(uint256,uint256)", 131_072, 131_073)
    for name, data in (("infer", good), ("generate", generate)):
        yield refused(f"{name}-value", data, "ValueRefused(uint256)", 1, value=1)
        yield refused(f"{name}-delegated", data, "DelegateCallRefused()", delegated=True)
    enough = {**case("out-of-gas", good, ["bytes"], answer, accounts=accounts), "outOfGas": True}
    del enough["output"]
    for gas in (15_000, 16_000, 20_000):
        yield {**enough, "name": f"out-of-gas-{gas}", "frameGas": gas, "source": SOURCE}
    assert hexed(good[:4]) == "0x54616cd8"
    assert hexed(generate[:4]) == "0xe36c5d50"
