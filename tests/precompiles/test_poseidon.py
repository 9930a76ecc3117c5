"""Poseidon: kernels against twins, both against other libraries, constants against the papers."""

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.abi import Revert
from precompiles.conformance.embedded import CONTEXT, Frame, Meter, World
from precompiles.precompile import Call, execute, price
from precompiles.zk.poseidon import circom, contract, grain, kernel, parameters, reference
from precompiles.zk.poseidon.instances import CIRCOM, INSTANCES, digest, joined, node, parts, sponge

VECTORS = Path(__file__).parent / "vectors"
ORACLE = json.loads((VECTORS / "poseidon_circomlibjs.json").read_text())
GENERATED = json.loads((VECTORS / "poseidon_instances.json").read_text())
R = parameters.R
WIDTHS = range(parameters.WIDTH_MIN, parameters.WIDTH_MAX + 1)
EACH_WIDTH = [(number, width) for number, each in INSTANCES.items() for width in each.widths]


@pytest.mark.parametrize("index", range(len(ORACLE)))
def test_circomlibjs(index: int) -> None:
    vector = ORACLE[index]
    inputs = [int(item) for item in vector["inputs"]]
    state = [int(vector["capacity"]), *inputs]
    permuted = [int(item) for item in vector["permuted"]]

    assert reference.circom([0, *inputs])[0] == int(vector["digest"])
    assert circom.permute([0, *inputs])[0] == int(vector["digest"])
    assert reference.circom(state) == permuted
    assert circom.permute(state) == permuted


def test_the_twins_give_what_the_libraries_give() -> None:
    for vector in GENERATED:
        number = vector["instance"]
        arguments = [numbers(each) for each in vector["args"]]
        permute = reference.PERMUTE[number]
        answer: Any
        match vector["method"]:
            case "permute":
                answer = permute(*arguments)
            case "hash":
                answer = digest(number, permute, *arguments)
            case "compress":
                answer = node(number, permute, *arguments)
            case "sponge":
                answer = sponge(number, permute, *arguments)
            case _:
                continue
        assert answer == numbers(vector["result"]), vector["name"]


def numbers(value: Any) -> Any:
    return [int(each) for each in value] if isinstance(value, list) else int(value)


@pytest.mark.parametrize(("number", "width"), EACH_WIDTH)
def test_kernel_equals_reference(number: int, width: int) -> None:
    order = INSTANCES[number].order
    choose = random.Random(width)
    near = [2**32 - 1, 2**32, 2**63, 2**64 - 1, 2**128, 2**192, 2**251, 2**253]
    edges = [0, 1, 2, order - 1, order - 2, *(each for each in near if each < order)]
    states = [[choose.choice(edges) for _ in range(width)] for _ in range(8)]
    states += [[choose.randrange(order) for _ in range(width)] for _ in range(12)]
    states += [[0] * width, [order - 1] * width]
    for state in states:
        assert kernel.PERMUTE[number](list(state)) == reference.PERMUTE[number](list(state))


@pytest.mark.parametrize(("number", "width"), EACH_WIDTH)
def test_the_argument_is_not_modified(number: int, width: int) -> None:
    state = list(range(width))
    kernel.PERMUTE[number](state)
    assert state == list(range(width))


def test_self_test_notices_each_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernel.self_test()
    for number in INSTANCES:
        wrong = {**kernel.PERMUTE, number: lambda state: state}
        monkeypatch.setattr(kernel, "PERMUTE", wrong)
        assert not kernel.self_test()


def test_no_two_short_inputs_share_a_hash() -> None:
    """Zeros at the end, and a Starknet input that looks padded, must not collide."""
    for number in INSTANCES:
        lists = [[0] * count for count in range(1, 10)]
        lists += [[1], [1, 0], [1, 1], [0, 1], [0, 1, 0], [1, 0, 1], [1, 0, 1, 0]]
        permute = kernel.PERMUTE[number]
        if number != CIRCOM:
            lists.append([])
        assert len({digest(number, permute, each) for each in lists}) == len(lists)


