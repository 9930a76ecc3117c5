"""AI mining: difficulty, the pool, and rewards paid once; signatures by another library."""

from random import Random
from typing import Any

import eth_abi
import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles.ai.mining import contract, rewards, store, work
from precompiles.ai.models import reference, weights_tree
from precompiles.ai.models.header import BY_SHIFT, NOT_AT_ALL, Dense, Layer, encode, weights_size
from precompiles.backends.blake3 import blake3
from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.conformance.vectors import load, path_of
from precompiles.registry import find

ENTRY, REGISTRY = find("mining"), find("model_registry")
OPENER, PAYEE = bytes(19) + b"\1", bytes(19) + b"\2"
NOW = 1_700_000_000
ONE = rewards.ONE
BASE, TARGET, POOL, EPOCH, DUE = 1_000, 500, 10**9, 3_600, 600
HEADER = Dense(
    inputs=3,
    layers=(Layer(outputs=4, rounding=BY_SHIFT, shift=3), Layer(outputs=2, rounding=NOT_AT_ALL)),
)
WEIGHTS = Random(1).randbytes(weights_size(HEADER))
UNITS = 3 * 4 + 4 * 2
KEYS = [mldsa.MLDSA44PrivateKey.from_seed_bytes(bytes([n]) * 32) for n in range(3)]


def error_of(outcome: Outcome) -> str:
    assert outcome.status == "reverted", outcome
    known = {each.signature.selector: each.signature.name for each in ENTRY.errors}
    return known[outcome.data[:4]]


