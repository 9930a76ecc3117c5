"""Vectors of model verification: traces by numpy and a tree of their own, from the description.

The model, its answers and its traces are computed here in numpy's int64, and hashed by eth-utils
and blake3: nothing of the code under test takes part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from blake3 import blake3
from cases import CALLER, Case, call, case, hexed, refused
from eth_utils import keccak

SOURCE = "computed with numpy from the description in precompiles/ai/verification"
ENTRY = "0x0000000000000000000000000000000000000304"
REGISTRY = "0x0000000000000000000000000000000000000302"
BURNED = "0x" + "00" * 20
CHALLENGER = b"\x22" * 20
NOW, WINDOW, TURN, BOND = 1_700_000_000, 600, 120, 1_000_001
BLOCK = 100

JOB, COMMIT = "openJob(bytes32,bytes)", "commitResult(bytes32,bytes32,bytes32,uint256)"
CHALLENGE, SHOW = "challenge(bytes32)", "show(bytes32,bytes32,bytes32)"
CHOOSE, PROVE = "choose(bytes32,bool)", "prove(bytes32,bytes,bytes32[])"
TIMEOUT, FINALIZE = "timeout(bytes32)", "finalize(bytes32)"
OUTPUT = "challengeOutput(bytes32,bytes,bytes32[])"
PRODUCT = "challengeProduct(bytes32,uint256,bytes,bytes32[],bytes,bytes32[])"
FREIVALDS = "verifyFreivalds(bytes32,uint256,uint256,bytes32[],bytes32,uint32[3],bytes,bytes,bytes)"

# Three layers: 3 inputs, 5 outputs shifted by 3 and cut at 0, 4 outputs shifted by 4, 2 raw sums.
HEADER = bytes.fromhex(
    "50415253" "01" "01" "00000003" "03" "00"
    "00000005" "00" "03" "01" "00" "00" "7f"
    "00000004" "00" "04" "00" "00" "00" "7f"
    "00000002" "02" "00" "00" "00" "00" "7f"
)  # fmt: skip
SHAPES = ((5, 3), (4, 5), (2, 4))
MATRICES = [
    np.array([[(37 * (n + 1) * (i + 3) * (j + 5) + 11 * i) % 251 - 125 for j in range(columns)]
              for i in range(rows)], np.int64)
    for n, (rows, columns) in enumerate(SHAPES)
]  # fmt: skip
BIASES = [
    np.array([(-1) ** i * 10 * (n + i) for i in range(rows)]) for n, (rows, _) in enumerate(SHAPES)
]
WEIGHTS = b"".join(
    matrix.astype(np.int8).tobytes() + bias.astype(">i4").tobytes()
    for matrix, bias in zip(MATRICES, BIASES, strict=True)
)
ROWS = 2
INPUTS = np.array([[100, -50, 7], [-128, 127, 0]], np.int64)
INPUT = INPUTS.astype(np.int8).tobytes()


def digest(data: bytes) -> bytes:
    return blake3(data).digest()


# --- The model, and its trace ---------------------------------------------------------------


def after(layer: int, sums: Any) -> Any:
    """What sums, one row for each input row, become."""
    value = sums + BIASES[layer]
    if layer == 0:
        return np.maximum(np.clip(value >> 3, -128, 127), 0)
    return np.clip(value >> 4, -128, 127) if layer == 1 else value


def answer(lie: tuple[int, int, int] | None = None) -> tuple[list[Any], bytes]:
    """Sums of all layers, and the output; a lie is added to one sum of the layer that it names."""
    sums, current = [], INPUTS
    for layer, matrix in enumerate(MATRICES):
        mine = current @ matrix.T
        if lie and lie[0] == layer:
            mine[1, lie[1]] += lie[2]
        sums.append(mine)
        current = after(layer, mine)
    return sums, current.astype(">i4").tobytes()


def written(sums: Any) -> bytes:
    """Sums output by output."""
    return sums.T.astype(">i4").tobytes()


def node(left: bytes, right: bytes) -> bytes:
    return keccak(b"\1" + left + right)


def tree(leaves: list[bytes]) -> bytes:
    """RFC 6962's shape: the left side has the largest power of two."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(tree(leaves[:half]), tree(leaves[half:]))