def test_a_goldilocks_digest_is_four_elements() -> None:
    lanes = [1, 2, 3, 2**64 - 2**32]
    assert parts(joined(lanes)) == lanes
    assert joined(lanes) >> 192 == 1


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_is_sent_is_answered_or_refused(data: st.DataObject) -> None:
    entry = contract.PRECOMPILE
    method = data.draw(st.sampled_from(entry.methods))
    words = data.draw(st.lists(st.integers(0, 70) | st.integers(0, 2**256 - 1), max_size=12))
    body = b"".join(word.to_bytes(32, "big") for word in words)
    sent = method.signature.selector + body + data.draw(st.binary(max_size=3))
    frame = Frame(world=World(), address=entry.address, meter=Meter(10**9), static=True, depth=0)
    call = Call(
        data=sent,
        caller=bytes(20),
        value=0,
        static=True,
        delegated=False,
        host=frame,
        context=CONTEXT,
    )
    assert price(entry, sent) > 0
    with suppress(Revert):
        execute(entry, call)


@pytest.mark.parametrize("width", WIDTHS)
def test_parameters_have_their_sizes(width: int) -> None:
    chosen = parameters.parameters(width)
    rounds = parameters.FULL_ROUNDS + parameters.PARTIAL_ROUNDS[width - 2]
    assert [len(row) for row in chosen.constants] == [width] * rounds
    assert [len(row) for row in chosen.matrix] == [width] * width
    assert all(0 < entry < R for row in (*chosen.constants, *chosen.matrix) for entry in row)


def test_poseidon2_constants_are_the_published_ones() -> None:
    """The first and last of each table: HorizenLabs', EIP-8182's and Plonky3's."""
    three, four = parameters.poseidon2_bn254(3), parameters.poseidon2_bn254(4)
    eight, twelve = parameters.poseidon2_goldilocks(8), parameters.poseidon2_goldilocks(12)

    assert f"{three.first[0][0]:064x}".startswith("1d066a255517b7fd8bddd3a93f7804ef")
    assert f"{four.first[0][0]:064x}".startswith("19b849f69450b06848da1d39bd5e4a43")
    assert f"{four.last[-1][-1]:064x}".startswith("176563472456aaa746b694c60e182361")
    assert [f"{each:064x}"[:16] for each in four.diagonal] == [
        *("10dc6e9c006ea38b", "0c28145b6a44df3e", "00544b8338791518", "222c01175718386f"),
    ]
    assert (eight.first[0][0], eight.partial[0]) == (0xDD5743E7F2A5A5D9, 0x488897D85FF51F56)
    assert (eight.last[-1][-1], eight.diagonal[5]) == (0x95F2394459FBC25E, 0x7FFFFFFF80000000)
    assert (twelve.first[0][0], twelve.last[-1][-1]) == (0x13DCF33ABA214F46, 0x962DEBA3E9A2CD94)
    assert (len(three.partial), len(four.partial), len(eight.partial)) == (56, 56, 22)


def test_the_register_bit_by_bit() -> None:
    """The generator makes many bits at once; here is the register as the paper draws it."""
    first = grain.seed(254, 3, 8, 57)
    register = [int(bit) for bit in first]
    plain = []
    for _ in range(20_000):
        fresh = 0
        for tap in (62, 51, 38, 23, 13, 0):
            fresh ^= register[tap]
        register = [*register[1:], fresh]
        plain.append(str(fresh))

    pieces = []
    for piece in grain.register_bits(first):
        pieces.append(piece)
        if sum(map(len, pieces)) > 19_000:
            break

    made = "".join(pieces)[:19_000]
    assert made == "".join(plain)[160 : 160 + 19_000]
    assert all(len(piece) % 2 == 0 for piece in pieces)


def test_sparse_matrices_undo_to_the_dense_one() -> None:
    """Bridge and sparse factors together are the plain matrix applied round after round."""
    chosen = parameters.parameters(4)
    matrix = [list(row) for row in chosen.matrix]
    bridge, rows, columns = circom.split_matrices(matrix, 3)
    product = bridge
    for row, column in zip(rows, columns, strict=True):
        sparse = [row, *([c, *(int(i == j) for j in range(3))] for i, c in enumerate(column))]
        product = circom.times_matrix(sparse, product)
    plain = matrix
    for _ in range(3):
        plain = circom.times_matrix(matrix, plain)
    assert product == plain
