"""Claims about networks: every lie is found, no truth is lost, and bonds go where they belong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import eth_abi
import numpy as np
import pytest
from eth_utils import keccak

from precompiles import kernels
from precompiles.ai.models import reference, weights_tree
from precompiles.ai.models.header import (
    BY_MULTIPLIER,
    BY_SHIFT,
    NOT_AT_ALL,
    OWN_TABLE,
    RELU,
    Dense,
    Layer,
    encode,
    input_size,
    weights_size,
)
from precompiles.ai.models.layout import layer_places
from precompiles.ai.tools import chunks
from precompiles.ai.verification import contract, freivalds, kernel, recompute, store, trace
from precompiles.backends.blake3 import blake3
from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.registry import find

ENTRY, REGISTRY = find("verification"), find("model_registry")
COMMITTER, CHALLENGER, STRANGER = (bytes(19) + bytes([n]) for n in (1, 2, 3))
NOW = 1_700_000_000
BOND, WINDOW, TURN = 1_000, 600, 120
OPEN_JOB = "openJob(bytes32,bytes)"

DEEP = Dense(
    inputs=6,
    layers=(
        Layer(outputs=9, rounding=BY_SHIFT, shift=6, activation=RELU),
        Layer(outputs=5, rounding=BY_MULTIPLIER, activation=OWN_TABLE, zero=3),
        Layer(outputs=7, rounding=BY_SHIFT, shift=5),
        Layer(outputs=3, rounding=NOT_AT_ALL),
    ),
    tables=(bytes(range(128, 256)) + bytes(128),),
)
FLAT = Dense(inputs=4, layers=(Layer(outputs=2, rounding=BY_SHIFT, shift=4),))
SINGLE = Dense(inputs=4, layers=(Layer(outputs=1, rounding=NOT_AT_ALL),))


def weights_of(header: Dense, seed: int) -> bytes:
    made = bytearray(Random(seed).randbytes(weights_size(header)))
    for layer, places in zip(header.layers, layer_places(header), strict=True):
        if layer.rounding == BY_MULTIPLIER:
            for output in range(layer.outputs):
                at = places.multipliers + 4 * output
                made[at] = 0x40 | made[at] & 0x3F
                made[places.shifts + output] &= 7
    return bytes(made)


def encoded(signature: str, *arguments: object) -> bytes:
    inner = signature[signature.index("(") + 1 : -1]
    types = inner.split(",") if inner else []
    return keccak(text=signature)[:4] + eth_abi.encode(types, arguments)


@dataclass
class Scene:
    """A world with a model, a job and an honest answer."""

    header: Dense
    rows: int = 2
    seed: int = 7
    now: int = NOW
    block: int = 1_000
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        world = self.world
        start = contract.genesis({"bond": BOND, "window": WINDOW, "turn": TURN}).storage
        world.storage |= {(ENTRY.address, slot): word for slot, word in start.items()}
        for account in (COMMITTER, CHALLENGER, STRANGER):
            world.balances[account] = 10**6
        self.weights = weights_of(self.header, self.seed)
        self.inputs = Random(self.seed).randbytes(self.rows * input_size(self.header))
        self.model = self.upload(encode(self.header), self.weights)
        self.sums, self.output = self.computed()
        self.job = self.returned("bytes32", OPEN_JOB, self.model, self.inputs)

    def computed(self) -> tuple[list[bytes], bytes]:
        """The trace and the answer, by the plain reference."""
        size = self.header.inputs
        starts = range(0, len(self.inputs), size)
        traces = [
            reference.dense_trace(
                self.header, self.weights, reference.int8s(self.inputs, start, size)
            )
            for start in starts
        ]
        sums = [
            b"".join(
                each[layer].sums[output].to_bytes(4, "big", signed=True)
                for output in range(given.outputs)
                for each in traces
            )
            for layer, given in enumerate(self.header.layers)
        ]
        wide = 4 if self.header.layers[-1].rounding == NOT_AT_ALL else 1
        answer = b"".join(
            value.to_bytes(wide, "big", signed=True)
            for each in traces
            for value in each[-1].outputs
        )
        return sums, answer

    def upload(self, header: bytes, weights: bytes) -> bytes:
        root = weights_tree.root_of(weights)
        begin = encoded("beginModel(bytes,bytes32,uint256)", header, root, 0)
        (model,) = eth_abi.decode(["bytes32"], self.registry(begin))
        pieces = chunks.chunks_of(weights)
        for index, path in enumerate(chunks.proofs_of(pieces)):
            put = "putChunk(bytes32,uint256,bytes,bytes32[])"
            self.registry(encoded(put, model, index, pieces[index], path))
        self.registry(encoded("sealModel(bytes32)", model))
        return bytes(model)

    def registry(self, data: bytes) -> bytes:
        outcome = call_precompile(self.world, REGISTRY.address, data, caller=STRANGER)
        assert outcome.status == "success", outcome
        return outcome.data

    def call(self, signature: str, *arguments: object, **options: Any) -> Outcome:
        context = {"timestamp": self.now, "block_number": self.block}
        given = {"caller": COMMITTER, "context": context, **options}
        return call_precompile(self.world, ENTRY.address, encoded(signature, *arguments), **given)

    def done(self, signature: str, *arguments: object, **options: Any) -> Outcome:
        outcome = self.call(signature, *arguments, **options)
        assert outcome.status == "success", (signature, error_of(outcome))
        return outcome

    def returned(self, kind: str, signature: str, *arguments: object, **options: Any) -> Any:
        return eth_abi.decode([kind], self.done(signature, *arguments, **options).data)[0]

    def commit(self, trace_of_layers: list[bytes], output: bytes) -> bytes:
        self.claimed = trace_of_layers
        self.roots = [
            trace.layer_root(layer, sums, self.rows) for layer, sums in enumerate(trace_of_layers)
        ]
        self.claim: bytes = self.returned(
            "bytes32",
            "commitResult(bytes32,bytes32,bytes32,uint256)",
            *(self.job, blake3(output), trace.root(self.roots), len(trace_of_layers)),
            value=BOND,
        )
        return self.claim

    def path(self, layer: int) -> list[bytes]:
        return trace.prove(self.roots, layer)

    def before(self, layer: int, sums: list[bytes]) -> tuple[bytes, list[bytes]]:
        """What `prove` and `challengeProduct` take of the layer before."""
        return (sums[layer - 1], self.path(layer - 1)) if layer else (self.inputs, [])

    def status(self) -> int:
        fields = ["bytes32", "address", "uint8", "bytes32", "bytes32", "uint64"]
        return int(eth_abi.decode(fields, self.done("claimOf(bytes32)", self.claim).data)[2])

    def game(self) -> dict[str, Any]:
        names = ["challenger", "turn", "deadline", "within", "layer", "first", "leaves"]
        names += ["node", "left", "right"]
        types = ["address", "uint8", "uint64", "bool", *3 * ["uint32"], *3 * ["bytes32"]]
        values = eth_abi.decode(types, self.done("gameOf(bytes32)", self.claim).data)
        return dict(zip(names, values, strict=True))

    def balances(self) -> tuple[int, ...]:
        accounts = (COMMITTER, CHALLENGER, ENTRY.address, contract.BURNED)
        return tuple(self.world.balances.get(each, 0) for each in accounts)


def error_of(outcome: Outcome) -> str:
    assert outcome.status == "reverted", outcome
    known = {each.signature.selector: each.signature.name for each in ENTRY.errors}
    return known.get(outcome.data[:4], outcome.data.hex())


def level_of(scene: Scene, sums: list[bytes], game: dict[str, Any]) -> list[bytes]:
    """The leaves under the disputed node, as one side has them."""
    if game["within"]:
        leaves = trace.cells(game["layer"], sums[game["layer"]], scene.rows)
    else:
        leaves = [trace.layer_root(n, each, scene.rows) for n, each in enumerate(sums)]
    return leaves[game["first"] : game["first"] + game["leaves"]]


def children(leaves: list[bytes]) -> tuple[bytes, bytes]:
    half = trace.split(len(leaves))
    return trace.root(leaves[:half]), trace.root(leaves[half:])


def agreed(scene: Scene, layer: int, mine: list[bytes]) -> tuple[bytes, list[bytes]]:
    """What the challenger proves with: of its own trace alone, not of the committer's."""
    if layer == 0:
        return scene.inputs, []
    roots = [trace.layer_root(n, each, scene.rows) for n, each in enumerate(mine)]
    assert len(roots) == 4
    # ((0 1) (2 3)): before 1 stands 0, before 2 the pair (0 1), before 3 stands 2.
    return mine[layer - 1], [roots[0]] if layer == 2 else []


