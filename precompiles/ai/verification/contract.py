"""0x0304: claims about what a dense network answers, and how a wrong one is found out.

Who commits to an answer puts a bond behind it, and behind the trace of how it came about. Anybody
may challenge it while the window is open: by showing sums whose output is another one, by a layer
whose product does not hold (Freivalds), or, whatever the size of the model, by a dispute in which
committer and challenger halve the trace until one output of one layer is left, which is then
computed here. The loser's bond goes one half to the winner, and one half to nobody, so that losing
to oneself costs too. A claim that survives becomes final.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ... import abi
from ...backends.blake3 import blake3
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, Start, method
from ..model_registry import store as registry
from ..models import header as models
from ..models.header import DENSE
from . import source, store, trace
from .store import CHALLENGED, FINAL, OPEN, REJECTED, TO_CHOOSE, TO_PROVE, TO_SHOW

ELEMENTS_MAX = 16_384
"""Sums of one layer, over all rows: what a last step takes as call data."""
OUTPUT_SIZE_MAX = 4 * ELEMENTS_MAX
SUMS_SIZE_MAX = 4 * ELEMENTS_MAX
INPUT_SIZE_MAX = 65_536
MATRIX_SIZE_MAX = 65_536
LAYERS_PATH_MAX = 6
PATH_MAX = 32

BOND = 10**18
WINDOW_SECONDS = 600
TURN_SECONDS = 120
BURNED = bytes(20)

HASHED_LAST = 256
"""Blocks whose hash the EVM still tells."""

INCLUDED, HOLDS = 1, 2

# Measured: docs/gas.md.
BYTE_GAS = 6
CELL_GAS = 300
FREIVALDS_GAS = 3_000
FREIVALDS_ROW_GAS = 200
FREIVALDS_ENTRY_GAS = 35
"""Of B and C; one of A is for the kernel, and takes 1."""
STEP_GAS = 1_500

UNSUPPORTED_MODEL = abi.error("UnsupportedModel(uint8 kind)")
INVALID_INPUT = abi.error("InvalidInput(uint256 rowSize, uint256 rowsMax)")
WRONG_STEPS = abi.error("WrongSteps(uint256 expected)")
WRONG_BOND = abi.error("WrongBond(uint256 expected)")
CLAIM_EXISTS = abi.error("ClaimExists(bytes32 claimId)")
WRONG_STATUS = abi.error("WrongStatus(uint8 status)")
WRONG_TURN = abi.error("WrongTurn(uint8 turn)")
NOT_A_PLAYER = abi.error("NotAPlayer(address expected)")
TOO_LATE = abi.error("TooLate(uint64 deadline)")
TOO_EARLY = abi.error("TooEarly(uint64 deadline)")
NOT_INCLUDED = abi.error("NotIncluded()")
WRONG_INPUT = abi.error("WrongInput()")
NO_FRAUD = abi.error("NoFraud()")
INVALID_LAYER = abi.error("InvalidLayer(uint256 layers)")

JOB_OPENED = abi.event(
    "JobOpened(bytes32 indexed jobId, bytes32 indexed modelId, bytes input)",
    {"input": INPUT_SIZE_MAX},
)
COMMITTED = abi.event(
    "Committed(bytes32 indexed claimId, bytes32 indexed jobId, address indexed committer,"
    " bytes32 outputHash, bytes32 traceRoot)"
)
CHALLENGE_OPENED = abi.event("Challenged(bytes32 indexed claimId, address indexed challenger)")
SHOWN = abi.event("Shown(bytes32 indexed claimId, bytes32 left, bytes32 right)")
CHOSEN = abi.event("Chosen(bytes32 indexed claimId, uint32 layer, uint32 first, uint32 leaves)")
DEFENDED = abi.event("Defended(bytes32 indexed claimId, address indexed challenger)")
REJECTED_EVENT = abi.event("Rejected(bytes32 indexed claimId, address indexed winner)")
FINALIZED = abi.event("Finalized(bytes32 indexed claimId, bytes32 indexed jobId)")


def genesis(settings: Mapping[str, Any]) -> Start:
    """Return the storage that the settings `bond`, `window` and `turn` ask for."""
    if unknown := set(settings) - {"admin", "bond", "window", "turn"}:
        raise ValueError(f"{min(unknown)}: no such setting")
    bond = settings.get("bond", BOND)
    window, turn = settings.get("window", WINDOW_SECONDS), settings.get("turn", TURN_SECONDS)
    for name, value, most in (("bond", bond, 1 << 128), ("window", window, 1 << 32)):
        if not isinstance(value, int) or not 0 < value < most:
            raise ValueError(f"{name}: not a number from 1 to {most - 1}")
    if not isinstance(turn, int) or not 0 < turn <= window:
        raise ValueError("turn: not a number of seconds within the window")
    return Start(storage={store.BOND: bond, store.TIMES: window << 64 | turn})


# --- Jobs and claims ------------------------------------------------------------------------


def open_job(call: Call, model_id: bytes, data: bytes) -> bytes:
    """Write a job down, unless it is known.

    The input comes whole and is logged: a claim about an input that nobody knows could not be
    challenged.
    """
    entry = source.sealed(call, model_id)
    if entry.kind != DENSE:
        raise UNSUPPORTED_MODEL(entry.kind)
    header = source.header_of(call, model_id)
    rows, rest = divmod(len(data), header.inputs)
    input_hash = blake3_of(call, data)
    job_id = store.job_id(model_id, input_hash, rows)
    if store.job_exists(call.host.load, job_id):
        return job_id
    widest = max(layer.outputs for layer in header.layers)
    if not rows or rest or rows * widest > ELEMENTS_MAX:
        raise INVALID_INPUT(header.inputs, ELEMENTS_MAX // widest)
    job = store.Job(model_id=model_id, input_hash=input_hash, rows=rows, layers=len(header.layers))
    store.write_job(call.host, job_id, job)
    call.host.emit(*JOB_OPENED.log(job_id, model_id, data))
    return job_id


def commit_result(
    call: Call, job_id: bytes, output_hash: bytes, trace_root: bytes, steps: int
) -> bytes:
    """Stand for an answer."""
    job = store.read_job(call.host.load, job_id)
    if steps != job.layers:
        raise WRONG_STEPS(job.layers)
    take_bond(call)
    claim_id = store.claim_id(job_id, call.caller)
    if store.is_committed(call.host.load, claim_id):
        raise CLAIM_EXISTS(claim_id)
    window, _ = times(call)
    claim = store.Claim(
        claim_id=claim_id,
        committer=call.caller,
        status=OPEN,
        block=call.context.block_number,
        job_id=job_id,
        output_hash=output_hash,
        root=trace_root,
        window_end=call.context.timestamp + window,
    )
    store.write_claim(call.host, claim)
    call.host.emit(*COMMITTED.log(claim_id, job_id, call.caller, output_hash, trace_root))
    return claim_id


def finalize(call: Call, claim_id: bytes) -> None:
    """Close a claim that nobody has broken, and give the bond back."""
    claim = store.read_claim(call.host.load, claim_id)
    require_status(claim, OPEN)
    if call.context.timestamp <= claim.window_end:
        raise TOO_EARLY(claim.window_end)
    store.write_status(call.host, claim, FINAL)
    call.host.transfer(claim.committer, call.host.load(store.BOND))
    call.host.emit(*FINALIZED.log(claim_id, claim.job_id))


def take_bond(call: Call) -> int:
    """Refuse a call that brings another amount than the bond."""
    bond = call.host.load(store.BOND)
    if call.value != bond:
        raise WRONG_BOND(bond)
    return bond


def times(call: Call) -> tuple[int, int]:
    """Return the seconds of a window and of a turn."""
    word = call.host.load(store.TIMES)
    return word >> 64, word & store.MASK_64


def require_status(claim: store.Claim, *allowed: int) -> None:
    """Refuse a claim of which something else has become."""
    if claim.status not in allowed:
        raise WRONG_STATUS(claim.status)


# --- Fraud that one call shows --------------------------------------------------------------


def challenge_output(call: Call, claim_id: bytes, sums: bytes, path: list[bytes]) -> None:
    """Reject a claim whose last sums give another output."""
    claim, job = disputable(call, claim_id)
    header = source.header_of(call, job.model_id)
    last = job.layers - 1
    require_included(call, whole_of(claim, job, last), job, header, last, sums, path)
    output = source.outputs(call, job, header, last, sums)
    if blake3_of(call, output) == claim.output_hash:
        raise NO_FRAUD()
    reject(call, claim, call.caller)


def challenge_product(
    call: Call,
    claim_id: bytes,
    layer: int,
    before: bytes,
    path_before: list[bytes],
    sums: bytes,
    path: list[bytes],
) -> None:
    """Reject a claim in which a layer's sums are not its matrix times its inputs."""
    claim, job = disputable(call, claim_id)
    if layer >= job.layers:
        raise INVALID_LAYER(job.layers)
    header = source.header_of(call, job.model_id)
    require_included(call, whole_of(claim, job, layer), job, header, layer, sums, path)
    inputs = inputs_of(
        call, whole_of(claim, job, layer - 1), job, header, layer, before, path_before
    )
    width, outputs = models.layer_widths(header)[layer]
    matrix = source.matrix(call, job.model_id, header, layer)
    call.host.charge(len(inputs), "columns")
    columns = source.columns_of(inputs, job.rows)
    seed = seed_of(call, claim)
    if holds(call, seed, [outputs, width, job.rows], matrix, columns, sums):
        raise NO_FRAUD()
    reject(call, claim, call.caller)


