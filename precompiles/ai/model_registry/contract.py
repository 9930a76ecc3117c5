"""0x0302: models under the hash of their content. Anybody uploads, nobody changes.

A model is begun by its header and the root of its weights, which together are its id; then come its
chunks, from anybody, each proven against the root before it is kept; then it is sealed, which
checks the weights by the rules of their kind. The owner, who began it, may call it deprecated, and
the curator may adopt it: both only set a flag, for a contract that relies on a model must be able
to go on.
"""

from collections.abc import Mapping
from dataclasses import replace
from string import hexdigits
from typing import Any

from ... import abi
from ...gas import Constant, PerItem, PerUnit
from ...precompile import Call, Precompile, Start, method
from ...zk.poseidon.instances import POSEIDON2_BN254_4, is_digest
from ..models import cost, header, weights_tree
from ..models.weights import INVALID_WEIGHTS
from . import poseidon_root, store

PAGE_MAX = 100
TEXT_MAX = 64  # Above store.NAME_MAX, so that a long name is refused by name.
SEAL_BYTES_PER_GAS = 16
"""Checking and keeping weights; measured."""
HEADER_BYTE_GAS = 20
"""Reading a header layer by layer; measured."""
POSEIDON_GAS = 1_700
"""Of a permutation, as at 0x0901."""
POSEIDON_RATE = 3

NOT_OWNER = abi.error("NotOwner(address owner)")
NOT_ADMIN = abi.error("NotAdmin(address admin)")
INVALID_PAGE_SIZE = abi.error("InvalidPageSize(uint256 first)")
NOT_CANONICAL = abi.error("NotCanonical(uint256 index)")
INVALID_INDEX = abi.error("InvalidIndex(uint256 index)")
NO_POSEIDON_ROOT = abi.error("NoPoseidonRoot()")

MODEL_BEGUN = abi.event(
    "ModelBegun(bytes32 indexed modelId, address indexed owner, uint8 kind, uint256 size)"
)
CHUNK_STORED = abi.event("ChunkStored(bytes32 indexed modelId, uint256 index, address account)")
MODEL_SEALED = abi.event("ModelSealed(bytes32 indexed modelId)")
MODEL_DEPRECATED = abi.event("ModelDeprecated(bytes32 indexed modelId)")
MODEL_ADOPTED = abi.event("ModelAdopted(bytes32 indexed modelId, bool adopted)")
ADMIN_CHANGED = abi.event("AdminChanged(address indexed before, address indexed admin)")
VERSION_PUBLISHED = abi.event(
    "VersionPublished(address indexed namespace, bytes32 indexed modelId, string name,"
    " uint256 version)",
    {"name": store.NAME_MAX},
)
VERSION_RETIRED = abi.event(
    "VersionRetired(address indexed namespace, bytes32 indexed modelId, string name,"
    " uint256 version)",
    {"name": store.NAME_MAX},
)


# --- Upload ---------------------------------------------------------------------------------


def begin_model(call: Call, encoded: bytes, weights_root: bytes, poseidon: int) -> bytes:
    """Write a new model without its weights."""
    if not is_digest(POSEIDON2_BN254_4, poseidon):
        raise NOT_CANONICAL(0)
    model_id = store.begin(call.host, call.caller, encoded, weights_root, poseidon)
    begun = header.parse(encoded)
    kind, size = header.kind_of(begun), header.weights_size(begun)
    call.host.emit(*MODEL_BEGUN.log(model_id, call.caller, kind, size))
    return model_id


def put_chunk(call: Call, model_id: bytes, index: int, data: bytes, proof: list[bytes]) -> None:
    """Store a chunk."""
    account = store.put(call.host, model_id, index, data, proof)
    call.host.emit(*CHUNK_STORED.log(model_id, index, account))


