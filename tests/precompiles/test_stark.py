"""The STARK verifier and prover: Stone's own proofs, every check, the kernels' twins, the fuzz."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eth_abi import encode as abi_encode
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles import abi
from precompiles.backends.keccak import keccak256
from precompiles.conformance.embedded import World, call_precompile
from precompiles.kernels.felt252 import decode, encode
from precompiles.zk.stark import air as airs
from precompiles.zk.stark import constraints, field, hashing, kernel, reference, verifier
from precompiles.zk.stark.air import Air, Constraint, Node, Profile
from precompiles.zk.stark.channel import Channel, open_channel, work_is_done
from precompiles.zk.stark.contract import PRECOMPILE
from precompiles.zk.stark.encoding import encode as encode_air
from precompiles.zk.stark.examples import fibonacci
from precompiles.zk.stark.field import P
from precompiles.zk.stark.graph import P100, P128, Graph
from precompiles.zk.stark.prover import prove, transforms
from precompiles.zk.stark.prover.check import Violation, violations
from precompiles.zk.stark.prover.domain import coset_coefficients, limbs_of, make_domain, roots
from precompiles.zk.stark.prover.tree import grow, wire
from precompiles.zk.stark.reader import ProofReader
from precompiles.zk.stark.security import proven_bits

FOLDER = Path(__file__).parent / "vectors" / "stark"
STONE = json.loads((FOLDER / "stone.json").read_text("utf-8"))["proofs"]
MADE = json.loads((FOLDER / "proofs.json").read_text("utf-8"))
GOOD = MADE["honest"]["fibonacci"]
CHOOSE = random.Random(7)


# --- Stone ----------------------------------------------------------------------------------


def stone_air(each: dict[str, Any]) -> Air:
    """The statement of Stone's test proofs: two columns, the second one row ahead.

    Its profiles prove next to nothing, so no chain would register it; the verifier does not mind.
    """
    graph = Graph()
    graph.require(graph.cell(0, 1) - graph.cell(1), exempt=1)
    graph.require(graph.cell(1, 1) - graph.cell(0) - graph.cell(1), exempt=1)
    graph.require_cell(0, 0, 1)
    graph.require_cell(0, each["claimedIndex"], graph.public(0))
    profile = Profile(
        log_blowup=each["logBlowup"], queries=each["queries"], work=0, log_fold=1, log_last=0
    )
    log_rows = each["logRows"]
    return graph.air(columns=2, log_rows=(log_rows, log_rows), profile=profile)


def stone_witness(each: dict[str, Any]) -> tuple[list[list[int]], int, bytes]:
    a, b = 1, each["second"]
    columns: list[list[int]] = [[], []]
    for _ in range(1 << each["logRows"]):
        columns[0].append(a)
        columns[1].append(b)
        a, b = b, (a + b) % P
    claimed = columns[0][each["claimedIndex"]]
    return columns, claimed, each["claimedIndex"].to_bytes(8, "big") + field.encode([claimed])


@pytest.mark.parametrize("each", STONE, ids=lambda each: f"stone-{each['number']}")
def test_stones_proofs_are_ours(each: dict[str, Any]) -> None:
    """Byte for byte, where all bytes were published to us; else at many places and in size.

    A proof's last bytes depend, through the channel, on all that came before them.
    """
    columns, claimed, seed = stone_witness(each)
    proof = prove.prove_raw(stone_air(each), columns, [claimed], seed)
    assert len(proof) == each["size"]
    if "proof" in each:
        assert proof.hex() == each["proof"]
    else:
        text = proof.hex()
        assert all(excerpt in text for excerpt in each["excerpts"])
        assert text.startswith(each["excerpts"][0])
        assert text.endswith(each["excerpts"][-1])
    assert verifier.verify(stone_air(each), each["logRows"], seed, [claimed], proof)


@pytest.mark.parametrize("each", [each for each in STONE if "proof" in each], ids=str)
def test_stones_proofs_verify(each: dict[str, Any]) -> None:
    _, claimed, seed = stone_witness(each)
    proof = bytes.fromhex(each["proof"])
    air = stone_air(each)
    assert verifier.verify(air, each["logRows"], seed, [claimed], proof)
    assert not verifier.verify(air, each["logRows"], seed, [claimed + 1], proof)
    assert not verifier.verify(air, each["logRows"], seed + b"\0", [claimed], proof)


def test_the_channel_draws_what_stones_does() -> None:
    """The values are those of lambdaworks' transcript tests, taken from runs of Stone."""
    channel = open_channel(bytes.fromhex("cafecafe"))
    channel.absorb(
        bytes.fromhex("0eb9dcc0fb1854572a01236753ce05139d392aa3aeafe72abff150fe21175594")
    )
    beta = 0x86105FFF7B04ED4068ECCCB8DBF1ED223BD45CD26C3532D6C80A818DBD4FA7
    assert channel.draw_element() == beta
    channel = open_channel(bytes([1, 2]))
    assert channel.draw_index(1024) == 949
    channel = open_channel(bytes([1, 2]))
    drawn = 0x20B962ED1A29C942E11DC63C00B51DE816BCD8BF9ACD221F3FA55E5201D69BE
    assert channel.draw_element() == drawn


