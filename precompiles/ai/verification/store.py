"""How 0x0304 keeps jobs, claims and games. Knows no methods and moves no money.

Layout. A job's slots, and a claim's, are counted from the hash of its id (see `ids`).

    job + 0       model
    job + 1       hash of the input
    job + 2       1 (1) at 64 | layers of the model (32) at 32 | input rows (32)

    claim + 0     committer (160) at 96 | status (8) at 88 | block of the commitment (64)
    claim + 1     job
    claim + 2     hash of the output
    claim + 3     root of the trace
    claim + 4     end of the window (64)

    claim + 5     challenger (160) at 96 | turn (8) at 88 | within a layer (8) at 80 | deadline (64)
    claim + 6     leaves under the agreed node (32) at 96 | layer (32) at 64 | first leaf (32) at 32
                  | leaves (32), under the disputed node
    claim + 7     the disputed node
    claim + 8, 9  its children, once shown
    claim + 10    the agreed node: the last left neighbour, among layers, that was not disputed

    0             the bond
    1             seconds of the window (64) at 64 | seconds of a turn (64)
"""

from dataclasses import dataclass, replace

from ... import abi
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...precompile import Host
from ...storage import Read
from . import trace

ADDRESS = (0x0304).to_bytes(20, "big")

BOND, TIMES = 0, 1
INPUT, SHAPE = 1, 2
JOB, OUTPUT, ROOT, WINDOW, TURN, PLACE, NODE, LEFT, RIGHT, AGREED = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10

NO_CLAIM, OPEN, CHALLENGED, REJECTED, FINAL = 0, 1, 2, 3, 4
TO_SHOW, TO_CHOOSE, TO_PROVE = 1, 2, 3
"""The committer shows two children, the challenger chooses one, and proves at the end."""

EXISTS = 1 << 64
WORD_MASK = (1 << 256) - 1
MASK_64 = (1 << 64) - 1
MASK_32 = (1 << 32) - 1