def seal_model(call: Call, model_id: bytes) -> None:
    """Check the weights and make the model immutable."""
    host = call.host
    entry = store.read_open(host.load, model_id)
    facts = store.read_facts(host.load, model_id)
    count = weights_tree.chunk_count(facts.weights_size)
    if entry.stored < count:
        raise store.CHUNKS_MISSING(count - entry.stored)
    encoded = store.read_header(host, host.load, model_id)
    chunks = store.stored_chunks(host, model_id, count)
    weights = b"".join(store.kept_code(host, chunk) for chunk in chunks)
    host.charge(cost.in_gas(facts.call_cost) + len(weights) // SEAL_BYTES_PER_GAS, "check weights")
    depth = checked_depth(header.parse(encoded), weights)
    facts = store.facts_of(header.parse(encoded), depth)
    store.seal(host, entry, model_id, chunks, facts)
    host.emit(*MODEL_SEALED.log(model_id))


def checked_depth(known: header.Header, weights: bytes) -> int:
    """Return the depth of all trees, 0 of other kinds; Revert when the weights break a rule."""
    from ..models import model, trees

    loaded = model.load(known, weights)
    return loaded.depth if isinstance(loaded, trees.Ensemble) else 0


# --- Flags ----------------------------------------------------------------------------------


def deprecate(call: Call, model_id: bytes) -> None:
    """Say that a model should no longer be used."""
    entry = store.read_sealed(call.host.load, model_id)
    if call.caller != entry.owner:
        raise NOT_OWNER(entry.owner)
    if entry.status == store.DEPRECATED:
        raise store.NOT_SEALED(entry.status)
    store.write_entry(call.host, replace(entry, status=store.DEPRECATED))
    call.host.emit(*MODEL_DEPRECATED.log(model_id))


def adopt(call: Call, model_id: bytes, adopted: bool) -> None:
    """Set or take back the curator's flag."""
    require_admin(call)
    entry = store.read_sealed(call.host.load, model_id)
    store.write_entry(call.host, replace(entry, adopted=adopted))
    call.host.emit(*MODEL_ADOPTED.log(model_id, adopted))


def set_admin(call: Call, admin: bytes) -> None:
    """Hand the curator's role on; address 0 ends it."""
    before = require_admin(call)
    call.host.store(store.ADMIN, int.from_bytes(admin, "big"))
    call.host.emit(*ADMIN_CHANGED.log(before, admin))


def require_admin(call: Call) -> bytes:
    """Return the curator, who must be the caller."""
    known = admin(call)
    if call.caller != known or not any(known):
        raise NOT_ADMIN(known)
    return known


def admin(call: Call) -> bytes:
    """Return the curator."""
    return call.host.load(store.ADMIN).to_bytes(store.ADDRESS_SIZE, "big")


# --- Versions -------------------------------------------------------------------------------


def publish(call: Call, name: str, model_id: bytes) -> int:
    """Add a version under a name of the caller's."""
    version = store.publish(call.host, call.caller, name, model_id)
    call.host.emit(*VERSION_PUBLISHED.log(call.caller, model_id, name, version))
    return version


def retire(call: Call, name: str, version: int) -> None:
    """Retire a version of the caller's."""
    model_id, retired = store.read_version(call.host.load, call.caller, name, version)
    if retired:
        raise store.UNKNOWN_VERSION(version)
    first = store.name_slot(call.caller, name)
    call.host.store(store.version_slot(first, version, store.RETIRED), 1)
    call.host.emit(*VERSION_RETIRED.log(call.caller, model_id, name, version))


def version_of(call: Call, namespace: bytes, name: str, version: int) -> tuple[bytes, bool]:
    """Return the model of a version, and whether it is retired."""
    return store.read_version(call.host.load, namespace, name, version)


def version_count(call: Call, namespace: bytes, name: str) -> int:
    """Return how many versions a name has."""
    return call.host.load(store.name_slot(namespace, name))


# --- Reading --------------------------------------------------------------------------------


def model_of(call: Call, model_id: bytes) -> tuple[object, ...]:
    """Return what is known of a model."""
    entry = store.read_entry(call.host.load, model_id)
    facts = store.read_facts(call.host.load, model_id)
    count = weights_tree.chunk_count(facts.weights_size)
    return (
        *(entry.owner, entry.status, entry.kind, entry.adopted),
        *(facts.weights_size, count, entry.stored),
    )


def price_of(call: Call, model_id: bytes) -> tuple[int, int, int, int]:
    """Return the sizes of an input and an output row, and what answering costs."""
    store.read_sealed(call.host.load, model_id)
    facts = store.read_facts(call.host.load, model_id)
    by_call, by_row = cost.in_gas(facts.call_cost), cost.in_gas(facts.row_cost)
    return facts.input_size, facts.output_size, by_call, by_row


def header_of(call: Call, model_id: bytes) -> bytes:
    """Return the header of a model."""
    store.read_entry(call.host.load, model_id)
    return store.read_header(call.host, call.host.load, model_id)


def roots_of(call: Call, model_id: bytes) -> tuple[bytes, int]:
    """Return both roots of a model."""
    store.read_entry(call.host.load, model_id)
    poseidon = call.host.load(store.slot_of(model_id, store.POSEIDON_ROOT))
    return store.read_root(call.host.load, model_id), poseidon


def chunk_of(call: Call, model_id: bytes, index: int) -> bytes:
    """Return the account that keeps a chunk; address 0 when it is not there."""
    store.read_entry(call.host.load, model_id)
    check_index(index, chunks_of(call, model_id), store.INVALID_CHUNK)
    return chunk_account(call, model_id, index).to_bytes(store.ADDRESS_SIZE, "big")


def missing_chunks(call: Call, model_id: bytes, start: int, first: int) -> list[int]:
    """Return which of `first` chunks from `start` on are not there."""
    store.read_entry(call.host.load, model_id)
    check_page(first)
    end = min(start + first, chunks_of(call, model_id))
    return [index for index in range(start, end) if not chunk_account(call, model_id, index)]


def chunks_of(call: Call, model_id: bytes) -> int:
    """Return how many chunks a model has when it is whole."""
    size = store.read_facts(call.host.load, model_id).weights_size
    return weights_tree.chunk_count(size)


def chunk_account(call: Call, model_id: bytes, index: int) -> int:
    """Return the account of a chunk, or 0."""
    return call.host.load(store.slot_of(model_id, store.CHUNKS + index))


def check_page(first: int) -> None:
    """Refuse a page of nothing or of too much."""
    if not 1 <= first <= PAGE_MAX:
        raise INVALID_PAGE_SIZE(first)


def check_index(index: int, count: int, refusal: abi.Error) -> None:
    """Refuse an index that is not below a count."""
    if index >= count:
        raise refusal(index)


def model_count(call: Call) -> int:
    """Return how many models there are."""
    return call.host.load(store.COUNT)


def models(call: Call, start: int, first: int) -> list[bytes]:
    """Return ids in the order in which the models were begun."""
    check_page(first)
    end = min(start + first, call.host.load(store.COUNT))
    slots = (store.listed_slot(index) for index in range(start, end))
    return [call.host.load(slot).to_bytes(abi.WORD, "big") for slot in slots]


def model_id_of(_: Call, encoded: bytes, weights_root: bytes) -> bytes:
    """Return the id that a model has or would have."""
    header.parse(encoded)
    return weights_tree.model_id(encoded, weights_root)


# --- Proofs ---------------------------------------------------------------------------------


def verify_leaf(call: Call, model_id: bytes, index: int, leaf: bytes, path: list[bytes]) -> bool:
    """Return whether these bytes are the leaf of a model's weights at this index."""
    store.read_entry(call.host.load, model_id)
    size = store.read_facts(call.host.load, model_id).weights_size
    count = weights_tree.leaf_count(size)
    check_index(index, count, INVALID_INDEX)
    if len(leaf) != weights_tree.leaf_size(size, index):
        raise abi.INVALID_LENGTH(weights_tree.leaf_size(size, index), len(leaf))
    check_path(path, index, count)
    start = weights_tree.leaf(index, leaf)
    root = store.read_root(call.host.load, model_id)
    return weights_tree.climb(start, index, count, path) == root


def check_path(path: list[Any], index: int, count: int) -> None:
    """Refuse a path of a length that the shape of the tree does not have there."""
    length = weights_tree.path_length(index, count)
    if len(path) != length:
        raise abi.INVALID_LENGTH(length, len(path))


def verify_poseidon(call: Call, model_id: bytes, index: int, path: list[int]) -> bool:
    """Return whether the Poseidon root agrees with the stored leaf at this index."""
    host = call.host
    store.read_entry(host.load, model_id)
    size = store.read_facts(host.load, model_id).weights_size
    count = weights_tree.leaf_count(size)
    check_index(index, count, INVALID_INDEX)
    check_path(path, index, count)
    for position, sibling in enumerate(path):
        if not is_digest(POSEIDON2_BN254_4, sibling):
            raise NOT_CANONICAL(position)
    root = host.load(store.slot_of(model_id, store.POSEIDON_ROOT))
    if not root:
        raise NO_POSEIDON_ROOT()
    chunk, place = divmod(index, weights_tree.LEAVES_PER_CHUNK)
    account = chunk_account(call, model_id, chunk)
    if not account:
        raise store.CHUNKS_MISSING(1)
    start = place * weights_tree.LEAF_SIZE
    content = store.kept_code(host, account)[start : start + weights_tree.LEAF_SIZE]
    permute = poseidon_root.permutation()
    leaf = poseidon_root.leaf(permute, index, content)
    return poseidon_root.climb(permute, leaf, index, count, path) == root


# --- Genesis --------------------------------------------------------------------------------


def genesis(settings: Mapping[str, Any]) -> Start:
    """Turn the setting `admin`, an address in hex, into the first state; without it nobody is."""
    unknown = set(settings) - {"admin"}
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
    text = settings.get("admin")
    if text is None:
        return Start()
    digits = text[2:] if isinstance(text, str) and text.startswith("0x") else ""
    if len(digits) != 2 * store.ADDRESS_SIZE or not set(digits) <= set(hexdigits):
        raise ValueError(f"admin is not an address: {text!r}")
    known = int(digits, 16)
    return Start(storage={store.ADMIN: known} if known else {})


HEADER_BOUND = header.HEADER_SIZE_MAX
CHUNK_PATH_MAX = weights_tree.PATH_MAX - weights_tree.CHUNK_LEVELS
LEAF_PERMUTATIONS = -(-poseidon_root.ELEMENTS_MAX // POSEIDON_RATE)
PAGE_GAS = (Constant(amount=500), PerUnit(argument="first", amount=20, maximum=PAGE_MAX))

PRECOMPILE = Precompile(
    address=store.ADDRESS,
    family="ai",
    name="model_registry",
    interface="IModelRegistry",
    version=1,
    summary="Content-addressed models: proven upload, sealing, versions by name",
    methods=(
        method(
            "beginModel(bytes header, bytes32 weightsRoot, uint256 poseidonRoot)"
            " returns (bytes32 modelId)",
            mutability="nonpayable",
            gas=(Constant(amount=2_500), PerItem(argument="header", amount=HEADER_BYTE_GAS)),
            handler=begin_model,
            summary="Begin a model. Its id is the hash of header and root; the caller is its"
            " owner. A Poseidon root of 0 is none.",
            bounds={"header": HEADER_BOUND},
        ),
        method(
            "putChunk(bytes32 modelId, uint256 index, bytes data, bytes32[] proof)",
            mutability="nonpayable",
            gas=(
                Constant(amount=1_500),
                PerItem(argument="data", amount=1),
                PerItem(argument="proof", amount=100),
            ),
            handler=put_chunk,
            summary="Store a chunk of 16,384 bytes, the last of what is left, with the siblings of"
            " its subtree, from the bottom up. Anybody may.",
            bounds={"data": weights_tree.CHUNK_SIZE, "proof": CHUNK_PATH_MAX},
        ),
        method(
            "sealModel(bytes32 modelId)",
            mutability="nonpayable",
            gas=(Constant(amount=5_000),),
            handler=seal_model,
            summary="Check the weights by the rules of their kind, and make the model immutable."
            " Anybody may.",
        ),
        method(
            "deprecate(bytes32 modelId)",
            mutability="nonpayable",
            gas=(Constant(amount=500),),
            handler=deprecate,
            summary="Say, as the owner, that a sealed model should no longer be used. It still"
            " answers.",
        ),
        method(
            "adopt(bytes32 modelId, bool adopted)",
            mutability="nonpayable",
            gas=(Constant(amount=500),),
            handler=adopt,
            summary="Set or take back the curator's flag of a sealed model.",
        ),
        method(
            "setAdmin(address admin)",
            mutability="nonpayable",
            gas=(Constant(amount=300),),
            handler=set_admin,
            summary="Hand the curator's role on; to address 0 it ends.",
        ),
        method(
            "publish(string name, bytes32 modelId) returns (uint256 version)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000),),
            handler=publish,
            summary="Add a sealed model as the next version of a name in the caller's namespace.",
            bounds={"name": TEXT_MAX},
        ),
        method(
            "retire(string name, uint256 version)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000),),
            handler=retire,
            summary="Retire a version of a name in the caller's namespace, for good.",
            bounds={"name": TEXT_MAX},
        ),
        method(
            "admin() returns (address admin)",
            mutability="view",
            gas=(Constant(amount=100),),
            handler=admin,
            summary="Return the curator.",
        ),
        method(
            "versionOf(address namespace, string name, uint256 version)"
            " returns (bytes32 modelId, bool retired)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=version_of,
            summary="Return the model of a version, from 1.",
            bounds={"name": TEXT_MAX},
        ),
        method(
            "versionCount(address namespace, string name) returns (uint256 versions)",
            mutability="view",
            gas=(Constant(amount=200),),
            handler=version_count,
            summary="Return how many versions a name has, which is the number of the newest.",
            bounds={"name": TEXT_MAX},
        ),
        method(
            "modelOf(bytes32 modelId) returns (address owner, uint8 status, uint8 kind,"
            " bool adopted, uint256 size, uint256 chunks, uint256 stored)",
            mutability="view",
            gas=(Constant(amount=400),),
            handler=model_of,
            summary="Return what is known of a model. Status: 1 open, 2 sealed, 3 deprecated."
            " Kind: 1 dense, 2 trees, 3 transformer, 4 linear.",
        ),
        method(
            "priceOf(bytes32 modelId) returns (uint256 inputSize, uint256 outputSize,"
            " uint256 callGas, uint256 rowGas)",
            mutability="view",
            gas=(Constant(amount=400),),
            handler=price_of,
            summary="Return the bytes of a row in and out, and the gas of computing: once, and for"
            " each row. 0x0303 adds reading the model and the bytes.",
        ),
        method(
            "headerOf(bytes32 modelId) returns (bytes header)",
            mutability="view",
            gas=(Constant(amount=400),),
            handler=header_of,
            summary="Return the header of a model.",
            bounds={"header": HEADER_BOUND},
        ),
        method(
            "rootsOf(bytes32 modelId) returns (bytes32 weightsRoot, uint256 poseidonRoot)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=roots_of,
            summary="Return the roots over a model's weights.",
        ),
        method(
            "chunkOf(bytes32 modelId, uint256 index) returns (address account)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=chunk_of,
            summary="Return the account whose code is a zero byte and the chunk, or address 0.",
        ),
        method(
            "missingChunks(bytes32 modelId, uint256 start, uint256 first)"
            " returns (uint256[] indices)",
            mutability="view",
            gas=PAGE_GAS,
            handler=missing_chunks,
            summary="Return which of 1 to 100 chunks from `start` on are not there yet.",
            bounds={"indices": PAGE_MAX},
        ),
        method(
            "modelCount() returns (uint256 count)",
            mutability="view",
            gas=(Constant(amount=100),),
            handler=model_count,
            summary="Return how many models were ever begun.",
        ),
        method(
            "models(uint256 start, uint256 first) returns (bytes32[] modelIds)",
            mutability="view",
            gas=PAGE_GAS,
            handler=models,
            summary="Return 1 to 100 ids from `start` on, in the order in which they were begun.",
            bounds={"modelIds": PAGE_MAX},
        ),
        method(
            "modelIdOf(bytes header, bytes32 weightsRoot) returns (bytes32 modelId)",
            mutability="pure",
            gas=(Constant(amount=1_500), PerItem(argument="header", amount=HEADER_BYTE_GAS)),
            handler=model_id_of,
            summary="Return the id of a header, which is checked, and a root.",
            bounds={"header": HEADER_BOUND},
        ),
        method(
            "verifyLeaf(bytes32 modelId, uint256 index, bytes leaf, bytes32[] path)"
            " returns (bool valid)",
            mutability="view",
            gas=(
                Constant(amount=500),
                PerItem(argument="leaf", amount=1),
                PerItem(argument="path", amount=100),
            ),
            handler=verify_leaf,
            summary="Check that 1,024 bytes, the last leaf of what is left, are the weights at an"
            " index, stored or not.",
            bounds={"leaf": weights_tree.LEAF_SIZE, "path": weights_tree.PATH_MAX},
        ),
        method(
            "verifyPoseidon(bytes32 modelId, uint256 index, uint256[] path) returns (bool valid)",
            mutability="view",
            gas=(
                Constant(amount=1_000 + LEAF_PERMUTATIONS * POSEIDON_GAS),
                PerItem(argument="path", amount=POSEIDON_GAS),
            ),
            handler=verify_poseidon,
            summary="Check that the Poseidon root has the stored leaf at an index.",
            bounds={"path": weights_tree.PATH_MAX},
        ),
    ),
    errors=(
        *store.ERRORS,
        header.INVALID_HEADER,
        INVALID_WEIGHTS,
        NOT_OWNER,
        NOT_ADMIN,
        INVALID_PAGE_SIZE,
        NOT_CANONICAL,
        INVALID_INDEX,
        NO_POSEIDON_ROOT,
    ),
    events=(
        MODEL_BEGUN,
        CHUNK_STORED,
        MODEL_SEALED,
        MODEL_DEPRECATED,
        MODEL_ADOPTED,
        ADMIN_CHANGED,
        VERSION_PUBLISHED,
        VERSION_RETIRED,
    ),
    references=(
        "Jacob et al., Quantization and Training of Neural Networks, arXiv 1712.05877; gemmlowp",
        "SSTORE2, for keeping data as code; RFC 9162, for domain bytes in Merkle trees",
    ),
    genesis=genesis,
)