def test_four_indices_come_from_one_block() -> None:
    channel = open_channel(b"any")
    block = open_channel(b"any").block()
    indices = [channel.draw_index(1 << 64) for _ in range(4)]
    assert b"".join(index.to_bytes(8, "big") for index in indices) == block
    assert channel.draw_index(1 << 64).to_bytes(8, "big") not in block


# --- Our own proofs -------------------------------------------------------------------------


def verdict(record: dict[str, Any], proof: bytes | None = None) -> bool:
    encoded = bytes.fromhex(record["air"])
    public = [int(value) for value in record["public"]]
    seed = verifier.statement_seed(airs.air_id(encoded), record["logRows"], public)
    content = bytes.fromhex(record["proof"]) if proof is None else proof
    return verifier.verify(airs.parse(encoded), record["logRows"], seed, public, content[1:])


def test_the_prover_is_deterministic() -> None:
    """It still makes the proof that the vectors are made of."""
    public = [int(value) for value in GOOD["public"]]
    columns = [[1, 1, 2, 3], [1, 2, 3, 5]]
    assert (
        prove.prove(airs.parse(bytes.fromhex(GOOD["air"])), columns, public).hex() == GOOD["proof"]
    )


class AlwaysEqual(int):
    def __eq__(self, _: object) -> bool:
        return True

    def __ne__(self, _: object) -> bool:
        return False

    __hash__ = int.__hash__


READ_WORK = verifier.read_work


def skip_work(reader: ProofReader, channel: Channel, bits: int) -> bool:
    READ_WORK(reader, channel, bits)
    return True