def play(scene: Scene, mine: list[bytes]) -> None:
    """Dispute to the end: the committer shows its trace, the challenger holds `mine` against it."""
    scene.done("challenge(bytes32)", scene.claim, caller=CHALLENGER, value=BOND)
    while True:
        game = scene.game()
        scene.now += 1
        if game["turn"] == store.TO_SHOW:
            shown = children(level_of(scene, scene.claimed, game))
            scene.done("show(bytes32,bytes32,bytes32)", scene.claim, *shown)
        elif game["turn"] == store.TO_CHOOSE:
            left, _ = children(level_of(scene, mine, game))
            right = left == game["left"]
            scene.done("choose(bytes32,bool)", scene.claim, right, caller=CHALLENGER)
        else:
            before, path = agreed(scene, game["layer"], mine)
            signature = "prove(bytes32,bytes,bytes32[])"
            scene.done(signature, scene.claim, before, path, caller=CHALLENGER)
            return


def lied(sums: list[bytes], layer: int, place: int) -> list[bytes]:
    """A trace with one sum off by one, and nothing after it corrected."""
    changed = bytearray(sums[layer])
    changed[4 * place + 3] ^= 1
    return [bytes(changed) if n == layer else each for n, each in enumerate(sums)]


def carried(scene: Scene, layer: int, place: int) -> tuple[list[bytes], bytes]:
    """A trace with one sum off by a lot and all that follows computed from it: a careful liar's."""
    sums, current = [], scene.inputs
    for index, places in enumerate(layer_places(scene.header)):
        width = len(current) // scene.rows
        matrix = scene.weights[places.matrix : places.biases]
        rows = (matrix[at : at + width] for at in range(0, len(matrix), width))
        mine = bytearray(b"".join(recompute.sums_of(row, current, scene.rows) for row in rows))
        if index == layer:
            mine[4 * place : 4 * place + 2] = b"\1\2"
        sums.append(bytes(mine))
        rounding = scene.weights[places.biases : places.end]
        current = recompute.outputs_of(scene.header, index, rounding, sums[-1], scene.rows)
    return sums, current