class Miner:
    """A world with a model, and a miner in it that signs with another library."""

    def __init__(self, **settings: Any) -> None:
        given = {"baseReward": BASE, "targetUnits": TARGET, "pool": POOL, "epoch": EPOCH}
        start = contract.genesis({**given, "dueTime": DUE, **settings})
        self.world = World(
            storage={(ENTRY.address, slot): word for slot, word in start.storage.items()},
            balances={ENTRY.address: start.balance},
        )
        self.now = NOW - NOW % EPOCH
        header = encode(HEADER)
        root = weights_tree.root_of(WEIGHTS)
        begin = "beginModel(bytes,bytes32,uint256)"
        (self.model,) = self.returned(["bytes32"], begin, header, root, 0, to=REGISTRY.address)
        put = "putChunk(bytes32,uint256,bytes,bytes32[])"
        self.returned([], put, self.model, 0, WEIGHTS, [], to=REGISTRY.address)
        self.returned([], "sealModel(bytes32)", self.model, to=REGISTRY.address)
        self.count = 0

    def call(self, signature: str, *arguments: object, **options: Any) -> Outcome:
        inner = signature[signature.index("(") + 1 : -1]
        types = inner.split(",") if inner else []
        data = keccak(text=signature)[:4] + eth_abi.encode(types, arguments)
        context = {"timestamp": self.now, "chain_id": options.pop("chain", 6133)}
        given = {"caller": OPENER, "context": context, **options}
        return call_precompile(self.world, given.pop("to", ENTRY.address), data, **given)

    def returned(self, kinds: list[str], *arguments: Any, **options: Any) -> tuple[Any, ...]:
        outcome = self.call(*arguments, **options)
        assert outcome.status == "success", (arguments[0], outcome)
        return eth_abi.decode(kinds, outcome.data)

    def open(self, data: bytes, device: bytes = bytes(32)) -> tuple[bytes, bytes, bytes]:
        self.count += 1
        nonce = self.count.to_bytes(32, "big")
        signature = "openJob(bytes32,bytes32,bytes32,bytes32)"
        arguments = (self.model, blake3(data), device, nonce)
        return (*self.returned(["bytes32", "bytes32"], signature, *arguments), nonce)  # type: ignore[return-value]

    def proof(
        self, data: bytes, context: bytes, nonce: bytes, key: int = 0, chain: int = 6133
    ) -> bytes:
        output = answer(data)
        units = UNITS * (len(data) // 3)
        tag = b"PARS/mining/work".rjust(32, b"\0")
        words = (chain.to_bytes(32, "big"), context, blake3(output), units.to_bytes(32, "big"))
        message = keccak(tag + b"".join(words))
        public = KEYS[key].public_key().public_bytes_raw()
        types = [*5 * ["bytes32"], "uint64", "bytes32", *3 * ["bytes"]]
        values = (self.model, blake3(data), bytes(32), nonce, blake3(output), units)
        return eth_abi.encode(types, (*values, bytes(32), data, public, KEYS[key].sign(message)))

    def mine(self, rows: int = 1, key: int = 0) -> tuple[bytes, Outcome]:
        data = Random(self.count).randbytes(3 * rows)
        work_id, context, nonce = self.open(data)
        proof = self.proof(data, context, nonce, key)
        return work_id, self.call("submitWorkProof(bytes,bytes)", proof, b"")

    def pay(self, work_ids: list[bytes], key: int = 0, to: bytes = PAYEE) -> Outcome:
        tag = b"PARS/mining/claim".rjust(32, b"\0")
        words = ((6133).to_bytes(32, "big"), keccak(b"".join(work_ids)), to.rjust(32, b"\0"))
        signature = KEYS[key].sign(keccak(tag + b"".join(words)))
        public = KEYS[key].public_key().public_bytes_raw()
        arguments = (work_ids, to, public, signature)
        return self.call("claim(bytes32[],address,bytes,bytes)", *arguments)

    def epoch(self) -> tuple[int, ...]:
        return self.returned(4 * ["uint256"], "epoch()")

    def pool(self) -> tuple[int, ...]:
        return self.returned(3 * ["uint256"], "pool()")


def answer(data: bytes) -> bytes:
    rows = (reference.int8s(data, at, 3) for at in range(0, len(data), 3))
    found = [value for row in rows for value in reference.dense(HEADER, WEIGHTS, row)]
    return b"".join(value.to_bytes(4, "big", signed=True) for value in found)


def address(key: int) -> bytes:
    return blake3(KEYS[key].public_key().public_bytes_raw())[:20]


# --- Proof, reward, payment -----------------------------------------------------------------


def test_work_is_rewarded_once() -> None:
    miner = Miner()
    work_id, outcome = miner.mine(rows=2)
    amount = BASE * 2 * UNITS * 60 // 100
    assert (outcome.status, int.from_bytes(outcome.data, "big")) == ("success", amount)
    balance = "miningBalance(address)"
    assert miner.returned(["uint256"], balance, address(0)) == (amount,)
    assert miner.pool() == (POOL - amount, amount, 0)
    assert error_of(miner.pay([work_id])) == "NotDue"
    miner.now += DUE
    assert miner.pay([work_id]).status == "success"
    assert miner.world.balances[PAYEE] == amount
    assert miner.returned(["uint256"], balance, address(0)) == (0,)
    assert miner.pool() == (POOL - amount, 0, 0)
    assert error_of(miner.pay([work_id])) == "AlreadySpent"


def test_a_replay_another_chain_and_a_bad_signature_are_refused() -> None:
    miner = Miner()
    data = b"abc"
    _, context, nonce = miner.open(data)
    submit = "submitWorkProof(bytes,bytes)"
    good = miner.proof(data, context, nonce)
    elsewhere = miner.proof(data, context, nonce, chain=6134)
    assert error_of(miner.call(submit, elsewhere, b"")) == "InvalidSignature"
    # The same proof on the other chain: there is no such job, as its id has the chain in it.
    assert error_of(miner.call(submit, good, b"", chain=6134)) == "UnknownWork"
    bad = good[:-100] + bytes([good[-100] ^ 1]) + good[-99:]
    assert error_of(miner.call(submit, bad, b"")) == "InvalidSignature"
    assert miner.call(submit, good, b"").status == "success"
    assert error_of(miner.call(submit, good, b"")) == "AlreadySpent"


def test_a_proof_is_of_no_use_to_a_thief() -> None:
    miner = Miner()
    data = b"abc"
    _, context, nonce = miner.open(data)
    stolen = miner.proof(data, context, nonce, key=1)
    outcome = miner.call("submitWorkProof(bytes,bytes)", stolen, b"", caller=PAYEE)
    assert error_of(outcome) == "NotOpener"


def test_only_the_key_that_worked_is_paid_and_only_where_it_says() -> None:
    miner = Miner()
    work_id, _ = miner.mine(key=0)
    miner.now += DUE
    assert error_of(miner.pay([work_id], key=1)) == "NotMiner"
    tag = b"PARS/mining/claim".rjust(32, b"\0")
    words = ((6133).to_bytes(32, "big"), keccak(work_id), PAYEE.rjust(32, b"\0"))
    signature = KEYS[0].sign(keccak(tag + b"".join(words)))
    public = KEYS[0].public_key().public_bytes_raw()
    claim = "claim(bytes32[],address,bytes,bytes)"
    outcome = miner.call(claim, [work_id], OPENER, public, signature)
    assert error_of(outcome) == "InvalidSignature"


@pytest.mark.parametrize("seed", range(12))
def test_money_is_neither_made_nor_lost(seed: int) -> None:
    """Miners work, epochs pass, rewards are paid in any order; the pool runs dry."""
    draw = Random(seed)
    pool = draw.choice([0, 20_000, 200_000, POOL])
    miner = Miner(pool=pool)
    waiting: dict[bytes, tuple[int, int]] = {}
    paid = 0
    for _ in range(25):
        miner.now += draw.choice([0, 1, DUE, EPOCH, 3 * EPOCH])
        key = draw.randrange(3)
        if draw.random() < 0.6:
            before = miner.epoch()
            rows = draw.choice([1, 5, 40])
            work_id, outcome = miner.mine(rows, key)
            amount = rewards.reward(BASE, UNITS * rows, before[2], 60)
            left = pool - paid - sum(each for _, each in waiting.values())
            if UNITS * rows > 4 * TARGET - before[1]:
                assert error_of(outcome) == "EpochFull"
            elif amount > left:
                assert error_of(outcome) == "PoolExhausted"
            else:
                assert int.from_bytes(outcome.data, "big") == amount
                waiting[work_id] = key, amount
        else:
            miner.now += DUE
            chosen = [each for each, (by, _) in waiting.items() if by == key][:3]
            if chosen:
                total = sum(waiting.pop(each)[1] for each in chosen)
                assert miner.pay(chosen, key).status == "success"
                paid += total
        promised = sum(each for _, each in waiting.values())
        assert miner.pool() == (pool - paid - promised, promised, 0)
        assert miner.world.balances[ENTRY.address] == pool - paid
        assert miner.world.balances.get(PAYEE, 0) == paid
        for number in range(3):
            mine = sum(each for by, each in waiting.values() if by == number)
            found = miner.returned(["uint256"], "miningBalance(address)", address(number))
            assert found == (mine,)


# --- Difficulty -----------------------------------------------------------------------------


@given(
    difficulty=st.integers(rewards.DIFFICULTY_MIN, rewards.DIFFICULTY_MAX),
    units=st.integers(0, 10**30),
    target=st.integers(1, 10**20),
)
def test_an_epoch_moves_the_difficulty_four_times_at_most(
    difficulty: int, units: int, target: int
) -> None:
    after = rewards.adjusted(difficulty, units, target)
    assert rewards.DIFFICULTY_MIN <= after <= rewards.DIFFICULTY_MAX
    assert after <= difficulty * 4
    assert after >= min(difficulty // 4, rewards.DIFFICULTY_MAX) or after == rewards.DIFFICULTY_MIN
    if units > target:
        assert after <= difficulty
    if units < target:
        assert after >= difficulty * (target * ONE // max(units, 1)) // ONE or after >= difficulty


@given(
    number=st.integers(1, 10**6), gap=st.integers(1, 40), units=st.integers(0, 10**6),
    difficulty=st.integers(rewards.DIFFICULTY_MIN, rewards.DIFFICULTY_MAX),
)  # fmt: skip
def test_epochs_pass_the_same_one_by_one_or_at_once(
    number: int, gap: int, units: int, difficulty: int
) -> None:
    epoch = rewards.Epoch(number=number, units=units, difficulty=difficulty)
    slowly = epoch
    for n in range(gap):
        slowly = rewards.at(slowly, number + n + 1, TARGET)
    assert rewards.at(epoch, number + gap, TARGET) == slowly


@pytest.mark.parametrize("target", [1, 2, TARGET])
def test_millions_of_epochs_pass_in_a_few_steps(target: int) -> None:
    epoch = rewards.Epoch(number=1, units=0, difficulty=rewards.DIFFICULTY_MIN)
    most = rewards.DIFFICULTY_MIN if target == 1 else rewards.DIFFICULTY_MAX
    assert rewards.at(epoch, 10**15, target).difficulty == most


# --- Vectors and settings -------------------------------------------------------------------


def test_signatures_in_the_vectors_hold_under_another_library() -> None:
    makers = {1_312: mldsa.MLDSA44PublicKey, 1_952: mldsa.MLDSA65PublicKey,
              2_592: mldsa.MLDSA87PublicKey}  # fmt: skip
    seen = 0
    for vector in load(path_of(ENTRY)):
        if vector.input[:4] != keccak(text="submitWorkProof(bytes,bytes)")[:4]:
            continue
        if vector.expected.output is None:
            continue
        proof, _ = eth_abi.decode(["bytes", "bytes"], vector.input[4:])
        types = [*5 * ["bytes32"], "uint64", "bytes32", *3 * ["bytes"]]
        values = eth_abi.decode(types, proof)
        message = vector.expected.logs[0][0][2]
        makers[len(values[8])].from_public_bytes(values[8]).verify(values[9], message)
        seen += 1
    assert seen >= 10


def test_the_work_id_is_upstreams() -> None:
    device, nonce = bytes(range(32)), bytes(range(32, 64))
    assert store.work_id(device, nonce, 6133) == blake3(device + nonce + (6133).to_bytes(8, "big"))
    assert store.work_id(device, nonce, 6133) != store.work_id(device, nonce, 6134)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [({"admin": "0x12"}, "admin"), ({"bridge": 5}, "bridge"), ({"pool": -1}, "pool"),
     ({"epoch": 0}, "epoch"), ({"dueTime": 1 << 32}, "dueTime"), ({"targetUnits": 0}, "target"),
     ({"baseReward": "1"}, "baseReward"), ({"rewards": 1}, "rewards")],
)  # fmt: skip
def test_settings_that_are_wrong(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        contract.genesis(settings)


def test_the_largest_proof_fits() -> None:
    largest = 10 * 32 + 3 * 32 + work.INPUT_SIZE_MAX + 2_592 + 4_627 + 93
    assert largest <= work.PROOF_SIZE_MAX
