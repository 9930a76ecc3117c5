"""Inference by several nodes: whatever reporters do, no money is lost and no minority wins."""

from collections import Counter
from random import Random
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from precompiles.ai.compute import contract, store
from precompiles.ai.models import weights_tree
from precompiles.ai.models.header import Dense, Layer, encode
from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.registry import find

ENTRY, REGISTRY = find("compute"), find("model_registry")
OPENER = bytes(19) + b"\1"
NOW, COMMITTING, REVEALING = 1_700_000_000, 100, 50
REWARD, BOND = 1_001, 70
HASHES = [keccak(text=str(n)) for n in range(4)]


def call(
    world: World, signature: str, *arguments: object, at: int = NOW, **options: Any
) -> Outcome:
    inner = signature[signature.index("(") + 1 : -1]
    types = inner.split(",") if inner else []
    data = keccak(text=signature)[:4] + eth_abi.encode(types, arguments)
    given = {"caller": OPENER, "context": {"timestamp": at}, **options}
    return call_precompile(world, given.pop("to", ENTRY.address), data, **given)


def returned(kinds: list[str], outcome: Outcome) -> tuple[Any, ...]:
    assert outcome.status == "success", outcome
    return eth_abi.decode(kinds, outcome.data)


def with_model() -> tuple[World, bytes]:
    world = World()
    header = encode(Dense(inputs=1, layers=(Layer(outputs=1, rounding=0),)))
    weights = bytes(5)
    root = weights_tree.root_of(weights)
    begin = call(world, "beginModel(bytes,bytes32,uint256)", header, root, 0, to=REGISTRY.address)
    (model,) = returned(["bytes32"], begin)
    put = "putChunk(bytes32,uint256,bytes,bytes32[])"
    call(world, put, model, 0, weights, [], to=REGISTRY.address)
    assert call(world, "sealModel(bytes32)", model, to=REGISTRY.address).status == "success"
    return world, model


@pytest.mark.parametrize("seed", range(60))
def test_whatever_reporters_do(seed: int) -> None:
    """Each lies, keeps silent, stays away or tells the truth; then everybody withdraws."""
    draw = Random(seed)
    world, model = with_model()
    count = draw.randrange(1, contract.REPORTERS_MAX + 1)
    reporters = [bytes(19) + bytes([10 + n]) for n in range(count)]
    for account in (OPENER, *reporters):
        world.balances[account] = 10_000
    signature = "openJob(bytes32,bytes32,address[],uint256,uint64,uint64)"
    arguments = (model, bytes(32), reporters, BOND, COMMITTING, REVEALING)
    (job,) = returned(["bytes32"], call(world, signature, *arguments, value=REWARD))
    honest = draw.random()
    answers = [HASHES[0] if draw.random() < honest else draw.choice(HASHES) for _ in reporters]
    does = draw.choices(["reveals", "silent", "absent"], [6, 1, 1], k=count)
    salt = keccak(text="salt")
    for reporter, answer, deed in zip(reporters, answers, does, strict=True):
        if deed != "absent":
            committed = keccak(job + reporter.rjust(32, b"\0") + answer + salt)
            done = call(
                world, "commit(bytes32,bytes32)", job, committed, caller=reporter, value=BOND
            )
            assert done.status == "success"
    for reporter, answer, deed in zip(reporters, answers, does, strict=True):
        if deed == "reveals":
            arguments = (job, answer, salt)
            at = NOW + COMMITTING + 1
            signature = "reveal(bytes32,bytes32,bytes32)"
            done = call(world, signature, *arguments, caller=reporter, at=at)
            assert done.status == "success"
    late = NOW + COMMITTING + REVEALING + 1
    status, result = returned(["uint8", "bytes32"], call(world, "settle(bytes32)", job, at=late))

    votes = Counter(a for a, deed in zip(answers, does, strict=True) if deed == "reveals")
    majority = [answer for answer, number in votes.items() if number > count / 2]
    assert (status, result) == ((2, majority[0]) if majority else (3, bytes(32)))
    found = returned(
        ["address[]", "uint8[]", "bytes32[]"], call(world, "verdictsOf(bytes32)", job)
    )[1]
    for answer, deed, verdict in zip(answers, does, found, strict=True):
        expected = {
            "absent": store.ABSENT,
            "silent": store.SILENT,
            "reveals": store.REVEALED
            if not majority
            else store.AGREEING
            if answer == majority[0]
            else store.LIAR,
        }[deed]
        assert verdict == expected
    for account in (OPENER, *reporters):
        call(world, "withdraw()", caller=account)
    assert world.balances[ENTRY.address] == 0
    assert sum(world.balances.values()) == 10_000 * (count + 1)
    for reporter, verdict in zip(reporters, found, strict=True):
        change = world.balances[reporter] - 10_000
        assert change == -BOND if verdict in (store.LIAR, store.SILENT) else change >= 0


def test_a_job_does_not_touch_the_money_of_another() -> None:
    world, model = with_model()
    one = bytes(19) + b"\x0a"
    world.balances |= {OPENER: 10_000, one: 10_000}
    signature = "openJob(bytes32,bytes32,address[],uint256,uint64,uint64)"
    jobs = [
        returned(
            ["bytes32"],
            call(world, signature, model, bytes(32), [one], BOND, 1, 1, value=REWARD),
        )[0]
        for _ in range(2)
    ]
    commitment = keccak(jobs[0] + one.rjust(32, b"\0") + HASHES[0] + bytes(32))
    call(world, "commit(bytes32,bytes32)", jobs[0], commitment, caller=one, value=BOND)
    reveal = "reveal(bytes32,bytes32,bytes32)"
    call(world, reveal, jobs[0], HASHES[0], bytes(32), caller=one)
    assert call(world, "settle(bytes32)", jobs[0]).status == "success"
    assert call(world, "withdraw()", caller=one).status == "success"
    assert world.balances[ENTRY.address] == REWARD
    assert world.balances[one] == 10_000 + REWARD