# --- Ways a claim can go --------------------------------------------------------------------


@pytest.mark.parametrize("header", [DEEP, FLAT, SINGLE])
def test_an_honest_claim_becomes_final(header: Dense) -> None:
    scene = Scene(header=header)
    claim = scene.commit(scene.sums, scene.output)
    scene.now += WINDOW
    assert error_of(scene.call("finalize(bytes32)", claim)) == "TooEarly"
    scene.now += 1
    verify = "verifyOutput(bytes32,bytes)"
    assert not scene.returned("bool", verify, claim, scene.output)
    scene.done("finalize(bytes32)", claim, caller=STRANGER)
    assert scene.status() == store.FINAL
    assert scene.balances() == (10**6, 10**6, 0, 0)
    assert scene.returned("bool", verify, claim, scene.output)
    altered = scene.output[:-1] + bytes([scene.output[-1] ^ 1])
    assert not scene.returned("bool", verify, claim, altered)
    for signature in ("finalize(bytes32)", "challenge(bytes32)"):
        value = BOND if signature.startswith("challenge") else 0
        assert error_of(scene.call(signature, claim, value=value)) == "WrongStatus"


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("header", "layer", "place"),
    [(DEEP, layer, output) for layer, n in enumerate((9, 5, 7, 3)) for output in {0, n // 2, n - 1}]
    + [(FLAT, 0, 1), (SINGLE, 0, 0)],
)
def test_a_careful_liar_is_found_wherever_the_lie_is(
    header: Dense, layer: int, place: int, rows: int
) -> None:
    scene = Scene(header=header, rows=rows)
    sums, output = carried(scene, layer, place * rows + rows - 1)
    scene.commit(sums, output)
    play(scene, scene.sums)
    assert scene.status() == store.REJECTED
    assert scene.balances() == (10**6 - BOND, 10**6 + BOND // 2, 0, BOND // 2)


@pytest.mark.parametrize("layer", range(4))
def test_a_liar_as_challenger_loses(layer: int) -> None:
    scene = Scene(header=DEEP)
    scene.commit(scene.sums, scene.output)
    play(scene, lied(scene.sums, layer, 1))
    assert scene.status() == store.OPEN
    assert scene.balances() == (10**6 - BOND + BOND // 2, 10**6 - BOND, BOND, BOND // 2)
    # The window is open anew, for those who waited.
    play(scene, lied(scene.sums, layer, 0))
    scene.now += WINDOW + 1
    scene.done("finalize(bytes32)", scene.claim)
    assert scene.balances() == (10**6 + BOND, 10**6 - 2 * BOND, 0, BOND)


WIDE = Dense(
    inputs=250,
    layers=(
        Layer(outputs=100, rounding=BY_SHIFT, shift=9),
        Layer(outputs=90, rounding=BY_MULTIPLIER),
        Layer(outputs=2, rounding=NOT_AT_ALL),
    ),
)


@pytest.mark.parametrize(("layer", "place"), [(0, 0), (0, 65), (0, 99), (1, 0), (1, 89), (2, 1)])
def test_weights_are_found_in_whatever_chunks_they_are(layer: int, place: int) -> None:
    """Rows and roundings that lie in the first, the second or the third account, or across."""
    assert 2 * 16_384 < weights_size(WIDE) < 3 * 16_384
    scene = Scene(header=WIDE)
    sums, output = carried(scene, layer, place * 2 + 1)
    scene.commit(sums, output)
    before, path = scene.before(layer, sums)
    scene.block += 2
    product = "challengeProduct(bytes32,uint256,bytes,bytes32[],bytes,bytes32[])"
    arguments = (scene.claim, layer, before, path, sums[layer], scene.path(layer))
    scene.done("challenge(bytes32)", scene.claim, caller=STRANGER, value=BOND)
    scene.done(product, *arguments, caller=CHALLENGER)
    assert scene.status() == store.REJECTED


def test_a_dispute_takes_as_many_turns_as_the_trace_is_deep() -> None:
    scene = Scene(header=DEEP)
    sums, output = carried(scene, 0, 5)
    scene.commit(sums, output)
    start = scene.now
    play(scene, scene.sums)
    assert scene.now - start == 2 * (2 + 4) + 1 or scene.now - start == 2 * (2 + 3) + 1


def test_a_wrong_output_of_a_right_trace_is_shown_at_once() -> None:
    scene = Scene(header=DEEP)
    wrong = scene.output[:-1] + bytes([scene.output[-1] ^ 1])
    scene.commit(scene.sums, wrong)
    signature = "challengeOutput(bytes32,bytes,bytes32[])"
    scene.done(signature, scene.claim, scene.sums[-1], scene.path(3), caller=CHALLENGER)
    assert scene.status() == store.REJECTED
    assert scene.balances() == (10**6 - BOND, 10**6 + BOND // 2, 0, BOND // 2)


@pytest.mark.parametrize("layer", range(4))
def test_a_wrong_product_is_shown_at_once(layer: int) -> None:
    scene = Scene(header=DEEP, rows=3)
    scene.world.block_hashes[1_001] = keccak(text="later")
    sums, output = carried(scene, layer, 4)
    scene.commit(sums, output)
    before, path = scene.before(layer, sums)
    signature = "challengeProduct(bytes32,uint256,bytes,bytes32[],bytes,bytes32[])"
    arguments = (scene.claim, layer, before, path, sums[layer], scene.path(layer))
    for early in (1_000, 1_001):
        scene.block = early
        assert error_of(scene.call(signature, *arguments, caller=CHALLENGER)) == "TooEarly"
    scene.block = 1_002
    scene.done(signature, *arguments, caller=CHALLENGER)
    assert scene.status() == store.REJECTED


def test_what_is_right_cannot_be_shown_to_be_wrong() -> None:
    scene = Scene(header=DEEP, block=5_000)
    scene.commit(scene.sums, scene.output)
    scene.block += 2_000
    output = "challengeOutput(bytes32,bytes,bytes32[])"
    product = "challengeProduct(bytes32,uint256,bytes,bytes32[],bytes,bytes32[])"
    assert error_of(scene.call(output, scene.claim, scene.sums[3], scene.path(3))) == "NoFraud"
    for layer in range(4):
        before, path = scene.before(layer, scene.sums)
        arguments = (scene.claim, layer, before, path, scene.sums[layer], scene.path(layer))
        assert error_of(scene.call(product, *arguments)) == "NoFraud"
        changed = lied(scene.sums, layer, 0)[layer]
        arguments = (scene.claim, layer, before, path, changed, scene.path(layer))
        assert error_of(scene.call(product, *arguments)) == "NotIncluded"
    before = bytes(len(scene.inputs))
    arguments = (scene.claim, 0, before, [], scene.sums[0], scene.path(0))
    assert error_of(scene.call(product, *arguments)) == "WrongInput"
    arguments = (scene.claim, 4, b"", [], b"", [])
    assert error_of(scene.call(product, *arguments)) == "InvalidLayer"


def test_fraud_shown_during_a_dispute_gives_the_challenger_the_bond_back() -> None:
    scene = Scene(header=DEEP)
    scene.commit(scene.sums, b"wrong")
    # The committer disputes with itself, to keep others out; it does not.
    scene.done("challenge(bytes32)", scene.claim, value=BOND)
    signature = "challengeOutput(bytes32,bytes,bytes32[])"
    scene.done(signature, scene.claim, scene.sums[-1], scene.path(3), caller=CHALLENGER)
    assert scene.balances() == (10**6 - BOND, 10**6 + BOND // 2, 0, BOND // 2)


# --- Silence --------------------------------------------------------------------------------


def test_a_committer_who_does_not_show_loses() -> None:
    scene = Scene(header=DEEP)
    scene.commit(scene.sums, scene.output)
    scene.done("challenge(bytes32)", scene.claim, caller=CHALLENGER, value=BOND)
    scene.now += TURN
    assert error_of(scene.call("timeout(bytes32)", scene.claim)) == "TooEarly"
    scene.now += 1
    shown = children(level_of(scene, scene.claimed, scene.game()))
    assert error_of(scene.call("show(bytes32,bytes32,bytes32)", scene.claim, *shown)) == "TooLate"
    scene.done("timeout(bytes32)", scene.claim, caller=STRANGER)
    assert scene.status() == store.REJECTED
    assert scene.balances() == (10**6 - BOND, 10**6 + BOND // 2, 0, BOND // 2)


@pytest.mark.parametrize("header", [DEEP, SINGLE])
def test_a_challenger_who_does_not_go_on_loses(header: Dense) -> None:
    """Neither where a child is to be chosen, nor where a network of one output is to be proven."""
    scene = Scene(header=header)
    scene.commit(scene.sums, scene.output)
    scene.done("challenge(bytes32)", scene.claim, caller=CHALLENGER, value=BOND)
    if header is DEEP:
        shown = children(level_of(scene, scene.claimed, scene.game()))
        scene.done("show(bytes32,bytes32,bytes32)", scene.claim, *shown)
    scene.now += TURN + 1
    signature = "choose(bytes32,bool)" if header is DEEP else "prove(bytes32,bytes,bytes32[])"
    rest: tuple[object, ...] = (True,) if header is DEEP else (scene.inputs, [])
    late = scene.call(signature, scene.claim, *rest, caller=CHALLENGER)
    assert error_of(late) == "TooLate"
    scene.done("timeout(bytes32)", scene.claim, caller=STRANGER)
    assert scene.status() == store.OPEN
    assert scene.balances() == (10**6 - BOND + BOND // 2, 10**6 - BOND, BOND, BOND // 2)


def test_a_root_without_a_trace_loses() -> None:
    scene = Scene(header=DEEP)
    scene.claimed, scene.roots = [], [bytes(32)]
    signature = "commitResult(bytes32,bytes32,bytes32,uint256)"
    arguments = (scene.job, blake3(scene.output), bytes(32), 4)
    scene.claim = scene.returned("bytes32", signature, *arguments, value=BOND)
    scene.done("challenge(bytes32)", scene.claim, caller=CHALLENGER, value=BOND)
    refused = scene.call("show(bytes32,bytes32,bytes32)", scene.claim, bytes(32), bytes(32))
    assert error_of(refused) == "NotIncluded"
    scene.now += TURN + 1
    scene.done("timeout(bytes32)", scene.claim)
    assert scene.status() == store.REJECTED


# --- Refusals -------------------------------------------------------------------------------


def test_who_may_not_play_and_when() -> None:
    scene = Scene(header=DEEP)
    claim = scene.commit(scene.sums, scene.output)
    assert error_of(scene.call("timeout(bytes32)", claim)) == "WrongStatus"
    assert error_of(scene.call("gameOf(bytes32)", claim)) == "WrongStatus"
    assert error_of(scene.call("show(bytes32,bytes32,bytes32)", claim, claim, claim)) == (
        "WrongStatus"
    )
    assert error_of(scene.call("challenge(bytes32)", claim, value=BOND - 1)) == "WrongBond"
    scene.done("challenge(bytes32)", claim, caller=CHALLENGER, value=BOND)
    assert error_of(scene.call("challenge(bytes32)", claim, value=BOND)) == "WrongStatus"
    scene.now += WINDOW + 1
    assert error_of(scene.call("finalize(bytes32)", claim)) == "WrongStatus"
    scene.now -= WINDOW + 1
    shown = children(level_of(scene, scene.claimed, scene.game()))
    show, choose = "show(bytes32,bytes32,bytes32)", "choose(bytes32,bool)"
    assert error_of(scene.call(show, claim, *shown, caller=STRANGER)) == "NotAPlayer"
    assert error_of(scene.call(show, claim, *reversed(shown))) == "NotIncluded"
    assert error_of(scene.call(choose, claim, True, caller=CHALLENGER)) == "WrongTurn"
    scene.done(show, claim, *shown)
    assert error_of(scene.call(choose, claim, True)) == "NotAPlayer"
    assert error_of(scene.call(show, claim, *shown)) == "WrongTurn"


def test_a_challenge_after_the_window_is_refused() -> None:
    scene = Scene(header=DEEP)
    claim = scene.commit(scene.sums, b"wrong")
    scene.now += WINDOW + 1
    assert error_of(scene.call("challenge(bytes32)", claim, value=BOND)) == "TooLate"
    signature = "challengeOutput(bytes32,bytes,bytes32[])"
    late = scene.call(signature, claim, scene.sums[-1], scene.path(3))
    assert error_of(late) == "TooLate"


def test_jobs_and_claims_that_cannot_be() -> None:
    scene = Scene(header=DEEP)
    commit = "commitResult(bytes32,bytes32,bytes32,uint256)"
    nothing = bytes(32)
    refusals: list[tuple[Callable[[], Outcome], str]] = [
        (lambda: scene.call(commit, nothing, nothing, nothing, 4, value=BOND), "UnknownJob"),
        (lambda: scene.call(commit, scene.job, nothing, nothing, 3, value=BOND), "WrongSteps"),
        (lambda: scene.call(commit, scene.job, nothing, nothing, 4), "WrongBond"),
        (lambda: scene.call("challenge(bytes32)", nothing, value=BOND), "UnknownClaim"),
        (lambda: scene.call(OPEN_JOB, nothing, nothing), "UnknownModel"),
        (lambda: scene.call(OPEN_JOB, scene.model, b""), "InvalidInput"),
        (lambda: scene.call(OPEN_JOB, scene.model, bytes(13)), "InvalidInput"),
        (lambda: scene.call(OPEN_JOB, scene.model, bytes(6 * 1_821)), "InvalidInput"),
    ]  # fmt: skip
    for refused, name in refusals:
        assert error_of(refused()) == name
    scene.done(OPEN_JOB, scene.model, bytes(6 * 1_820))
    assert scene.returned("bytes32", OPEN_JOB, scene.model, scene.inputs) == scene.job
    scene.commit(scene.sums, scene.output)
    again = scene.call(commit, scene.job, nothing, nothing, 4, value=BOND)
    assert error_of(again) == "ClaimExists"


# --- Arithmetic -----------------------------------------------------------------------------


def test_the_kernel_and_its_twin_agree() -> None:
    draw = Random(3)
    tops = [freivalds.P - 1, 0, 1, 2**31 - 1, 2**31, 2**60]
    for rows, width in ((1, 1), (3, 5), (2, 64), (7, 1_000)):
        for edge in (True, False):
            matrix = (
                bytes(draw.choice((0x80, 0x7F, 0, 0xFF)) for _ in range(rows * width))
                if edge
                else draw.randbytes(rows * width)
            )
            vectors = [
                [draw.choice(tops) if edge else draw.randrange(freivalds.P) for _ in range(width)]
                for _ in range(2)
            ]
            plain = [freivalds.product(freivalds.int8s(matrix), vector) for vector in vectors]
            assert freivalds.products(matrix, rows, vectors) == plain


def test_the_kernel_stays_in_its_word_at_its_largest() -> None:
    matrix = np.full((1, 1 << 17), -128, np.int8)
    limbs = np.full((1, 1 << 17), 2**31 - 1, np.int64)
    sums = np.zeros((1, 1), np.int64)
    kernel.products(matrix, limbs, sums)
    assert sums[0, 0] == -128 * (2**31 - 1) * (1 << 17)


def test_freivalds_against_numpy() -> None:
    draw = np.random.default_rng(11)
    for rows, inner, columns in ((1, 1, 1), (4, 9, 3), (16, 33, 8), (2, 300, 1)):
        a = draw.integers(-128, 128, (rows, inner), np.int8)
        b = draw.integers(-128, 128, (inner, columns), np.int8)
        c = (a.astype(np.int64) @ b.astype(np.int64)).astype(">i4")
        seed = draw.bytes(32)
        given = (seed, rows, columns, a.tobytes(), b.tobytes())
        assert freivalds.holds(*given, c.tobytes())
        for _ in range(20):
            wrong = c.copy()
            wrong[draw.integers(rows), draw.integers(columns)] += draw.integers(1, 1_000)
            assert not freivalds.holds(*given, wrong.tobytes())


def test_the_kernels_are_warmed_with_the_others() -> None:
    assert "precompiles.ai.verification.kernel" in kernels.MODULES
    assert kernel.self_test()


@pytest.mark.parametrize("header", [DEEP, FLAT, SINGLE])
def test_single_rows_and_layers_are_those_of_the_reference(header: Dense) -> None:
    for seed in range(20):
        scene = Scene(header=header, rows=1 + seed % 4, seed=seed)
        found = recompute.trace_of(header, scene.weights, scene.inputs, scene.rows)
        assert found == (scene.sums, scene.output)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [({"bond": 0}, "bond"), ({"bond": "1"}, "bond"), ({"window": 0}, "window"),
     ({"turn": 601}, "turn"), ({"turn": 0}, "turn"), ({"bonds": 1}, "bonds")],
)  # fmt: skip
def test_settings_that_are_wrong(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        contract.genesis(settings)