def cells(layer: int, sums: Any) -> list[bytes]:
    found = []
    for output in range(sums.shape[1]):
        content = sums[:, output].astype(">i4").tobytes()
        found.append(keccak(b"\2" + layer.to_bytes(4, "big") + output.to_bytes(4, "big") + content))
    return found


def layer_roots(sums: list[Any]) -> list[bytes]:
    return [tree(cells(layer, each)) for layer, each in enumerate(sums)]


HONEST, ANSWER = answer()
ROOTS = layer_roots(HONEST)
ROOT = tree(ROOTS)
PATHS = [[ROOTS[1], ROOTS[2]], [ROOTS[0], ROOTS[2]], [node(ROOTS[0], ROOTS[1])]]


def paths(roots: list[bytes]) -> list[list[bytes]]:
    return [[roots[1], roots[2]], [roots[0], roots[2]], [node(roots[0], roots[1])]]


MODEL_ROOT = keccak(b"\0" + bytes(4) + WEIGHTS)
MODEL = keccak(HEADER + MODEL_ROOT)


def named(tag: str, *words: bytes) -> bytes:
    return keccak(tag.encode().ljust(32, b"\0") + b"".join(each.rjust(32, b"\0") for each in words))


JOB_ID = named("PARS/verification/job", MODEL, digest(INPUT), bytes([ROWS]))
CLAIM = named("PARS/verification/claim", JOB_ID, CALLER)


# --- Situations -----------------------------------------------------------------------------