def holds(call: Call, seed: bytes, shape: list[int], a: bytes, b: bytes, c: bytes) -> bool:
    """Return whether A·B = C by Freivalds' check, charged by the shape."""
    from . import freivalds

    rows, inner, columns = shape
    entries = FREIVALDS_ENTRY_GAS * (inner + rows) * columns
    lines = FREIVALDS_ROW_GAS * (inner + rows)
    call.host.charge(FREIVALDS_GAS + entries + lines + rows * inner, "Freivalds")
    return freivalds.holds(seed, rows, columns, a, b, c)


def seed_of(call: Call, claim: store.Claim) -> bytes:
    """Return what the vectors are drawn from: the commitment and a block that came after it."""
    now = call.context.block_number
    number = max(claim.block + 1, now - HASHED_LAST)
    if number >= now:
        raise TOO_EARLY(call.context.timestamp)
    return claim.root + call.host.block_hash(number)


def disputable(call: Call, claim_id: bytes) -> tuple[store.Claim, store.Job]:
    """Return a claim that may still be broken, and its job."""
    claim = store.read_claim(call.host.load, claim_id)
    require_status(claim, OPEN, CHALLENGED)
    if claim.status == OPEN and call.context.timestamp > claim.window_end:
        raise TOO_LATE(claim.window_end)
    return claim, store.read_job(call.host.load, claim.job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A node of a claim's trace, and a layer under it."""

    node: bytes
    leaves: int
    place: int
    """Of the layer among the leaves."""


def whole_of(claim: store.Claim, job: store.Job, layer: int) -> Part:
    """Return a layer under the root."""
    return Part(node=claim.root, leaves=job.layers, place=layer)


def require_included(
    call: Call,
    part: Part,
    job: store.Job,
    header: models.Dense,
    layer: int,
    sums: bytes,
    path: list[bytes],
) -> None:
    """Refuse sums that a part of the claim's trace does not have for this layer."""
    outputs = header.layers[layer].outputs
    if len(sums) != trace.SUM_SIZE * outputs * job.rows:
        raise abi.INVALID_LENGTH(trace.SUM_SIZE * outputs * job.rows, len(sums))
    length = trace.path_length(part.place, part.leaves)
    if len(path) != length:
        raise abi.INVALID_LENGTH(length, len(path))
    call.host.charge(CELL_GAS * outputs, "cells")
    root = trace.layer_root(layer, sums, job.rows)
    if trace.climb(root, part.place, part.leaves, path) != part.node:
        raise NOT_INCLUDED()


def inputs_of(
    call: Call,
    part: Part,
    job: store.Job,
    header: models.Dense,
    layer: int,
    before: bytes,
    path: list[bytes],
) -> bytes:
    """Return what a layer takes: the job's input, or what the sums before it become."""
    if layer:
        require_included(call, part, job, header, layer - 1, before, path)
        return source.outputs(call, job, header, layer - 1, before)
    if path:
        raise abi.INVALID_LENGTH(0, len(path))
    if len(before) != job.rows * header.inputs:
        raise abi.INVALID_LENGTH(job.rows * header.inputs, len(before))
    if blake3_of(call, before) != job.input_hash:
        raise WRONG_INPUT()
    return before


def blake3_of(call: Call, data: bytes) -> bytes:
    """Return a BLAKE3 hash, charged by length."""
    call.host.charge(100 + len(data) // 32, "BLAKE3")
    return blake3(data)


# --- The dispute ----------------------------------------------------------------------------


def challenge(call: Call, claim_id: bytes) -> None:
    """Begin a dispute about the whole trace."""
    claim = store.read_claim(call.host.load, claim_id)
    require_status(claim, OPEN)
    if call.context.timestamp > claim.window_end:
        raise TOO_LATE(claim.window_end)
    take_bond(call)
    job = store.read_job(call.host.load, claim.job_id)
    game = store.Game(
        challenger=call.caller,
        turn=TO_SHOW,
        within_layer=False,
        deadline=deadline(call),
        layer=0,
        first=0,
        leaves=job.layers,
        node=claim.root,
    )
    store.write_game(call.host, claim_id, store.entered(game, outputs_of(call, job)))
    store.write_status(call.host, claim, CHALLENGED)
    call.host.emit(*CHALLENGE_OPENED.log(claim_id, call.caller))


def show(call: Call, claim_id: bytes, left: bytes, right: bytes) -> None:
    """Show the children of the disputed node."""
    claim, game = playing(call, claim_id, TO_SHOW)
    require_player(call, claim.committer)
    if trace.node(left, right) != game.node:
        raise NOT_INCLUDED()
    store.write_children(call.host, claim_id, left, right)
    game = replace(game, turn=TO_CHOOSE, deadline=deadline(call))
    store.write_game(call.host, claim_id, game)
    call.host.emit(*SHOWN.log(claim_id, left, right))


def choose(call: Call, claim_id: bytes, right: bool) -> None:
    """Dispute one child: the first that is wrong."""
    claim, game = playing(call, claim_id, TO_CHOOSE)
    require_player(call, game.challenger)
    children = store.read_children(call.host.load, claim_id)
    job = store.read_job(call.host.load, claim.job_id)
    game = store.narrowed(game, right, children, outputs_of(call, job), deadline(call))
    store.write_game(call.host, claim_id, game)
    call.host.emit(*CHOSEN.log(claim_id, game.layer, game.first, game.leaves))


def prove(call: Call, claim_id: bytes, before: bytes, path: list[bytes]) -> bool:
    """Compute the one output that is left, and return whether the claim's was wrong."""
    claim, game = playing(call, claim_id, TO_PROVE)
    require_player(call, game.challenger)
    job = store.read_job(call.host.load, claim.job_id)
    header = source.header_of(call, job.model_id)
    agreed = Part(node=game.agreed, leaves=game.agreed_leaves, place=game.agreed_leaves - 1)
    inputs = inputs_of(call, agreed, job, header, game.layer, before, path)
    sums = source.sums(call, job, header, game.layer, game.first, inputs)
    if trace.cell(game.layer, game.first, sums) == game.node:
        defend(call, claim, game)
        return False
    reject(call, claim, game.challenger)
    return True


def timeout(call: Call, claim_id: bytes) -> None:
    """Decide against who let the turn pass."""
    claim = store.read_claim(call.host.load, claim_id)
    require_status(claim, CHALLENGED)
    game = store.read_game(call.host.load, claim_id)
    if call.context.timestamp <= game.deadline:
        raise TOO_EARLY(game.deadline)
    if game.turn == TO_SHOW:
        reject(call, claim, game.challenger)
    else:
        defend(call, claim, game)


def playing(call: Call, claim_id: bytes, turn: int) -> tuple[store.Claim, store.Game]:
    """Return a claim in dispute where this turn is due, and in time."""
    claim = store.read_claim(call.host.load, claim_id)
    require_status(claim, CHALLENGED)
    game = store.read_game(call.host.load, claim_id)
    if game.turn != turn:
        raise WRONG_TURN(game.turn)
    if call.context.timestamp > game.deadline:
        raise TOO_LATE(game.deadline)
    return claim, game


def require_player(call: Call, expected: bytes) -> None:
    """Refuse anybody else."""
    if call.caller != expected:
        raise NOT_A_PLAYER(expected)


def deadline(call: Call) -> int:
    """Return when the next turn has passed."""
    return call.context.timestamp + times(call)[1]


def outputs_of(call: Call, job: store.Job) -> list[int]:
    """Return the outputs of each layer."""
    return [layer.outputs for layer in source.header_of(call, job.model_id).layers]


def reject(call: Call, claim: store.Claim, winner: bytes) -> None:
    """Take the committer's bond: one half for the winner, one half for nobody."""
    host, bond = call.host, call.host.load(store.BOND)
    if claim.status == CHALLENGED:
        host.transfer(store.read_game(host.load, claim.claim_id).challenger, bond)
    store.write_status(host, claim, REJECTED)
    host.transfer(winner, bond // 2)
    host.transfer(BURNED, bond - bond // 2)
    host.emit(*REJECTED_EVENT.log(claim.claim_id, winner))


def defend(call: Call, claim: store.Claim, game: store.Game) -> None:
    """Take the challenger's bond, and open the window anew: others may have waited."""
    host, bond = call.host, call.host.load(store.BOND)
    store.write_status(host, claim, OPEN)
    store.write_window(host, claim, call.context.timestamp + times(call)[0])
    host.transfer(claim.committer, bond // 2)
    host.transfer(BURNED, bond - bond // 2)
    host.emit(*DEFENDED.log(claim.claim_id, game.challenger))


# --- Looking --------------------------------------------------------------------------------


def job_of(call: Call, job_id: bytes) -> tuple[object, ...]:
    """Return a job."""
    job = store.read_job(call.host.load, job_id)
    return job.model_id, job.input_hash, job.rows, job.layers


def job_id_of(_: Call, model_id: bytes, input_hash: bytes, rows: int) -> bytes:
    """Return the id that a job has or would have."""
    return store.job_id(model_id, input_hash, rows)


def claim_id_of(_: Call, job_id: bytes, committer: bytes) -> bytes:
    """Return the id that a claim has or would have."""
    return store.claim_id(job_id, committer)


def claim_of(call: Call, claim_id: bytes) -> tuple[object, ...]:
    """Return a claim."""
    claim = store.read_claim(call.host.load, claim_id)
    return (
        *(claim.job_id, claim.committer, claim.status),
        *(claim.output_hash, claim.root, claim.window_end),
    )


def game_of(call: Call, claim_id: bytes) -> tuple[object, ...]:
    """Return where the dispute about a claim stands."""
    claim = store.read_claim(call.host.load, claim_id)
    require_status(claim, CHALLENGED)
    game = store.read_game(call.host.load, claim_id)
    left, right = store.read_children(call.host.load, claim_id)
    shown = game.turn == TO_CHOOSE
    return (
        *(game.challenger, game.turn, game.deadline, game.within_layer),
        *(game.layer, game.first, game.leaves, game.node),
        *((left, right) if shown else (bytes(32), bytes(32))),
    )


def verify_output(call: Call, claim_id: bytes, output: bytes) -> bool:
    """Return whether a claim is final and these bytes are its output."""
    claim = store.read_claim(call.host.load, claim_id)
    return claim.status == FINAL and blake3(output) == claim.output_hash


def settings_of(call: Call) -> tuple[int, int, int]:
    """Return bond, window and turn."""
    return call.host.load(store.BOND), *times(call)


def verify_freivalds(
    call: Call,
    root: bytes,
    index: int,
    count: int,
    path: list[bytes],
    seed: bytes,
    shape: list[int],
    a: bytes,
    b: bytes,
    c: bytes,
) -> int:
    """Return 1 if the three matrices are a leaf under the root, plus 2 if A·B = C by the seed."""
    rows, inner, columns = shape
    for data, size in ((a, rows * inner), (b, inner * columns), (c, 4 * rows * columns)):
        if not size or len(data) != size:
            raise abi.INVALID_LENGTH(size, len(data))
    if index >= count or len(path) != trace.path_length(index, count):
        raise NOT_INCLUDED()
    leaf = source.product_leaf(shape, a, b, c)
    included = trace.climb(leaf, index, count, path) == root
    return INCLUDED * included | HOLDS * holds(call, seed, shape, a, b, c)


SUMS = {"sums": SUMS_SIZE_MAX}
PATH = {"path": LAYERS_PATH_MAX}
BEFORE = {"before": INPUT_SIZE_MAX}
PROOF_GAS = (Constant(amount=STEP_GAS), PerItem(argument="before", amount=BYTE_GAS))

PRECOMPILE = Precompile(
    address=store.ADDRESS,
    family="ai",
    name="verification",
    interface="IModelVerification",
    version=1,
    summary="Claims about what a network answers, with bonds, challenges and a last word",
    methods=(
        method(
            "openJob(bytes32 modelId, bytes input) returns (bytes32 jobId)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS), PerItem(argument="input", amount=1)),
            handler=open_job,
            summary="Ask what a sealed dense network answers to one or more rows. The input is"
            " logged. Asked again, a question has the same id.",
            bounds={"input": INPUT_SIZE_MAX},
        ),
        method(
            "commitResult(bytes32 jobId, bytes32 outputHash, bytes32 traceRoot, uint256 steps)"
            " returns (bytes32 claimId)",
            mutability="payable",
            gas=(Constant(amount=STEP_GAS),),
            handler=commit_result,
            summary="Stand for an answer with the bond as value: the BLAKE3 hash of the output, the"
            " root of the trace, and its steps, which are the network's layers.",
        ),
        method(
            "challengeOutput(bytes32 claimId, bytes sums, bytes32[] path)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS), PerItem(argument="sums", amount=BYTE_GAS)),
            handler=challenge_output,
            summary="Reject a claim whose output is not what the last sums of its trace become.",
            bounds=SUMS | PATH,
        ),
        method(
            "challengeProduct(bytes32 claimId, uint256 layer, bytes before, bytes32[] pathBefore,"
            " bytes sums, bytes32[] path)",
            mutability="nonpayable",
            gas=(*PROOF_GAS, PerItem(argument="sums", amount=BYTE_GAS)),
            handler=challenge_product,
            summary="Reject a claim in which a layer's sums are not its matrix times its inputs."
            " `before` has the sums of the layer before, or the input of layer 0.",
            bounds=BEFORE | SUMS | PATH | {"pathBefore": LAYERS_PATH_MAX},
        ),
        method(
            "challenge(bytes32 claimId)",
            mutability="payable",
            gas=(Constant(amount=STEP_GAS),),
            handler=challenge,
            summary="Begin a dispute, with the bond as value. The committer is to show next.",
        ),
        method(
            "show(bytes32 claimId, bytes32 left, bytes32 right)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS),),
            handler=show,
            summary="As committer, show the children of the disputed node.",
        ),
        method(
            "choose(bytes32 claimId, bool right)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS),),
            handler=choose,
            summary="As challenger, dispute the first child that is wrong.",
        ),
        method(
            "prove(bytes32 claimId, bytes before, bytes32[] path) returns (bool wrong)",
            mutability="nonpayable",
            gas=PROOF_GAS,
            handler=prove,
            summary="As challenger, have the one output that is left computed, from the sums of the"
            " layer before and their path to the last left neighbour that was not disputed, or from"
            " the input. Whoever was wrong loses the bond.",
            bounds=BEFORE | PATH,
        ),
        method(
            "timeout(bytes32 claimId)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS),),
            handler=timeout,
            summary="Decide against who let the turn pass.",
        ),
        method(
            "finalize(bytes32 claimId)",
            mutability="nonpayable",
            gas=(Constant(amount=STEP_GAS),),
            handler=finalize,
            summary="Close a claim whose window has passed without dispute; the bond goes back.",
        ),
        method(
            "jobOf(bytes32 jobId) returns"
            " (bytes32 modelId, bytes32 inputHash, uint32 rows, uint32 layers)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=job_of,
            summary="Return a job.",
        ),
        method(
            "claimOf(bytes32 claimId) returns (bytes32 jobId, address committer, uint8 status,"
            " bytes32 outputHash, bytes32 traceRoot, uint64 windowEnd)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=claim_of,
            summary="Return a claim. Status: 1 open, 2 in dispute, 3 rejected, 4 final.",
        ),
        method(
            "gameOf(bytes32 claimId) returns (address challenger, uint8 turn, uint64 deadline,"
            " bool withinLayer, uint32 layer, uint32 first, uint32 leaves, bytes32 node,"
            " bytes32 left, bytes32 right)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=game_of,
            summary="Return where a dispute stands. Turn: 1 the committer shows, 2 the challenger"
            " chooses, 3 the challenger proves.",
        ),
        method(
            "verifyOutput(bytes32 claimId, bytes output) returns (bool valid)",
            mutability="view",
            gas=(Constant(amount=500), PerItem(argument="output", amount=1)),
            handler=verify_output,
            summary="Return whether a claim is final and these bytes are its output.",
            bounds={"output": OUTPUT_SIZE_MAX},
        ),
        method(
            "verifyFreivalds(bytes32 root, uint256 index, uint256 count, bytes32[] path,"
            " bytes32 seed, uint32[3] shape, bytes a, bytes b, bytes c) returns (uint8 flags)",
            mutability="pure",
            gas=(Constant(amount=STEP_GAS), PerItem(argument="path", amount=100)),
            handler=verify_freivalds,
            summary="Return 1 if three matrices are a leaf under a root, plus 2 if A·B = C by the"
            " vectors of the seed. Shape: rows, inner, columns; A and B int8, C int32.",
            bounds={
                "path": PATH_MAX,
                "a": MATRIX_SIZE_MAX,
                "b": MATRIX_SIZE_MAX,
                "c": MATRIX_SIZE_MAX,
            },
        ),
        method(
            "jobIdOf(bytes32 modelId, bytes32 inputHash, uint32 rows) returns (bytes32 jobId)",
            mutability="pure",
            gas=(Constant(amount=400),),
            handler=job_id_of,
            summary="Return the id that a job has.",
        ),
        method(
            "claimIdOf(bytes32 jobId, address committer) returns (bytes32 claimId)",
            mutability="pure",
            gas=(Constant(amount=400),),
            handler=claim_id_of,
            summary="Return the id that somebody's claim has.",
        ),
        method(
            "settings() returns (uint256 bond, uint64 window, uint64 turn)",
            mutability="view",
            gas=(Constant(amount=200),),
            handler=settings_of,
            summary="Return the bond in wei, and the seconds of a window and of a turn.",
        ),
    ),
    errors=(
        store.UNKNOWN_JOB,
        store.UNKNOWN_CLAIM,
        registry.UNKNOWN_MODEL,
        registry.NOT_SEALED,
        UNSUPPORTED_MODEL,
        INVALID_INPUT,
        WRONG_STEPS,
        WRONG_BOND,
        CLAIM_EXISTS,
        WRONG_STATUS,
        WRONG_TURN,
        NOT_A_PLAYER,
        TOO_LATE,
        TOO_EARLY,
        NOT_INCLUDED,
        WRONG_INPUT,
        NO_FRAUD,
        INVALID_LAYER,
    ),
    events=(
        JOB_OPENED,
        COMMITTED,
        CHALLENGE_OPENED,
        SHOWN,
        CHOSEN,
        DEFENDED,
        REJECTED_EVENT,
        FINALIZED,
    ),
    references=(
        "Freivalds, Probabilistic machines can use less running time, 1977",
        "Conway et al., opML, arXiv 2401.17555",
    ),
    genesis=genesis,
)
