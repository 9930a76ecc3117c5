"""The registry against a plain model of it, and what its vectors cannot show."""

import random
import struct
from dataclasses import dataclass, field
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from precompiles.ai.inference import loaded
from precompiles.ai.inference.contract import KEPT
from precompiles.ai.model_registry import contract, poseidon_root, store
from precompiles.ai.models import header, weights_tree
from precompiles.ai.tools import chunks, poseidon_tree
from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.registry import find

REGISTRY, INFERENCE = find("model_registry").address, find("inference").address
OWNER, OTHER = b"\x11" * 20, b"\x22" * 20
BEGIN = "beginModel(bytes,bytes32,uint256)"
PUT = "putChunk(bytes32,uint256,bytes,bytes32[])"
SEAL = "sealModel(bytes32)"
MODEL_OF = "modelOf(bytes32)"
MODEL_TYPES = "(address,uint8,uint8,bool,uint256,uint256,uint256)"
OPEN, SEALED, DEPRECATED = 1, 2, 3


def call(
    world: World, signature: str, *arguments: object, to: bytes = REGISTRY, **options: Any
) -> Outcome:
    inner = signature[signature.index("(") + 1 : -1]
    types = inner.split(",") if inner else []
    data = keccak(text=signature)[:4] + eth_abi.encode(types, arguments)
    return call_precompile(world, to, data, **{"caller": OWNER, **options})


def answer(world: World, signature: str, returned: str, *arguments: object, **options: Any) -> Any:
    outcome = call(world, signature, *arguments, **options)
    assert outcome.status == "success", outcome.data.hex()
    found = eth_abi.decode([each for each in returned.split(",") if each], outcome.data)
    return found[0] if len(found) == 1 else found


def error_of(outcome: Outcome) -> str:
    assert outcome.status == "reverted"
    known = (*contract.PRECOMPILE.errors, *find("inference").errors)
    return next(
        each.signature.name for each in known if each.signature.selector == outcome.data[:4]
    )


@dataclass(frozen=True)
class Content:
    """A model of one layer: `rows` outputs of 100 inputs, with numbers of its own."""

    seed: int
    rows: int = 500

    @property
    def header(self) -> bytes:
        layer = header.Layer(outputs=self.rows, rounding=header.BY_SHIFT, shift=self.seed)
        return header.encode(header.Dense(inputs=100, layers=(layer,)))

    @property
    def weights(self) -> bytes:
        return random.Random(self.seed).randbytes(self.rows * 104)

    @property
    def root(self) -> bytes:
        return weights_tree.root_of(self.weights)

    @property
    def identity(self) -> bytes:
        return weights_tree.model_id(self.header, self.root)

    @property
    def chunks(self) -> list[bytes]:
        return chunks.chunks_of(self.weights)


CONTENTS = [Content(seed) for seed in range(3)]


def put(world: World, content: Content, index: int, **options: Any) -> Outcome:
    proof = chunks.proofs_of(content.chunks)[index]
    return call(world, PUT, content.identity, index, content.chunks[index], proof, **options)


def bring_in(world: World, content: Content) -> None:
    assert call(world, BEGIN, content.header, content.root, 0).status == "success"
    for index in range(len(content.chunks)):
        assert put(world, content, index).status == "success"
    assert call(world, SEAL, content.identity).status == "success"


@dataclass
class Known:
    owner: bytes
    chunks: set[int] = field(default_factory=set)
    status: int = OPEN
    adopted: bool = False