UNKNOWN_JOB = abi.error("UnknownJob(bytes32 jobId)")
UNKNOWN_CLAIM = abi.error("UnknownClaim(bytes32 claimId)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A question: a model, an input, and how many rows the input has."""

    model_id: bytes
    input_hash: bytes
    rows: int
    layers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An answer that somebody stands for with a bond."""

    claim_id: bytes
    committer: bytes
    status: int
    block: int
    job_id: bytes
    output_hash: bytes
    root: bytes
    window_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """A dispute about one node of a claim's trace, and all that is under it."""

    challenger: bytes
    turn: int
    within_layer: bool
    deadline: int
    layer: int
    """Of use within a layer only."""
    first: int
    leaves: int
    """From `first` on: layers of the network, or outputs of the layer."""
    node: bytes
    agreed: bytes = bytes(abi.WORD)
    """The node whose last leaf is the layer before the disputed one."""
    agreed_leaves: int = 0


def slot_of(identifier: bytes, part: int = 0) -> int:
    """Return a slot of a job or a claim."""
    return slot_of_id(identifier, part)


def hashed(tag: bytes, *words: bytes) -> bytes:
    """Return an id that nothing of another kind has."""
    return keccak256(tag.ljust(abi.WORD, b"\0") + b"".join(words))


def word(number: int) -> bytes:
    """Return a number as a word."""
    return number.to_bytes(abi.WORD, "big")


def job_id(model_id: bytes, input_hash: bytes, rows: int) -> bytes:
    """Return the id of a job."""
    return hashed(b"PARS/verification/job", model_id, input_hash, word(rows))


def claim_id(job: bytes, committer: bytes) -> bytes:
    """Return the id of somebody's claim about a job."""
    return hashed(b"PARS/verification/claim", job, committer.rjust(abi.WORD, b"\0"))


def read_word(read: Read, identifier: bytes, part: int) -> bytes:
    """Return a slot as bytes."""
    return word(read(slot_of(identifier, part)))


def write_job(host: Host, identifier: bytes, job: Job) -> None:
    """Write a new job."""
    host.store(slot_of(identifier), int.from_bytes(job.model_id, "big"))
    host.store(slot_of(identifier, INPUT), int.from_bytes(job.input_hash, "big"))
    host.store(slot_of(identifier, SHAPE), EXISTS | job.layers << 32 | job.rows)


def job_exists(read: Read, identifier: bytes) -> bool:
    """Return whether there is such a job."""
    return bool(read(slot_of(identifier, SHAPE)) & EXISTS)


def read_job(read: Read, identifier: bytes) -> Job:
    """Return a job that exists."""
    shape = read(slot_of(identifier, SHAPE))
    if not shape & EXISTS:
        raise UNKNOWN_JOB(identifier)
    return Job(
        model_id=read_word(read, identifier, 0),
        input_hash=read_word(read, identifier, INPUT),
        rows=shape & MASK_32,
        layers=shape >> 32 & MASK_32,
    )


def write_claim(host: Host, claim: Claim) -> None:
    """Write a new claim."""
    write_status(host, claim, claim.status)
    host.store(slot_of(claim.claim_id, JOB), int.from_bytes(claim.job_id, "big"))
    host.store(slot_of(claim.claim_id, OUTPUT), int.from_bytes(claim.output_hash, "big"))
    host.store(slot_of(claim.claim_id, ROOT), int.from_bytes(claim.root, "big"))
    write_window(host, claim, claim.window_end)


def write_status(host: Host, claim: Claim, status: int) -> None:
    """Write what has become of a claim."""
    committer = int.from_bytes(claim.committer, "big") << 96
    host.store(slot_of(claim.claim_id), committer | status << 88 | claim.block)


def write_window(host: Host, claim: Claim, end: int) -> None:
    """Write when a claim can no longer be challenged."""
    host.store(slot_of(claim.claim_id, WINDOW), end)


def read_claim(read: Read, identifier: bytes) -> Claim:
    """Return a claim that exists."""
    first = read(slot_of(identifier))
    status = first >> 88 & 0xFF
    if status == NO_CLAIM:
        raise UNKNOWN_CLAIM(identifier)
    return Claim(
        claim_id=identifier,
        committer=(first >> 96).to_bytes(20, "big"),
        status=status,
        block=first & MASK_64,
        job_id=read_word(read, identifier, JOB),
        output_hash=read_word(read, identifier, OUTPUT),
        root=read_word(read, identifier, ROOT),
        window_end=read(slot_of(identifier, WINDOW)),
    )


def is_committed(read: Read, identifier: bytes) -> bool:
    """Return whether a claim was ever made."""
    return read(slot_of(identifier)) != 0


def write_game(host: Host, identifier: bytes, game: Game) -> None:
    """Write where a dispute stands."""
    challenger = int.from_bytes(game.challenger, "big") << 96
    flags = game.turn << 88 | game.within_layer << 80
    host.store(slot_of(identifier, TURN), challenger | flags | game.deadline)
    place = game.agreed_leaves << 96 | game.layer << 64 | game.first << 32 | game.leaves
    host.store(slot_of(identifier, PLACE), place)
    host.store(slot_of(identifier, NODE), int.from_bytes(game.node, "big"))
    host.store(slot_of(identifier, AGREED), int.from_bytes(game.agreed, "big"))


def read_game(read: Read, identifier: bytes) -> Game:
    """Return where a dispute stands; there has been one."""
    first, place = read(slot_of(identifier, TURN)), read(slot_of(identifier, PLACE))
    return Game(
        challenger=(first >> 96).to_bytes(20, "big"),
        turn=first >> 88 & 0xFF,
        within_layer=bool(first >> 80 & 0xFF),
        deadline=first & MASK_64,
        layer=place >> 64 & MASK_32,
        first=place >> 32 & MASK_32,
        leaves=place & MASK_32,
        node=read_word(read, identifier, NODE),
        agreed=read_word(read, identifier, AGREED),
        agreed_leaves=place >> 96 & MASK_32,
    )


def write_children(host: Host, identifier: bytes, left: bytes, right: bytes) -> None:
    """Write what the committer has shown."""
    host.store(slot_of(identifier, LEFT), int.from_bytes(left, "big"))
    host.store(slot_of(identifier, RIGHT), int.from_bytes(right, "big"))


def read_children(read: Read, identifier: bytes) -> tuple[bytes, bytes]:
    """Return what the committer has shown last."""
    return read_word(read, identifier, LEFT), read_word(read, identifier, RIGHT)


def narrowed(
    game: Game, right: bool, children: tuple[bytes, bytes], outputs: list[int], deadline: int
) -> Game:
    """Return the dispute about one child. `outputs` are those of each layer."""
    left = trace.split(game.leaves)
    chosen = replace(
        game,
        turn=TO_SHOW,
        deadline=deadline,
        first=game.first + left if right else game.first,
        leaves=game.leaves - left if right else left,
        node=children[right],
    )
    if right and not game.within_layer:
        chosen = replace(chosen, agreed=children[0], agreed_leaves=left)
    return entered(chosen, outputs)


def entered(game: Game, outputs: list[int]) -> Game:
    """Go on from a layer to its outputs, and from the last output to its proof."""
    if game.leaves > 1:
        return game
    if game.within_layer:
        return replace(game, turn=TO_PROVE)
    layer = game.first
    return entered(
        replace(game, within_layer=True, layer=layer, first=0, leaves=outputs[layer]), outputs
    )
