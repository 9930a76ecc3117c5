"""Fields of the models of 0x0302."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...ai.model_registry import store
from ...ai.models import weights_tree
from ...precompile import Revert
from ...storage import Foreign
from .answer import Reading, Resolver
from .plan import Planned

STATUSES = {store.OPEN: "open", store.SEALED: "sealed", store.DEPRECATED: "deprecated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that was begun."""

    words: Foreign
    identifier: bytes
    entry: store.Entry

    def facts(self) -> store.Facts:
        """Return its sizes."""
        return store.read_facts(self.words.load, self.identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published version of a name."""

    number: int
    model: Model | None
    retired: bool


def words_of(reading: Reading) -> Foreign:
    """Return the storage of the registry."""
    return Foreign(host=reading.call.host, address=store.ADDRESS)


def model_of(reading: Reading, identifier: bytes) -> Model | None:
    """Return a model, or None."""
    words = words_of(reading)
    try:
        entry = store.read_entry(words.load, identifier)
    except Revert:
        return None
    # An id that nobody was given may lead to another word of the registry.
    if entry.status not in STATUSES:
        return None
    return Model(words=words, identifier=identifier, entry=entry)


def model(reading: Reading, _: Any, planned: Planned) -> Model | None:
    """Resolve Query.model."""
    return model_of(reading, planned.arguments["id"])


def models(reading: Reading, _: Any, planned: Planned) -> list[Model]:
    """Resolve Query.models: in the order in which they were begun."""
    words = words_of(reading)
    start = planned.arguments["skip"]
    end = min(start + planned.arguments["first"], words.load(store.COUNT))
    listed = [words.load(store.listed_slot(index)) for index in range(start, end)]
    found = (model_of(reading, word.to_bytes(32, "big")) for word in listed)
    return [each for each in found if each is not None]


def model_version(reading: Reading, _: Any, planned: Planned) -> Version | None:
    """Resolve Query.modelVersion."""
    given = planned.arguments
    if given["version"] < 1:
        return None
    try:
        identifier, retired = store.read_version(
            words_of(reading).load, given["namespace"], given["name"], given["version"]
        )
    except Revert:
        return None
    return Version(number=given["version"], model=model_of(reading, identifier), retired=retired)


def root(_: Reading, found: Model, __: Planned) -> bytes:
    """Resolve Model.weightsRoot."""
    return store.read_root(found.words.load, found.identifier)


def poseidon_root(_: Reading, found: Model, __: Planned) -> int | None:
    """Resolve Model.poseidonRoot."""
    return found.words.load(store.slot_of(found.identifier, store.POSEIDON_ROOT)) or None


def chunks(_: Reading, found: Model, __: Planned) -> int:
    """Resolve Model.chunks."""
    return weights_tree.chunk_count(found.facts().weights_size)


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "model"): model,
    ("Query", "models"): models,
    ("Query", "modelVersion"): model_version,
    ("Model", "id"): lambda _, found, __: found.identifier,
    ("Model", "owner"): lambda _, found, __: found.entry.owner,
    ("Model", "status"): lambda _, found, __: STATUSES[found.entry.status],
    ("Model", "kind"): lambda _, found, __: found.entry.kind,
    ("Model", "adopted"): lambda _, found, __: found.entry.adopted,
    ("Model", "weightsRoot"): root,
    ("Model", "poseidonRoot"): poseidon_root,
    ("Model", "weightsSize"): lambda _, found, __: found.facts().weights_size,
    ("Model", "inputSize"): lambda _, found, __: found.facts().input_size,
    ("Model", "outputSize"): lambda _, found, __: found.facts().output_size,
    ("Model", "chunks"): chunks,
    ("Model", "chunksStored"): lambda _, found, __: found.entry.stored,
    ("ModelVersion", "version"): lambda _, found, __: found.number,
    ("ModelVersion", "model"): lambda _, found, __: found.model,
    ("ModelVersion", "retired"): lambda _, found, __: found.retired,
}