def log(signature: str, indexed: list[bytes], types: str, *values: Any) -> Case:
    data = call(f"x({types})", *values)[4:]
    topics = [keccak(text=signature), *(each.rjust(32, b"\0") for each in indexed)]
    return {"topics": [hexed(each) for each in topics], "data": hexed(data)}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What happened so far, and when it is now."""

    steps: tuple[Case, ...] = ()
    time: int = NOW
    block: int = BLOCK

    def then(self, data: bytes, **more: Any) -> "Stage":
        given = {"caller": hexed(CALLER), "time": self.time, "block": self.block, **more}
        return replace(self, steps=(*self.steps, {"input": hexed(data), **given}))

    def later(self, seconds: int, blocks: int = 0) -> "Stage":
        return replace(self, time=self.time + seconds, block=self.block + blocks)

    @property
    def more(self) -> dict[str, Any]:
        slots = {0: BOND, 1: WINDOW << 64 | TURN}
        storage = {f"0x{k:064x}": f"0x{v:064x}" for k, v in slots.items()}
        return {
            "accounts": {
                ENTRY: {"storage": storage},
                BURNED: {"balance": 1},
                hexed(CHALLENGER): {"balance": 10**24},
            },
            "before": list(self.steps),
            "time": self.time,
            "block": self.block,
        }

    def good(self, name: str, data: bytes, types: list[str], *values: Any, **more: Any) -> Case:
        return case(name, data, types, *values, **{**self.more, **more})

    def bad(self, name: str, data: bytes, error: str, *values: Any, **more: Any) -> Case:
        return refused(name, data, error, *values, **{**self.more, **more})


def uploaded() -> Stage:
    begin = call("beginModel(bytes,bytes32,uint256)", HEADER, MODEL_ROOT, 0)
    put = call("putChunk(bytes32,uint256,bytes,bytes32[])", MODEL, 0, WEIGHTS, [])
    stage = Stage()
    for data in (begin, put, call("sealModel(bytes32)", MODEL)):
        stage = stage.then(data, to=REGISTRY)
    return stage


UPLOADED = uploaded()
ASKED = UPLOADED.then(call(JOB, MODEL, INPUT))


def committing(root: bytes, output: bytes) -> bytes:
    return call(COMMIT, JOB_ID, digest(output), root, 3)


def committed(root: bytes = ROOT, output: bytes = ANSWER) -> Stage:
    return ASKED.then(committing(root, output), value=BOND)


def disputed(stage: Stage) -> Stage:
    return stage.then(call(CHALLENGE, CLAIM), caller=hexed(CHALLENGER), value=BOND)


def children(leaves: list[bytes]) -> tuple[bytes, bytes, int]:
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return tree(leaves[:half]), tree(leaves[half:]), half


def narrowed(stage: Stage, theirs: list[Any], mine: list[Any]) -> tuple[Stage, int]:
    """Play on until one output of one layer is left; return its layer."""
    stage, layer = halved(stage, layer_roots(theirs), layer_roots(mine))
    stage, _ = halved(stage, cells(layer, theirs[layer]), cells(layer, mine[layer]))
    return stage, layer


def halved(stage: Stage, shown: list[bytes], held: list[bytes]) -> tuple[Stage, int]:
    """Play on until one leaf is left; return its place."""
    first = 0
    while len(shown) > 1:
        left, right, half = children(shown)
        goes_right = left == tree(held[:half])
        stage = stage.later(1).then(call(SHOW, CLAIM, left, right))
        stage = stage.later(1).then(call(CHOOSE, CLAIM, goes_right), caller=hexed(CHALLENGER))
        side = slice(half, None) if goes_right else slice(half)
        shown, held, first = shown[side], held[side], first + half * goes_right
    return stage, first


def proving(layer: int, sums: list[Any]) -> bytes:
    if layer == 0:
        return call(PROVE, CLAIM, INPUT, [])
    # Agreed on is layer 0 alone before layer 1, and the node over both before layer 2.
    path = [] if layer == 1 else [layer_roots(sums)[0]]
    return call(PROVE, CLAIM, written(sums[layer - 1]), path)


def cases() -> Iterator[Case]:
    yield from jobs_and_claims()
    yield from shown_at_once()
    yield from disputes()
    yield from refusals()
    yield from freivalds()


def jobs_and_claims() -> Iterator[Case]:
    opened = log("JobOpened(bytes32,bytes32,bytes)", [JOB_ID, MODEL], "bytes", INPUT)
    yield UPLOADED.good("open-job", call(JOB, MODEL, INPUT), ["bytes32"], JOB_ID, logs=[opened])
    yield ASKED.good("open-job-again", call(JOB, MODEL, INPUT), ["bytes32"], JOB_ID)
    types = ["bytes32", "bytes32", "uint32", "uint32"]
    yield ASKED.good("job", call("jobOf(bytes32)", JOB_ID), types, MODEL, digest(INPUT), ROWS, 3)
    made = log(
        "Committed(bytes32,bytes32,address,bytes32,bytes32)", [CLAIM, JOB_ID, CALLER],
        "bytes32,bytes32", digest(ANSWER), ROOT,
    )  # fmt: skip
    data = committing(ROOT, ANSWER)
    yield ASKED.good("commit", data, ["bytes32"], CLAIM, value=BOND, logs=[made])
    claim = committed()
    types = ["bytes32", "address", "uint8", "bytes32", "bytes32", "uint64"]
    fields = (JOB_ID, hexed(CALLER), 1, digest(ANSWER), ROOT, NOW + WINDOW)
    yield claim.good("claim", call("claimOf(bytes32)", CLAIM), types, *fields)
    past = claim.later(WINDOW + 1)
    closed = log("Finalized(bytes32,bytes32)", [CLAIM, JOB_ID], "")
    yield past.good("finalize", call(FINALIZE, CLAIM), [], logs=[closed])
    final = past.then(call(FINALIZE, CLAIM))
    verify = "verifyOutput(bytes32,bytes)"
    yield final.good("verify-output", call(verify, CLAIM, ANSWER), ["bool"], True)
    altered = ANSWER[:-1] + bytes([ANSWER[-1] ^ 1])
    yield final.good("verify-altered-output", call(verify, CLAIM, altered), ["bool"], False)
    yield claim.good("verify-output-of-open", call(verify, CLAIM, ANSWER), ["bool"], False)
    job_id = call("jobIdOf(bytes32,bytes32,uint32)", MODEL, digest(INPUT), ROWS)
    yield case("job-id", job_id, ["bytes32"], JOB_ID)
    claim_id = call("claimIdOf(bytes32,address)", JOB_ID, hexed(CALLER))
    yield case("claim-id", claim_id, ["bytes32"], CLAIM)
    types = ["uint256", "uint64", "uint64"]
    yield Stage().good("settings", call("settings()"), types, BOND, WINDOW, TURN)


def rejected(winner: bytes = CHALLENGER) -> list[Case]:
    return [log("Rejected(bytes32,address)", [CLAIM, winner], "")]


def shown_at_once() -> Iterator[Case]:
    wrong = committed(output=b"another")
    by = {"caller": hexed(CHALLENGER)}
    data = call(OUTPUT, CLAIM, written(HONEST[2]), PATHS[2])
    yield wrong.good("wrong-output", data, [], logs=rejected(), **by)
    yield disputed(wrong).good("wrong-output-in-dispute", data, [], logs=rejected(), **by)
    yield committed().bad("right-output", data, "NoFraud()", **by)
    for layer in range(3):
        sums, output = answer((layer, 1, 1 << 20))
        roots = layer_roots(sums)
        before = (INPUT, []) if layer == 0 else (written(sums[layer - 1]), paths(roots)[layer - 1])
        after_it = (written(sums[layer]), paths(roots)[layer])
        data = call(PRODUCT, CLAIM, layer, *before, *after_it)
        stage = committed(tree(roots), output).later(1, 2)
        yield stage.good(f"wrong-product-{layer}", data, [], logs=rejected(), **by)
        before = (INPUT, []) if layer == 0 else (written(HONEST[layer - 1]), PATHS[layer - 1])
        right = call(PRODUCT, CLAIM, layer, *before, written(HONEST[layer]), PATHS[layer])
        yield committed().later(1, 2).bad(f"right-product-{layer}", right, "NoFraud()", **by)
    soon = committed().later(1, 1)
    yield soon.bad("product-too-soon", right, "TooEarly(uint64)", NOW + 1, **by)


def disputes() -> Iterator[Case]:
    by = {"caller": hexed(CHALLENGER)}
    begun = log("Challenged(bytes32,address)", [CLAIM, CHALLENGER], "")
    data = call(CHALLENGE, CLAIM)
    yield committed().good("challenge", data, [], value=BOND, logs=[begun], **by)
    game = call("gameOf(bytes32)", CLAIM)
    types = ["address", "uint8", "uint64", "bool", *3 * ["uint32"], *3 * ["bytes32"]]
    zero = bytes(32)
    stage = disputed(committed())
    fields = (hexed(CHALLENGER), 1, NOW + TURN, False, 0, 0, 3, ROOT, zero, zero)
    yield stage.good("game", game, types, *fields)
    left, right, _ = children(ROOTS)
    shown = log("Shown(bytes32,bytes32,bytes32)", [CLAIM], "bytes32,bytes32", left, right)
    show = call(SHOW, CLAIM, left, right)
    yield stage.good("show", show, [], logs=[shown])
    stage = stage.then(show)
    fields = (hexed(CHALLENGER), 2, NOW + TURN, False, 0, 0, 3, ROOT, left, right)
    yield stage.good("game-shown", game, types, *fields)
    for name, side, layer, leaves in (("left", False, 0, 2), ("right", True, 2, 2)):
        # On the right stands one layer alone, so the dispute goes on among its outputs.
        chosen = log(
            "Chosen(bytes32,uint32,uint32,uint32)", [CLAIM], "uint32,uint32,uint32",
            layer, 0, leaves,
        )  # fmt: skip
        yield stage.good(f"choose-{name}", call(CHOOSE, CLAIM, side), [], logs=[chosen], **by)
    for layer in range(3):
        sums, output = answer((layer, 1, 3))
        stage, found = narrowed(disputed(committed(tree(layer_roots(sums)), output)), sums, HONEST)
        assert found == layer
        data = proving(layer, sums)
        yield stage.good(f"prove-lie-{layer}", data, ["bool"], True, logs=rejected(), **by)
        mine, _ = answer((layer, 0, 1))
        stage, found = narrowed(disputed(committed()), HONEST, mine)
        data = proving(found, HONEST)
        defended = log("Defended(bytes32,address)", [CLAIM, CHALLENGER], "")
        yield stage.good(f"prove-truth-{layer}", data, ["bool"], False, logs=[defended], **by)
    for output in (3, 4):
        sums, said = answer((0, output, 3))
        stage, _ = narrowed(disputed(committed(tree(layer_roots(sums)), said)), sums, HONEST)
        data = proving(0, sums)
        yield stage.good(f"prove-output-{output}", data, ["bool"], True, logs=rejected(), **by)
        fields = (hexed(CHALLENGER), 3, stage.time + TURN, True, 0, output, 1)
        children_none = (cells(0, sums[0])[output], zero, zero)
        yield stage.good(f"game-output-{output}", game, types, *fields, *children_none)
    last_second = committed().later(WINDOW)
    data = call(CHALLENGE, CLAIM)
    yield last_second.good("challenge-last-second", data, [], value=BOND, logs=[begun], **by)
    data = call(OUTPUT, CLAIM, written(HONEST[2]), PATHS[2])
    late = committed(output=b"another").later(WINDOW)
    yield late.good("output-last-second", data, [], logs=rejected(), **by)
    shown_late = disputed(committed()).later(TURN)
    logs = [log("Shown(bytes32,bytes32,bytes32)", [CLAIM], "bytes32,bytes32", left, right)]
    yield shown_late.good("show-last-second", show, [], logs=logs)
    stage, _ = narrowed(disputed(committed()), HONEST, answer((2, 0, 1))[0])
    yield from silent(stage, show)
    wrong_input = call(PROVE, CLAIM, bytes(6), [])
    sums, output = answer((0, 1, 3))
    stage, _ = narrowed(disputed(committed(tree(layer_roots(sums)), output)), sums, HONEST)
    yield stage.bad("prove-other-input", wrong_input, "WrongInput()", **by)
    sums, output = answer((1, 1, 3))
    stage, _ = narrowed(disputed(committed(tree(layer_roots(sums)), output)), sums, HONEST)
    other = call(PROVE, CLAIM, written(sums[0] + 1), [])
    yield stage.bad("prove-other-sums", other, "NotIncluded()", **by)


def silent(at_the_end: Stage, show: bytes) -> Iterator[Case]:
    by = {"caller": hexed(CHALLENGER)}
    timeout = call(TIMEOUT, CLAIM)
    stage = disputed(committed())
    yield stage.later(TURN + 1).good("timeout-of-committer", timeout, [], logs=rejected())
    yield stage.later(TURN).bad("timeout-too-soon", timeout, "TooEarly(uint64)", NOW + TURN)
    late = stage.later(TURN + 1)
    yield late.bad("show-too-late", show, "TooLate(uint64)", NOW + TURN)
    defended = log("Defended(bytes32,address)", [CLAIM, CHALLENGER], "")
    shown = stage.then(show).later(TURN + 1)
    yield shown.good("timeout-of-challenger", timeout, [], logs=[defended])
    end = at_the_end.later(TURN + 1)
    yield end.good("timeout-at-the-end", timeout, [], logs=[defended])
    left = call(CHOOSE, CLAIM, False)
    yield shown.bad("choose-too-late", left, "TooLate(uint64)", NOW + TURN, **by)


def refusals() -> Iterator[Case]:
    by = {"caller": hexed(CHALLENGER)}
    nothing = bytes(32)
    for name, data, value in (
        ("commit", call(COMMIT, nothing, nothing, nothing, 3), BOND),
        ("job", call("jobOf(bytes32)", nothing), 0),
    ):
        yield ASKED.bad(f"{name}-unknown-job", data, "UnknownJob(bytes32)", nothing, value=value)
    for name, data, value in (
        ("challenge", call(CHALLENGE, nothing), BOND),
        ("claim", call("claimOf(bytes32)", nothing), 0),
        ("finalize", call(FINALIZE, nothing), 0),
        ("timeout", call(TIMEOUT, nothing), 0),
        ("verify", call("verifyOutput(bytes32,bytes)", nothing, b""), 0),
    ):
        yield ASKED.bad(f"{name}-unknown", data, "UnknownClaim(bytes32)", nothing, value=value)
    yield UPLOADED.bad("job-no-model", call(JOB, nothing, INPUT), "UnknownModel(bytes32)", nothing)
    unsealed = replace(UPLOADED, steps=UPLOADED.steps[:1])
    yield unsealed.bad("job-not-sealed", call(JOB, MODEL, INPUT), "NotSealed(uint8)", 1)
    for size in (0, 5, 7, 3 * 3_277):
        data = call(JOB, MODEL, bytes(size))
        yield UPLOADED.bad(f"job-input-{size}", data, "InvalidInput(uint256,uint256)", 3, 3_276)
    yield linear()
    data = call(COMMIT, JOB_ID, nothing, nothing, 2)
    yield ASKED.bad("commit-2-steps", data, "WrongSteps(uint256)", 3, value=BOND)
    data = committing(ROOT, ANSWER)
    for value in (0, BOND - 1, BOND + 1):
        yield ASKED.bad(f"commit-{value}-wei", data, "WrongBond(uint256)", BOND, value=value)
    claim = committed()
    yield claim.bad("commit-twice", data, "ClaimExists(bytes32)", CLAIM, value=BOND)
    challenge, finalize = call(CHALLENGE, CLAIM), call(FINALIZE, CLAIM)
    yield claim.bad("challenge-bond", challenge, "WrongBond(uint256)", BOND, value=1)
    yield claim.later(WINDOW).bad("finalize-soon", finalize, "TooEarly(uint64)", NOW + WINDOW)
    past = claim.later(WINDOW + 1)
    yield past.bad("challenge-late", challenge, "TooLate(uint64)", NOW + WINDOW, value=BOND)
    output = call(OUTPUT, CLAIM, written(HONEST[2]), PATHS[2])
    yield past.bad("output-late", output, "TooLate(uint64)", NOW + WINDOW)
    final = past.then(finalize)
    yield final.bad("finalize-twice", finalize, "WrongStatus(uint8)", 4)
    yield final.bad("challenge-final", challenge, "WrongStatus(uint8)", 4, value=BOND)
    yield final.bad("output-final", output, "WrongStatus(uint8)", 4)
    show, choose = call(SHOW, CLAIM, *children(ROOTS)[:2]), call(CHOOSE, CLAIM, True)
    yield claim.bad("show-undisputed", show, "WrongStatus(uint8)", 1)
    yield claim.bad("game-undisputed", call("gameOf(bytes32)", CLAIM), "WrongStatus(uint8)", 1)
    yield claim.bad("timeout-undisputed", call(TIMEOUT, CLAIM), "WrongStatus(uint8)", 1)
    stage = disputed(claim)
    yield stage.bad("challenge-twice", challenge, "WrongStatus(uint8)", 2, value=BOND)
    yield stage.later(WINDOW + 1).bad("finalize-disputed", finalize, "WrongStatus(uint8)", 2)
    yield stage.bad("show-by-another", show, "NotAPlayer(address)", hexed(CALLER), **by)
    yield stage.bad("choose-first", choose, "WrongTurn(uint8)", 1, **by)
    prove = call(PROVE, CLAIM, INPUT, [])
    yield stage.bad("prove-first", prove, "WrongTurn(uint8)", 1, **by)
    turned = call(SHOW, CLAIM, *reversed(children(ROOTS)[:2]))
    yield stage.bad("show-turned", turned, "NotIncluded()")
    shown = stage.then(show)
    yield shown.bad("show-twice", show, "WrongTurn(uint8)", 2)
    yield shown.bad("choose-by-committer", choose, "NotAPlayer(address)", hexed(CHALLENGER))
    length = "InvalidLength(uint256,uint256)"
    short = call(OUTPUT, CLAIM, written(HONEST[2])[:-4], PATHS[2])
    yield claim.bad("output-short", short, length, 16, 12)
    no_path = call(OUTPUT, CLAIM, written(HONEST[2]), [])
    yield claim.bad("output-no-path", no_path, length, 1, 0)
    other = call(OUTPUT, CLAIM, written(HONEST[2] + 1), PATHS[2])
    yield claim.bad("output-other-sums", other, "NotIncluded()")
    beyond = call(PRODUCT, CLAIM, 3, INPUT, [], written(HONEST[2]), PATHS[2])
    yield claim.bad("product-layer-3", beyond, "InvalidLayer(uint256)", 3)
    stage = claim.later(1, 2)
    for name, data, error, *values in (
        ("path-of-input", call(PRODUCT, CLAIM, 0, INPUT, [ROOT], written(HONEST[0]), PATHS[0]),
         length, 0, 1),
        ("short-input", call(PRODUCT, CLAIM, 0, INPUT[1:], [], written(HONEST[0]), PATHS[0]),
         length, 6, 5),
        ("other-input", call(PRODUCT, CLAIM, 0, bytes(6), [], written(HONEST[0]), PATHS[0]),
         "WrongInput()"),
    ):  # fmt: skip
        yield stage.bad(f"product-{name}", data, error, *values)


def linear() -> Case:
    """A model of another kind: one output of one feature."""
    header = bytes.fromhex("50415253010400000001000000010000")
    weights = bytes(12)
    root = keccak(b"\0" + bytes(4) + weights)
    model = keccak(header + root)
    stage = Stage()
    for data in (
        call("beginModel(bytes,bytes32,uint256)", header, root, 0),
        call("putChunk(bytes32,uint256,bytes,bytes32[])", model, 0, weights, []),
        call("sealModel(bytes32)", model),
    ):
        stage = stage.then(data, to=REGISTRY)
    return stage.bad("job-linear", call(JOB, model, bytes(4)), "UnsupportedModel(uint8)", 4)


def freivalds() -> Iterator[Case]:
    draw = np.random.default_rng(2024)
    for rows, inner, columns in ((1, 1, 1), (3, 4, 2), (8, 40, 5)):
        a = draw.integers(-128, 128, (rows, inner))
        b = draw.integers(-128, 128, (inner, columns))
        c = a @ b
        wrong = c.copy()
        wrong[-1, -1] += 1
        parts = [a.astype(np.int8).tobytes(), b.astype(np.int8).tobytes()]
        sizes = b"".join(n.to_bytes(4, "big") for n in (rows, inner, columns))
        for name, product, holds in (("right", c, 2), ("wrong", wrong, 0)):
            content = [*parts, product.astype(">i4").tobytes()]
            leaf = keccak(b"\3" + sizes + b"".join(keccak(each) for each in content))
            root = node(keccak(b"other"), leaf)
            for where, path, included in (("in", [keccak(b"other")], 1), ("out", [leaf], 0)):
                given = (root, 1, 2, path, keccak(b"seed"), [rows, inner, columns], *content)
                label = f"freivalds-{rows}-{inner}-{columns}-{name}-{where}"
                yield case(label, call(FREIVALDS, *given), ["uint8"], included + holds)
    good = [root, 1, 2, path, keccak(b"seed"), [rows, inner, columns], *content]
    nothing = (root, 1, 2, path, keccak(b"seed"), [0, 1, 1], b"", b"\1", b"")
    data = call(FREIVALDS, *nothing)
    beyond = [*good[:1], 2, 2, [], *good[4:]]
    yield refused("freivalds-beyond", call(FREIVALDS, *beyond), "NotIncluded()")
    yield refused("freivalds-nothing", data, "InvalidLength(uint256,uint256)", 0, 0)
    for name, place, value, error, *values in (
        ("index", 1, 2, "NotIncluded()"),
        ("path", 3, [], "NotIncluded()"),
        ("a-short", 6, content[0][1:], "InvalidLength(uint256,uint256)", 320, 319),
        ("b-short", 7, content[1][1:], "InvalidLength(uint256,uint256)", 200, 199),
        ("c-short", 8, content[2][1:], "InvalidLength(uint256,uint256)", 160, 159),
        ("no-rows", 5, [0, inner, columns], "InvalidLength(uint256,uint256)", 0, 320),
    ):
        changed = [*good[:place], value, *good[place + 1 :]]
        yield refused(f"freivalds-{name}", call(FREIVALDS, *changed), error, *values)