class RegistryMachine(RuleBasedStateMachine):
    """Uploads by two people in any order, right and wrong, with any gas; and who may set what."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.world.storage[REGISTRY, store.ADMIN] = int.from_bytes(OTHER, "big")
        self.models: dict[int, Known] = {}
        self.order: list[int] = []

    @rule(which=st.integers(0, 2), caller=st.sampled_from([OWNER, OTHER]))
    def begin(self, which: int, caller: bytes) -> None:
        content = CONTENTS[which]
        outcome = call(self.world, BEGIN, content.header, content.root, 0, caller=caller)
        if which in self.models:
            assert error_of(outcome) == "ModelExists"
        else:
            assert outcome.data == content.identity
            self.models[which] = Known(owner=caller)
            self.order.append(which)

    @precondition(lambda self: self.models)
    @rule(
        pick=st.integers(0, 9),
        index=st.integers(0, 4),
        caller=st.sampled_from([OWNER, OTHER]),
        gas=st.one_of(st.just(30_000_000), st.integers(30_000, 4_000_000)),
    )
    def put(self, pick: int, index: int, caller: bytes, gas: int) -> None:
        which = self.order[pick % len(self.order)]
        known, content = self.models[which], CONTENTS[which]
        if index >= len(content.chunks):
            outcome = call(self.world, PUT, content.identity, index, b"x", [])
            expected = "InvalidChunk" if known.status == OPEN else "NotOpen"
            assert error_of(outcome) == expected
            return
        before = dict(self.world.storage)
        outcome = put(self.world, content, index, caller=caller, gas=gas)
        if outcome.status == "out of gas":
            left = {slot: word for slot, word in self.world.storage.items() if word}
            assert left == {slot: word for slot, word in before.items() if word}
        elif known.status != OPEN:
            assert error_of(outcome) == "NotOpen"
        elif index in known.chunks:
            assert error_of(outcome) == "ChunkExists"
        else:
            assert outcome.status == "success"
            known.chunks.add(index)

    @precondition(lambda self: self.models)
    @rule(pick=st.integers(0, 9), index=st.integers(0, 3), flip=st.integers(0, 10_000))
    def put_wrong(self, pick: int, index: int, flip: int) -> None:
        which = self.order[pick % len(self.order)]
        known, content = self.models[which], CONTENTS[which]
        if known.status != OPEN or index in known.chunks or index >= len(content.chunks):
            return
        chunk = bytearray(content.chunks[index])
        chunk[flip % len(chunk)] ^= 1
        proof = chunks.proofs_of(content.chunks)[index]
        outcome = call(self.world, PUT, content.identity, index, bytes(chunk), proof)
        assert error_of(outcome) == "InvalidProof"

    @precondition(lambda self: self.models)
    @rule(pick=st.integers(0, 9), caller=st.sampled_from([OWNER, OTHER]))
    def seal(self, pick: int, caller: bytes) -> None:
        which = self.order[pick % len(self.order)]
        known, content = self.models[which], CONTENTS[which]
        outcome = call(self.world, SEAL, content.identity, caller=caller)
        if known.status != OPEN:
            assert error_of(outcome) == "NotOpen"
        elif len(known.chunks) < len(content.chunks):
            assert error_of(outcome) == "ChunksMissing"
        else:
            assert outcome.status == "success"
            known.status = SEALED

    @precondition(lambda self: self.models)
    @rule(
        pick=st.integers(0, 9),
        caller=st.sampled_from([OWNER, OTHER]),
        flag=st.sampled_from([None, False, True]),
    )
    def flag(self, pick: int, caller: bytes, flag: bool | None) -> None:
        which = self.order[pick % len(self.order)]
        known, identity = self.models[which], CONTENTS[which].identity
        if flag is None:
            outcome = call(self.world, "deprecate(bytes32)", identity, caller=caller)
            allowed = caller == known.owner and known.status == SEALED
        else:
            outcome = call(self.world, "adopt(bytes32,bool)", identity, flag, caller=caller)
            allowed = caller == OTHER and known.status != OPEN
        assert (outcome.status == "success") is allowed
        if allowed and flag is None:
            known.status = DEPRECATED
        elif allowed:
            known.adopted = bool(flag)

    @invariant()
    def what_is_told_is_what_was_done(self) -> None:
        assert answer(self.world, "modelCount()", "uint256") == len(self.order)
        ids = answer(self.world, "models(uint256,uint256)", "bytes32[]", 0, 100)
        assert list(ids) == [CONTENTS[which].identity for which in self.order]
        for which, known in self.models.items():
            content = CONTENTS[which]
            outcome = call(self.world, MODEL_OF, content.identity)
            (owner, status, kind, adopted, size, count, stored) = eth_abi.decode(
                MODEL_TYPES[1:-1].split(","), outcome.data
            )
            assert (owner, status, kind) == ("0x" + known.owner.hex(), known.status, 1)
            assert (adopted, size) == (known.adopted, len(content.weights))
            assert (count, stored) == (len(content.chunks), len(known.chunks))
            missing = answer(
                self.world, "missingChunks(bytes32,uint256,uint256)", "uint256[]",
                content.identity, 0, 100,
            )  # fmt: skip
            assert set(missing) == set(range(count)) - known.chunks

    @invariant()
    def only_what_is_sealed_answers(self) -> None:
        for which, known in self.models.items():
            identity = CONTENTS[which].identity
            outcome = call(
                self.world, "infer(bytes32,bytes)", identity, bytes(100), to=INFERENCE, static=True
            )
            assert (outcome.status == "success") is (known.status != OPEN)


RegistryMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestRegistry = RegistryMachine.TestCase


def test_what_an_uploader_chose_is_no_model() -> None:
    """A root made to look like the first slot of a model, and an id one above the real one.

    Were slots counted from the id, `putChunk` to that id would count up the root of the real one.
    """
    weights = Content(1).weights
    looks_open = int.from_bytes(OWNER, "big") << 96 | OPEN << 88 | 1 << 80 | 4
    root = looks_open.to_bytes(32, "big")
    world = World()
    begun = call(world, BEGIN, Content(1).header, root, looks_open)
    assert begun.status == "success"
    identity = int.from_bytes(begun.data, "big")
    for apart in [*range(-3, 24), 2**255]:
        if apart:
            near = ((identity + apart) % 2**256).to_bytes(32, "big")
            for signature, *more in (
                (PUT, 0, weights[:16_384], []),
                (SEAL,),
                ("deprecate(bytes32)",),
                (MODEL_OF,),
                ("headerOf(bytes32)",),
            ):
                assert error_of(call(world, signature, near, *more)) == "UnknownModel"
            asked = call(world, "infer(bytes32,bytes)", near, bytes(100), to=INFERENCE)
            assert error_of(asked) == "UnknownModel"


# --- The tree over the weights ----------------------------------------------------------------

SIZES = [1, 2, 1_023, 1_024, 1_025, 2_048, 2_049, 16_384, 16_385, 17_409, 49_152, 60_000, 100_001]


@pytest.mark.parametrize("size", SIZES)
def test_every_chunk_and_leaf_is_proven(size: int) -> None:
    weights = random.Random(size).randbytes(size)
    root = weights_tree.root_of(weights)
    pieces = chunks.chunks_of(weights)
    assert len(pieces) == weights_tree.chunk_count(size)
    for index, proof in enumerate(chunks.proofs_of(pieces)):
        assert len(proof) == weights_tree.path_length(index, len(pieces))
        start = weights_tree.chunk_node(index, pieces[index])
        assert weights_tree.climb(start, index, len(pieces), proof) == root
    level = weights_tree.leaves(weights)
    for index in {0, len(level) // 2, len(level) - 1}:
        proof = weights_tree.prove(level, index)
        assert len(proof) == weights_tree.path_length(index, len(level)) <= weights_tree.PATH_MAX
        assert weights_tree.climb(level[index], index, len(level), proof) == root


def test_roots_differ_where_contents_do() -> None:
    """Among them a node's two children shown as weights, and zeros at the end."""
    two = random.Random(1).randbytes(2_048)
    children = b"".join(weights_tree.leaves(two))
    contents = [two, two[:1_024], children, b"\1" + children, two + b"\0", two[:-1], bytes(1), b""]
    roots = {weights_tree.root_of(each) for each in contents[:-1]}
    assert len(roots) == len(contents) - 1