@pytest.mark.parametrize(
    ("check", "lie", "believed"),
    [
        ("verifier.composition_at", lambda *_: AlwaysEqual(), {"broken-trace"}),
        ("verifier.read_work", skip_work, {"no-work"}),
        ("kernel.is_last_layer", lambda *_: True, {"last-fold", "forged-composition"}),
    ],
)
def test_each_check_is_what_stops_a_dishonest_prover(
    check: str, lie: Any, believed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check the proof would be believed: so its vector tests it."""
    module, name = check.split(".")
    monkeypatch.setattr({"verifier": verifier, "kernel": kernel}[module], name, lie)
    assert {name for name, record in MADE["dishonest"].items() if verdict(record)} == believed


# --- No forgery -----------------------------------------------------------------------------

VERIFY = next(m for m in PRECOMPILE.methods if m.signature.name == "verify").signature
REGISTER = next(m for m in PRECOMPILE.methods if m.signature.name == "registerAir").signature


def registered(encoded: bytes) -> World:
    world = World()
    data = REGISTER.selector + abi.encode(REGISTER.inputs, [encoded])
    outcome = call_precompile(world, PRECOMPILE.address, data)
    assert outcome.status == "success"
    return world


WORLD = registered(bytes.fromhex(GOOD["air"]))


def believed(proof: bytes) -> bool:
    """Ask the precompile; only a refusal or an answer may come."""
    public = [int(value) for value in GOOD["public"]]
    identifier = airs.air_id(bytes.fromhex(GOOD["air"]))
    data = VERIFY.selector + abi.encode(VERIFY.inputs, [identifier, public, proof])
    outcome = call_precompile(WORLD, PRECOMPILE.address, data, static=True)
    assert outcome.status in ("success", "reverted")
    return outcome.status == "success" and int.from_bytes(outcome.data, "big") == 1


def test_the_good_proof_is_believed() -> None:
    assert believed(bytes.fromhex(GOOD["proof"]))


PROOF = bytes.fromhex(GOOD["proof"])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mutation_of_a_proof_is_believed(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["byte", "word", "cut", "insert", "swap", "random"]))
    place = data.draw(st.integers(0, len(PROOF) - 1))
    if kind == "byte":
        change = data.draw(st.integers(1, 255))
        mutated = PROOF[:place] + bytes([PROOF[place] ^ change]) + PROOF[place + 1 :]
    elif kind == "word":
        start = 1 + (place - 1) // 32 * 32
        mutated = (
            PROOF[:start] + data.draw(st.binary(min_size=32, max_size=32)) + PROOF[start + 32 :]
        )
    elif kind == "cut":
        mutated = PROOF[:place]
    elif kind == "insert":
        mutated = PROOF[:place] + data.draw(st.binary(min_size=1, max_size=64)) + PROOF[place:]
    elif kind == "swap":
        start, other = (1 + at // 32 * 32 for at in (place, data.draw(st.integers(0, 5_000))))
        words = PROOF[start : start + 32], PROOF[other : other + 32]
        mutated = bytearray(PROOF)
        mutated[start : start + 32], mutated[other : other + 32] = words[1], words[0]
        mutated = bytes(mutated)
    else:
        mutated = PROOF[:1] + data.draw(st.binary(max_size=600))
    assert mutated == PROOF or not believed(mutated)


@pytest.mark.campaign
def test_no_flipped_bit_is_believed() -> None:
    for bit in range(8 * len(PROOF)):
        mutated = bytearray(PROOF)
        mutated[bit >> 3] ^= 1 << (bit & 7)
        assert not believed(bytes(mutated)), bit


# --- AIRs -----------------------------------------------------------------------------------


def parsed_or_refused(encoded: bytes) -> Air | None:
    try:
        air = airs.parse(encoded)
        airs.check_degrees(air)
        proven_bits(air)
    except abi.Revert:
        return None
    return air


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_an_encoding_is_canonical(data: st.DataObject) -> None:
    names = ["fibonacci", "two-phases", "periodic"]
    encoded = bytearray.fromhex(MADE["honest"][data.draw(st.sampled_from(names))]["air"])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(encoded) - 1))
        encoded[place] = data.draw(st.integers(0, 255))
    air = parsed_or_refused(bytes(encoded))
    assert air is None or encode_air(air) == encoded


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_air_or_refused(encoded: bytes) -> None:
    air = parsed_or_refused(b"\1" + encoded)
    assert air is None or encode_air(air) == b"\1" + encoded


def test_a_tower_of_powers_is_refused_at_once() -> None:
    nodes = [Node(kind=airs.TRACE, a=0)]
    nodes += [Node(kind=airs.POW, a=i, b=255) for i in range(4_000)]
    air = replace(
        airs.parse(bytes.fromhex(GOOD["air"])),
        nodes=tuple(nodes),
        constraints=(Constraint(node=len(nodes) - 1),),
        boundaries=(),
    )
    with pytest.raises(abi.Revert):
        airs.check_degrees(air)


def profiled(profile: Profile, log_rows: tuple[int, int] = (10, 20)) -> tuple[int, int]:
    return proven_bits(
        replace(
            airs.parse(bytes.fromhex(GOOD["air"])),
            profile=profile,
            least_log_rows=log_rows[0],
            most_log_rows=log_rows[1],
        )
    )


def test_the_profiles_prove_what_they_are_named_for() -> None:
    """Rounded down: 100.9, 127.9 and 73.9 bits up to Johnson's bound for 2**20 rows."""
    assert profiled(P100) == (100, 64)
    assert profiled(P128) == (127, 67)
    assert profiled(Profile(log_blowup=3, queries=36, work=20)) == (73, 49)
    assert profiled(P100, (6, 20))[0] == 100


def test_few_rows_prove_less() -> None:
    """A quotient vouches for one degree more than the trace has: much, of a short one."""
    assert profiled(P100, (5, 20))[0] == 99
    assert profiled(P100, (2, 20))[0] == 92


def test_many_rows_and_no_blowup_prove_nothing() -> None:
    weak = Profile(log_blowup=1, queries=1, work=0)
    assert profiled(weak, (20, 20)) == (0, 0)


# --- The twin of the queries ----------------------------------------------------------------


def answer_of(record: dict[str, Any], proof: bytes) -> bool | bytes:
    try:
        return verdict(record, proof)
    except abi.Revert as error:
        return error.data


def both(record: dict[str, Any], proof: bytes, patch: pytest.MonkeyPatch) -> bool | bytes:
    """Ask the compiled check and the plain one; their answers and refusals are the same."""
    compiled = answer_of(record, proof)
    with patch.context() as patched:
        patched.setattr(verifier, "check_queries", reference.check_queries)
        assert answer_of(record, proof) == compiled
    return compiled


BOUND = {name: each for kind in MADE.values() for name, each in kind.items() if name != "raw"}


@pytest.mark.parametrize("name", BOUND)
def test_the_twin_answers_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    each = BOUND[name]
    proof = bytes.fromhex(each["proof"])
    assert both(each, proof, monkeypatch) is (name in MADE["honest"])
    seen = set()
    for _ in range(60):
        place = CHOOSE.randrange(297, len(proof))
        kind = CHOOSE.randrange(4)
        if kind == 0:
            mutated = proof[:place]
        elif kind == 1:
            mutated = proof[:place] + bytes(CHOOSE.randrange(1, 70)) + proof[place:]
        elif kind == 2:
            mutated = proof[:place] + b"\xff" * 32 + proof[place + 32 :]
        else:
            mutated = proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :]
        seen.add(both(each, mutated, monkeypatch))
    assert True not in seen


