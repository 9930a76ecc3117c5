"""How the registry keeps models and their published versions. Knows no methods.

Layout. A model's slots are counted from M = hash(id). From the id itself they may not be: what an
uploader chose, a root, would then be the first slot of another id, one above.

    M + 0         owner (160 bits) at 96 | status (8) at 88 | kind (8) at 80 | adopted (8) at 72
                  | chunks stored (32)
    M + 1         root of the weights' tree
    M + 2         Poseidon root, or 0
    M + 3         cost of a call (64) at 192 | cost of a row (64) at 128 | input row (32) at 96
                  | output row (32) at 64 | weights (32) at 32, sizes in bytes
    M + 4         account whose code has the header
    M + 5         account whose code has the accounts of all chunks, once sealed
    M + 16 + k    account whose code has chunk k

What is kept as code has a zero byte, STOP, before it. A name's slots are counted from
N = hash(namespace, name).

    N + 0         how many versions there are
    N + 2v        model of version v, from 1
    N + 2v + 1    1 when the version is retired
    hash(N, id)   the version of a model under the name

    0             the curator
    1             how many models there are
    hash(2, i)    model i, from 0
"""

from dataclasses import dataclass, replace

from ... import abi
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...precompile import Host
from ...storage import Read
from ..models import cost, weights_tree
from ..models.header import Header, input_size, kind_of, output_size, parse, weights_size

ADDRESS = (0x0302).to_bytes(20, "big")

OPEN, SEALED, DEPRECATED = 1, 2, 3

ROOT, POSEIDON_ROOT, FACTS, HEADER, MANIFEST, CHUNKS = 1, 2, 3, 4, 5, 16
ADMIN, COUNT, LISTED = 0, 1, 2
RETIRED = 1
NAME_MAX = 31

STOP = b"\0"
ADDRESS_SIZE = 20
WORD_MASK = (1 << 256) - 1

UNKNOWN_MODEL = abi.error("UnknownModel(bytes32 modelId)")
MODEL_EXISTS = abi.error("ModelExists(bytes32 modelId)")
NOT_OPEN = abi.error("NotOpen(uint8 status)")
NOT_SEALED = abi.error("NotSealed(uint8 status)")
INVALID_CHUNK = abi.error("InvalidChunk(uint256 index)")
CHUNK_EXISTS = abi.error("ChunkExists(uint256 index)")
INVALID_PROOF = abi.error("InvalidProof(uint256 index)")
CHUNKS_MISSING = abi.error("ChunksMissing(uint256 missing)")
INVALID_NAME = abi.error("InvalidName()")
VERSION_EXISTS = abi.error("VersionExists(uint256 version)")
UNKNOWN_VERSION = abi.error("UnknownVersion(uint256 version)")