# --- The Poseidon root ------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [3, 30, 500])
def test_the_poseidon_root(rows: int) -> None:
    content = Content(seed=5, rows=rows)
    levels = poseidon_tree.levels(poseidon_root.permutation(), content.weights)
    world = World()
    call(world, BEGIN, content.header, content.root, levels[-1][0])
    for index in range(len(content.chunks)):
        put(world, content, index)
    count = len(levels[0])
    for index in {0, count // 2, count - 1}:
        path = []
        for height, level in enumerate(levels[:-1]):
            sibling = (index >> height) ^ 1
            if sibling < len(level):
                path.append(level[sibling])
        signature = "verifyPoseidon(bytes32,uint256,uint256[])"
        assert answer(world, signature, "bool", content.identity, index, path) is True
        if path:
            wrong = [*path[:-1], path[-1] ^ 1]
            assert answer(world, signature, "bool", content.identity, index, wrong) is False
            other = (index + 1) % count
            same_shape = weights_tree.path_length(other, count) == len(path)
            if same_shape:
                assert answer(world, signature, "bool", content.identity, other, path) is False


def test_a_poseidon_leaf_is_the_sponge_of_0x0901() -> None:
    """Asked of the entry itself, so that a circuit can be held to it."""
    content = random.Random(9).randbytes(1_024)
    elements = [7] + [int.from_bytes(content[at : at + 31], "big") for at in range(0, 1_024, 31)]
    assert len(elements) == poseidon_root.ELEMENTS_MAX
    world = World()
    signature = "sponge(uint8,uint256[],uint256)"
    found = answer(world, signature, "uint256[]", 2, elements, 1, to=find("poseidon").address)
    assert found == (poseidon_root.leaf(poseidon_root.permutation(), 7, content),)


# --- Answers are the same whatever is kept ----------------------------------------------------


def test_an_answer_costs_the_same_kept_or_not() -> None:
    content = Content(seed=4)
    world = World()
    bring_in(world, content)
    KEPT.clear()
    outcomes = [
        call(world, "infer(bytes32,bytes)", content.identity, b"\x05" * 100, to=INFERENCE)
        for _ in range(3)
    ]
    assert len(KEPT) == 1
    assert outcomes[0].status == "success"
    assert len({(each.data, each.gas_used) for each in outcomes}) == 1


def test_what_is_kept_is_not_answered_before_it_is_on_the_chain() -> None:
    content = Content(seed=4)
    world = World()
    bring_in(world, content)
    infer = ("infer(bytes32,bytes)", content.identity, bytes(100))
    assert call(world, *infer, to=INFERENCE).status == "success"
    assert content.identity in KEPT
    assert error_of(call(World(), *infer, to=INFERENCE)) == "UnknownModel"


def test_only_so_many_bytes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [Content(seed) for seed in range(4)]
    world = World()
    for content in contents:
        bring_in(world, content)
    KEPT.clear()

    def ask(content: Content) -> bytes:
        outcome = call(world, "infer(bytes32,bytes)", content.identity, b"\x07" * 100, to=INFERENCE)
        return outcome.data

    first = [ask(content) for content in contents]
    sizes = [size for _, size in KEPT.values()]
    monkeypatch.setattr(loaded, "SIZE_MAX", sizes[0] + sizes[1])
    KEPT.clear()
    assert [ask(content) for content in contents * 2] == first * 2
    assert list(KEPT) == [content.identity for content in contents[2:]]
    ask(contents[2])
    ask(contents[0])
    assert list(KEPT) == [contents[2].identity, contents[0].identity]
    monkeypatch.setattr(loaded, "SIZE_MAX", 0)
    assert ask(contents[1]) == first[1], "one larger than all room is kept until the next"
    assert len(KEPT) == 1


def test_work_is_paid_before_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """One gas less than the whole, and nothing is computed."""
    content = Content(seed=4)
    world = World()
    bring_in(world, content)
    infer = ("infer(bytes32,bytes)", content.identity, bytes(100))
    used = call(world, *infer, to=INFERENCE).gas_used
    KEPT.clear()
    assert call(world, *infer, to=INFERENCE, gas=used).status == "success"
    KEPT.clear()
    assert call(world, *infer, to=INFERENCE, gas=used - 1).status == "out of gas"
    assert not KEPT


def test_the_price_told_is_the_price_taken() -> None:
    """priceOf tells what each further row costs, beside its bytes in and out and its words."""
    content = Content(seed=4)
    world = World()
    bring_in(world, content)
    signature = "priceOf(bytes32)"
    outcome = call(world, signature, content.identity)
    row_in, row_out, _, row_gas = eth_abi.decode(["uint256"] * 4, outcome.data)
    used = [
        call(world, "infer(bytes32,bytes)", content.identity, bytes(100 * rows), to=INFERENCE)
        for rows in (8, 16)
    ]
    words = 3 * 8 * row_in // 32
    expected = 8 * (row_gas + 8 * (row_in + row_out)) + words
    assert abs(used[1].gas_used - used[0].gas_used - expected) <= 8
    assert (row_in, row_out) == (100, 500)


# --- Any bytes ----------------------------------------------------------------------------------


def test_any_header_is_refused_or_comes_back() -> None:
    """What is accepted has one encoding, and weights within the bounds."""
    choose = random.Random(11)
    good = [
        Content(1).header,
        struct.pack(">4sBBHHHBI", b"PARS", 1, 2, 3, 4, 5, 1, 100),
        struct.pack(">4sBBIHIH6BII", b"PARS", 1, 3, 48, 32, 64, 2, 9, 9, 9, 9, 7, 6, 5, 16),
        struct.pack(">4sBBIIBB", b"PARS", 1, 4, 7, 3, 2, 5),
    ]
    accepted = 0
    for _ in range(4_000):
        content = bytearray(choose.choice(good))
        for _ in range(choose.randint(0, 3)):
            content[choose.randrange(4, len(content))] = choose.choice([0, 1, 2, 5, 127, 255])
        outcome = call(World(), "modelIdOf(bytes,bytes32)", bytes(content), bytes(32))
        if outcome.status == "success":
            accepted += 1
            known = header.parse(bytes(content))
            assert header.encode(known) == content
            assert 1 <= header.weights_size(known) <= header.WEIGHTS_SIZE_MAX
        else:
            assert error_of(outcome) == "InvalidHeader"
    assert 500 < accepted < 3_500


# --- Genesis ------------------------------------------------------------------------------------


def test_the_curator_comes_from_the_genesis() -> None:
    given = contract.genesis({"admin": "0x" + "22" * 20})
    assert given.storage == {store.ADMIN: int("22" * 20, 16)}
    assert contract.genesis({}).storage == {}
    assert contract.genesis({"admin": "0x" + "00" * 20}).storage == {}
    assert given.balance == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"admin": "22" * 20},
        {"admin": "0x" + "22" * 19},
        {"admin": "0x" + "22" * 21},
        {"admin": "0x" + "zz" * 20},
        {"admin": "0x" + "+1" * 20},
        {"admin": "0x" + "1_" * 20},
        {"admin": 5},
        {"admn": "0x" + "22" * 20},
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"admin|unknown settings"):
        contract.genesis(settings)