@pytest.mark.parametrize("log_fold", [1, 2, 3])
@pytest.mark.parametrize("log_last", [0, 2, 6])
def test_the_twin_agrees_on_every_shape(
    log_fold: int, log_last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = Profile(log_blowup=2, queries=9, work=1, log_fold=log_fold, log_last=log_last)
    for log_rows in range(2, 9):
        air = fibonacci.air((log_rows, log_rows), profile)
        columns, public = fibonacci.witness(log_rows, 3, 5)
        proof = prove.prove(air, columns, public)
        record = {
            "air": encode_air(air).hex(),
            "logRows": log_rows,
            "public": public,
            "proof": proof.hex(),
        }
        assert both(record, proof, monkeypatch) is True
        assert both(record, proof[:-1], monkeypatch) is not True


def test_the_kernel_tests_itself() -> None:
    assert kernel.self_test()


# --- Twins ----------------------------------------------------------------------------------

EDGES = [0, 1, 2, P - 1, P - 2, 2**64 - 1, 2**64, 2**128, 2**192, 2**251]


def elements(count: int) -> list[int]:
    return [
        CHOOSE.choice(EDGES) if CHOOSE.random() < 0.2 else CHOOSE.randrange(P) for _ in range(count)
    ]


def plain_value(coefficients: Sequence[int], point: int) -> int:
    return sum(c * pow(point, i, P) for i, c in enumerate(coefficients)) % P


@pytest.mark.parametrize("log_count", range(6))
def test_evaluating_is_evaluating(log_count: int) -> None:
    count = 1 << log_count
    coefficients = elements(count)
    root = field.root_of_unity(log_count)
    values = encode(coefficients)
    transforms.evaluate(values, roots(log_count))
    expected = [
        plain_value(coefficients, pow(root, field.reversed_bits(i, log_count), P))
        for i in range(count)
    ]
    assert decode(values) == expected
    transforms.interpolate(values, roots(log_count, inverse=True), limbs_of(pow(count, -1, P)))
    assert decode(values) == coefficients


def test_a_domain_is_one_coset_in_reversed_order() -> None:
    domain = make_domain(3, 2)
    root = field.root_of_unity(5)
    points = [3 * pow(root, field.reversed_bits(i, 5), P) % P for i in range(32)]
    assert decode(domain.points) == points
    coefficients = elements(8)
    out = prove.extended([encode(coefficients)], domain)
    assert decode(out[0]) == [plain_value(coefficients, point) for point in points]
    assert decode(coset_coefficients(out[0], 3)) == coefficients + [0] * 24


def test_folding_is_the_verifiers() -> None:
    domain = make_domain(3, 1)
    values, challenge = elements(16), elements(1)[0]
    layer, inverses = (
        encode(values),
        prove.encode([pow(p, -1, P) for p in decode(domain.points[::2])]),
    )
    power = challenge
    for _ in range(3):
        out = np.empty((len(layer) // 2, 4), np.uint64)
        transforms.fold_pairs(layer, inverses, limbs_of(power), out)
        squares = np.empty((len(inverses) // 2, 4), np.uint64)
        transforms.square_even(inverses, squares)
        layer, inverses, power = out, squares, power * power % P
    points = decode(domain.points)
    expected = [
        reference.fold(values[8 * leaf : 8 * leaf + 8], pow(points[8 * leaf], -1, P), challenge)
        for leaf in range(2)
    ]
    assert decode(layer) == expected


@pytest.mark.parametrize("columns", [1, 4, 5, 9])
@pytest.mark.parametrize("group", [1, 2, 8])
def test_a_tree_is_of_keccak(columns: int, group: int) -> None:
    """Of one block, of a block that ends where the padding begins, of several."""
    values = np.stack([encode(elements(16)) for _ in range(columns)])
    tree = grow(values, group)
    leaves = [
        keccak256(wire(np.stack([values[:, row] for row in range(first, first + group)])))
        for first in range(0, 16, group)
    ]
    assert [leaf.tobytes() for leaf in tree.levels[0]] == leaves
    level = leaves
    while len(level) > 1:
        level = [keccak256(a + b) for a, b in zip(level[::2], level[1::2], strict=True)]
    assert tree.root == level[0]


def test_an_opening_leads_to_the_root() -> None:
    values = encode(elements(32))[np.newaxis]
    tree = grow(values, 1)
    for _ in range(40):
        indices = sorted(CHOOSE.sample(range(32), CHOOSE.randrange(1, 32)))
        reader = ProofReader(tree.path(indices))
        hashes = {index: keccak256(tree.leaf(index)) for index in indices}
        assert reference.root_of(hashes, 5, reader) == tree.root
        reader.finish()


def test_the_least_nonce_is_found() -> None:
    seed = keccak256(b"work")
    nonce = prove.find_nonce(seed, 9)
    found = [n for n in range(5_000) if work_is_done(seed, n.to_bytes(8, "big"), 9)]
    assert int.from_bytes(nonce, "big") == found[0]
    words = np.frombuffer(bytearray(seed), np.uint64)
    none = hashing.search(words, np.uint64(60), np.uint64(3), np.uint64(16))
    assert none == 19


def test_a_periodic_column_is_its_polynomial() -> None:
    values = elements(8)
    root = field.root_of_unity(3)
    point = elements(1)[0] + 5
    coefficients = [
        sum(v * pow(root, -i * k, P) for i, v in enumerate(values)) * pow(8, -1, P) % P
        for k in range(8)
    ]
    assert constraints.periodic_at(values, point) == plain_value(coefficients, point)


# --- Checking traces ------------------------------------------------------------------------


def test_violations_name_the_constraint_and_the_row() -> None:
    air = airs.parse(bytes.fromhex(GOOD["air"]))
    columns = [[1, 1, 2, 3], [1, 2, 3, 5]]
    assert list(violations(air, columns, [1, 1, 3])) == []
    assert list(violations(air, columns, [2, 1, 4])) == [
        Violation(constraint=2, row=0),
        Violation(constraint=4, row=3),
    ]
    columns[1][2] = 4
    assert list(violations(air, columns, [1, 1, 3])) == [
        Violation(constraint=1, row=1),
        Violation(constraint=0, row=2),
        Violation(constraint=1, row=2),
    ]
    with pytest.raises(prove.TraceRefusedError):
        prove.prove(air, columns, [1, 1, 3])


def test_a_trace_of_another_shape_is_refused() -> None:
    air = airs.parse(bytes.fromhex(GOOD["air"]))
    for columns in ([[1, 1, 2, 3]], [[1, 1, 2], [1, 2, 3]], [[1, 1, 2, 3], [1, 2]]):
        with pytest.raises(ValueError, match="columns"):
            prove.prove(air, columns, [1, 1, 3])


def test_no_slot_behind_an_air_is_a_registered_one() -> None:
    """An author could write header and bytes of an AIR that proves nothing into his own."""
    world = World()
    data = bytes.fromhex(GOOD["air"])
    register = keccak256(b"registerAir(bytes)")[:4] + abi_encode(["bytes"], [data])
    identifier = call_precompile(world, PRECOMPILE.address, register).data
    assert call_precompile(world, PRECOMPILE.address, asking("air", identifier)).status == "success"
    slots = [slot for owner, slot in world.storage if owner == PRECOMPILE.address]
    assert len(slots) > 2
    follow = [
        int.from_bytes(identifier, "big") + step for step in range(-1, len(slots) + 1) if step
    ]
    for slot in [*slots, *follow]:
        for method in ("air", "security"):
            asked = asking(method, slot.to_bytes(32, "big"))
            outcome = call_precompile(world, PRECOMPILE.address, asked)
            assert outcome.data[:4] == keccak256(b"UnknownAir(bytes32)")[:4]


def asking(method: str, identifier: bytes) -> bytes:
    return keccak256(f"{method}(bytes32)".encode())[:4] + identifier
