"""Commits to answers at 0x0304, defends them, and breaks wrong ones: one step at a time.

A step looks where a claim stands and makes the one move that this account owes, so committer and
challenger may stop and go on at any time before their deadline. Knows no clock.
"""

from precompiles.ai.tools.proving import Disputed, Proven
from precompiles.ai.verification.contract import PRECOMPILE as VERIFICATION
from precompiles.ai.verification.store import (
    FINAL,
    OPEN,
    REJECTED,
    TO_CHOOSE,
    TO_PROVE,
    TO_SHOW,
)

from ..remote import Remote, RemoteError

WAITING = "waiting"
FINISHED = {FINAL: "final", REJECTED: "rejected"}
RIGHT = "right"
LOST = "lost"
"""The chain computed what the claim says: to dispute it again would cost another bond."""
ENDS = (*FINISHED.values(), RIGHT, LOST)
"""After these there is nothing more to do."""


class NotThisClaimError(Exception):
    """The claim is about another model or input, or of somebody else. The message says which."""


def commit(remote: Remote, proven: Proven) -> bytes:
    """Open the job, stand for the answer, and return the claim's id."""
    bond, _, _ = remote.call(VERIFICATION, "settings")
    remote.transact(VERIFICATION, "openJob", proven.model_id, proven.inputs)
    job = job_of(remote, proven)
    arguments = (job, proven.output_hash, proven.root, len(proven.layers))
    remote.transact(VERIFICATION, "commitResult", *arguments, value=bond)
    found: bytes = remote.call(VERIFICATION, "claimIdOf", job, remote.sender)
    return found


def job_of(remote: Remote, proven: Proven) -> bytes:
    """Return the id of the job that an answer is to."""
    arguments = (proven.model_id, proven.input_hash, proven.rows)
    found: bytes = remote.call(VERIFICATION, "jobIdOf", *arguments)
    return found


def defend(remote: Remote, proven: Proven, claim: bytes) -> str:
    """As committer, make the move that is due; return what was done."""
    status, committer, _, _ = state(remote, proven, claim)
    if committer != remote.sender:
        raise NotThisClaimError("the claim was made by another account")
    if status in FINISHED:
        return FINISHED[status]
    if status == OPEN:
        return tried(remote, "finalize", claim)
    _, turn, disputed, _ = game(remote, claim)
    if turn != TO_SHOW:
        return tried(remote, "timeout", claim)
    remote.transact(VERIFICATION, "show", claim, *proven.children(disputed))
    return "shown"


def challenge(remote: Remote, proven: Proven, claim: bytes) -> str:
    """As challenger, make the move that is due; return what was done. A right claim is left."""
    status, _, output_hash, root = state(remote, proven, claim)
    if status in FINISHED:
        return FINISHED[status]
    if (output_hash, root) == (proven.output_hash, proven.root):
        return RIGHT
    if root == proven.root:
        last = len(proven.layers) - 1
        arguments = (claim, proven.sums[last], proven.path(last))
        remote.transact(VERIFICATION, "challengeOutput", *arguments)
        return "output disproven"
    if status == OPEN:
        bond, _, _ = remote.call(VERIFICATION, "settings")
        remote.transact(VERIFICATION, "challenge", claim, value=bond)
        return "challenged"
    challenger, turn, disputed, left = game(remote, claim)
    if turn == TO_SHOW or challenger != remote.sender:
        return tried(remote, "timeout", claim)
    if turn == TO_CHOOSE:
        right = proven.children(disputed)[0] == left
        remote.transact(VERIFICATION, "choose", claim, right)
        return "chosen"
    assert turn == TO_PROVE, "there is no other turn"
    remote.transact(VERIFICATION, "prove", claim, *proven.agreed(disputed.layer))
    return "proven" if state(remote, proven, claim)[0] == REJECTED else LOST


def state(remote: Remote, proven: Proven, claim: bytes) -> tuple[int, bytes, bytes, bytes]:
    """Return status, committer, output's hash and trace's root of a claim about this answer."""
    job, committer, status, output_hash, root, _ = remote.call(VERIFICATION, "claimOf", claim)
    if job != job_of(remote, proven):
        raise NotThisClaimError("the claim is about another model or another input")
    return status, committer, output_hash, root


def game(remote: Remote, claim: bytes) -> tuple[bytes, int, Disputed, bytes]:
    """Return challenger, turn, what is disputed, and the left child that was shown."""
    told = remote.call(VERIFICATION, "gameOf", claim)
    challenger, turn, _, within_layer, layer, first, leaves, _, left, _ = told
    disputed = Disputed(within_layer=within_layer, layer=layer, first=first, leaves=leaves)
    return challenger, turn, disputed, left


def tried(remote: Remote, method: str, claim: bytes) -> str:
    """Make a move that may be too early yet."""
    try:
        remote.transact(VERIFICATION, method, claim)
    except RemoteError as error:
        if "TooEarly(" in str(error):
            return WAITING
        raise
    return method