ERRORS = (
    UNKNOWN_MODEL,
    MODEL_EXISTS,
    NOT_OPEN,
    NOT_SEALED,
    INVALID_CHUNK,
    CHUNK_EXISTS,
    INVALID_PROOF,
    CHUNKS_MISSING,
    INVALID_NAME,
    VERSION_EXISTS,
    UNKNOWN_VERSION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the first slot of a model says, and where the model is."""

    slot: int
    owner: bytes
    status: int
    kind: int
    adopted: bool
    stored: int
    """Chunks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is needed to price an answer, and to read the weights."""

    call_cost: int
    row_cost: int
    input_size: int
    output_size: int
    weights_size: int


# --- Models ---------------------------------------------------------------------------------


def slot_of(model_id: bytes, part: int = 0) -> int:
    """Return a slot of a model."""
    return slot_of_id(model_id, part)


def read_entry(read: Read, model_id: bytes) -> Entry:
    """Return the first slot of a model; Revert when there is no such model."""
    word = read(slot_of(model_id))
    if not word:
        raise UNKNOWN_MODEL(model_id)
    return Entry(
        slot=slot_of(model_id),
        owner=(word >> 96).to_bytes(ADDRESS_SIZE, "big"),
        status=word >> 88 & 0xFF,
        kind=word >> 80 & 0xFF,
        adopted=bool(word >> 72 & 0xFF),
        stored=word & 0xFFFF_FFFF,
    )


def read_sealed(read: Read, model_id: bytes) -> Entry:
    """Return the first slot of a model that is whole."""
    entry = read_entry(read, model_id)
    if entry.status == OPEN:
        raise NOT_SEALED(entry.status)
    return entry


def read_open(read: Read, model_id: bytes) -> Entry:
    """Return the first slot of a model that still takes chunks."""
    entry = read_entry(read, model_id)
    if entry.status != OPEN:
        raise NOT_OPEN(entry.status)
    return entry


def write_entry(host: Host, entry: Entry) -> None:
    """Write the first slot of a model."""
    owner = int.from_bytes(entry.owner, "big") << 96
    flags = entry.status << 88 | entry.kind << 80 | entry.adopted << 72
    host.store(entry.slot, owner | flags | entry.stored)


def read_facts(read: Read, model_id: bytes) -> Facts:
    """Return what is known of a model's size and cost."""
    word = read(slot_of(model_id, FACTS))
    return Facts(
        call_cost=word >> 192,
        row_cost=word >> 128 & 0xFFFF_FFFF_FFFF_FFFF,
        input_size=word >> 96 & 0xFFFF_FFFF,
        output_size=word >> 64 & 0xFFFF_FFFF,
        weights_size=word >> 32 & 0xFFFF_FFFF,
    )


def write_facts(host: Host, model_id: bytes, facts: Facts) -> None:
    """Write what is known of a model's size and cost."""
    costs = facts.call_cost << 192 | facts.row_cost << 128
    sizes = facts.input_size << 96 | facts.output_size << 64 | facts.weights_size << 32
    host.store(slot_of(model_id, FACTS), costs | sizes)


def facts_of(header: Header, depth: int = 0) -> Facts:
    """Return the facts of a header; of trees, `depth` is what the weights add."""
    known = cost.of(header, depth)
    return Facts(
        call_cost=known.call,
        row_cost=known.row,
        input_size=input_size(header),
        output_size=output_size(header),
        weights_size=weights_size(header),
    )


def begin(host: Host, owner: bytes, encoded: bytes, root: bytes, poseidon_root: int) -> bytes:
    """Write a new model without its weights and return its id."""
    header = parse(encoded)
    model_id = weights_tree.model_id(encoded, root)
    if host.load(slot_of(model_id)):
        raise MODEL_EXISTS(model_id)
    first = Entry(
        slot=slot_of(model_id),
        owner=owner,
        status=OPEN,
        kind=kind_of(header),
        adopted=False,
        stored=0,
    )
    write_entry(host, first)
    host.store(slot_of(model_id, ROOT), int.from_bytes(root, "big"))
    if poseidon_root:
        host.store(slot_of(model_id, POSEIDON_ROOT), poseidon_root)
    write_facts(host, model_id, facts_of(header))
    keep_code(host, slot_of(model_id, HEADER), encoded)
    count = host.load(COUNT)
    host.store(listed_slot(count), int.from_bytes(model_id, "big"))
    host.store(COUNT, count + 1)
    return model_id


def keep_code(host: Host, slot: int, content: bytes) -> bytes:
    """Keep bytes as an account's code, its address in a slot, and return the address."""
    # The salt is the slot, so equal contents stand at different addresses.
    address = host.deploy(STOP + content, slot.to_bytes(abi.WORD, "big"))
    host.store(slot, int.from_bytes(address, "big"))
    return address


def kept_code(host: Host, address: int) -> bytes:
    """Return the bytes that an account keeps."""
    return host.code(address.to_bytes(ADDRESS_SIZE, "big"))[len(STOP) :]


def put(host: Host, model_id: bytes, index: int, data: bytes, path: list[bytes]) -> bytes:
    """Store a chunk that the model's root proves, and return its account."""
    entry = read_open(host.load, model_id)
    size = read_facts(host.load, model_id).weights_size
    count = weights_tree.chunk_count(size)
    if index >= count:
        raise INVALID_CHUNK(index)
    if len(data) != weights_tree.chunk_size(size, index):
        raise abi.INVALID_LENGTH(weights_tree.chunk_size(size, index), len(data))
    if len(path) != weights_tree.path_length(index, count):
        raise abi.INVALID_LENGTH(weights_tree.path_length(index, count), len(path))
    slot = slot_of(model_id, CHUNKS + index)
    if host.load(slot):
        raise CHUNK_EXISTS(index)
    leads_to = weights_tree.climb(weights_tree.chunk_node(index, data), index, count, path)
    if leads_to != read_root(host.load, model_id):
        raise INVALID_PROOF(index)
    write_entry(host, replace(entry, stored=entry.stored + 1))
    return keep_code(host, slot, data)


def read_root(read: Read, model_id: bytes) -> bytes:
    """Return the root of the weights' tree."""
    return read(slot_of(model_id, ROOT)).to_bytes(abi.WORD, "big")


def stored_chunks(host: Host, model_id: bytes, count: int) -> list[int]:
    """Return the accounts of all chunks of a model that has them all."""
    return [host.load(slot_of(model_id, CHUNKS + index)) for index in range(count)]


def seal(host: Host, entry: Entry, model_id: bytes, chunks: list[int], facts: Facts) -> None:
    """Make a model immutable."""
    accounts = b"".join(each.to_bytes(ADDRESS_SIZE, "big") for each in chunks)
    keep_code(host, slot_of(model_id, MANIFEST), accounts)
    write_facts(host, model_id, facts)
    write_entry(host, replace(entry, status=SEALED))


def read_header(host: Host, read: Read, model_id: bytes) -> bytes:
    """Return the header of a model."""
    return kept_code(host, read(slot_of(model_id, HEADER)))


def listed_slot(index: int) -> int:
    """Return the slot of a model in the list of all."""
    return int.from_bytes(keccak256(pair(LISTED, index)), "big")


def pair(left: int, right: int) -> bytes:
    """Return two words."""
    return left.to_bytes(abi.WORD, "big") + right.to_bytes(abi.WORD, "big")


# --- Versions -------------------------------------------------------------------------------


def name_slot(namespace: bytes, name: str) -> int:
    """Return the first slot of a name in a namespace."""
    # A whole word first: no header of a model begins so.
    owner = namespace.rjust(abi.WORD, b"\0")
    return int.from_bytes(keccak256(owner + name.encode("utf-8")), "big")


def published_slot(name: int, model_id: bytes) -> int:
    """Return the slot that has the version of a model under a name."""
    return int.from_bytes(keccak256(name.to_bytes(abi.WORD, "big") + model_id), "big")


def version_slot(name: int, version: int, part: int = 0) -> int:
    """Return a slot of a version."""
    return (name + 2 * version + part) & WORD_MASK


def publish(host: Host, namespace: bytes, name: str, model_id: bytes) -> int:
    """Add a version and return its number."""
    if not 1 <= len(name.encode("utf-8")) <= NAME_MAX:
        raise INVALID_NAME()
    read_sealed(host.load, model_id)
    first = name_slot(namespace, name)
    known = host.load(published_slot(first, model_id))
    if known:
        raise VERSION_EXISTS(known)
    version = host.load(first) + 1
    host.store(first, version)
    host.store(version_slot(first, version), int.from_bytes(model_id, "big"))
    host.store(published_slot(first, model_id), version)
    return version


def read_version(read: Read, namespace: bytes, name: str, version: int) -> tuple[bytes, bool]:
    """Return the model of a version, and whether it is retired."""
    first = name_slot(namespace, name)
    if not 1 <= version <= read(first):
        raise UNKNOWN_VERSION(version)
    model_id = read(version_slot(first, version)).to_bytes(abi.WORD, "big")
    return model_id, bool(read(version_slot(first, version, RETIRED)))
