"""Brings a model file into the registry of a chain, from where an earlier attempt ended."""

from collections.abc import Callable, Iterator

from precompiles.ai.model_registry.contract import PAGE_MAX, PRECOMPILE
from precompiles.ai.model_registry.store import OPEN
from precompiles.ai.tools.chunks import chunks_of, proofs_of
from precompiles.ai.tools.model_file import ModelFile

from ..remote import Receipt, Remote, RemoteError

NO_MODEL = 0
"""Stands for the status of a model that was never begun."""

Tell = Callable[[str, int], None]
"""Hears what was done, and for how much gas."""


def upload(remote: Remote, model: ModelFile, poseidon_root: int, tell: Tell) -> int:
    """Make the model sealed and return the gas of all transactions."""
    total = 0

    def done(what: str, receipt: Receipt) -> None:
        nonlocal total
        total += receipt.gas_used
        tell(what, receipt.gas_used)

    if status(remote, model.model_id) == NO_MODEL:
        begun = remote.transact(PRECOMPILE, "beginModel", model.header, model.root, poseidon_root)
        done("begun", begun)
    chunks = chunks_of(model.weights)
    proofs = proofs_of(chunks)
    if status(remote, model.model_id) == OPEN:
        for index in missing(remote, model.model_id, len(chunks)):
            stored = remote.transact(
                PRECOMPILE, "putChunk", model.model_id, index, chunks[index], proofs[index]
            )
            done(f"chunk {index + 1} of {len(chunks)}", stored)
        done("sealed", remote.transact(PRECOMPILE, "sealModel", model.model_id))
    return total


def status(remote: Remote, model_id: bytes) -> int:
    """Return the status of a model, NO_MODEL when it was never begun."""
    try:
        found: int = remote.call(PRECOMPILE, "modelOf", model_id)[1]
    except RemoteError as error:
        if "UnknownModel(" in str(error):
            return NO_MODEL
        raise
    return found


def missing(remote: Remote, model_id: bytes, count: int) -> Iterator[int]:
    """Return the chunks that are not there."""
    for start in range(0, count, PAGE_MAX):
        yield from remote.call(PRECOMPILE, "missingChunks", model_id, start, PAGE_MAX)
