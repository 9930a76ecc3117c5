"""The example statements: their proofs verify, and no constraint of them is idle."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from precompiles.zk.poseidon.reference import starknet
from precompiles.zk.stark import air as airs
from precompiles.zk.stark import security, verifier
from precompiles.zk.stark.air import Air
from precompiles.zk.stark.encoding import encode as encode_air
from precompiles.zk.stark.examples import fibonacci, int8_layer, membership, poseidon
from precompiles.zk.stark.field import P
from precompiles.zk.stark.prover import prove
from precompiles.zk.stark.prover.check import violations

CHANCE = random.Random(11)
SECRETS = [1_000 + i for i in range(5)]
LEAVES = [membership.leaf_of(secret) for secret in SECRETS]
LOG_MEMBERS = 10
DEPTH = membership.depth_of(LOG_MEMBERS)
WEIGHTS = [[CHANCE.randrange(-128, 128) for _ in range(32)] for _ in range(16)]
INPUTS = [CHANCE.randrange(-128, 128) for _ in range(32)]


def field_element() -> int:
    return CHANCE.randrange(P)


def ballot(member: int, topic: int = 77, message: int = 1) -> tuple[list[list[int]], list[int]]:
    path = membership.path_of(LEAVES, member, DEPTH)
    return membership.witness(SECRETS[member], member, path, topic, message, field_element)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    air: Air
    columns: list[list[int]]
    public: list[int]
    rows: tuple[int, ...]
    """Rows where a change of a cell is tried, and more of some columns."""
    more: Mapping[int, range]


def example(
    air: Air,
    witness: tuple[list[list[int]], list[int]],
    *rows: int,
    more: Mapping[int, range] = MappingProxyType({}),
) -> Example:
    columns = [[value % P for value in column] for column in witness[0]]
    return Example(air=air, columns=columns, public=witness[1], rows=rows, more=more)


NULLIFIER_BLOCK = (1 << LOG_MEMBERS) - 256
EXAMPLES = {
    "fibonacci": example(fibonacci.air(), fibonacci.witness(6, 3, 4), 0, 1, 63),
    "poseidon": example(poseidon.air(), poseidon.witness(8, 5), 0, 5, 90, 110, 128, 255),
    "membership": example(
        *(membership.air(LOG_MEMBERS), ballot(3)),
        *(0, 5, 127, 128, NULLIFIER_BLOCK - 1, NULLIFIER_BLOCK, NULLIFIER_BLOCK + 127),
    ),
    "int8": example(
        *(int8_layer.air(), int8_layer.witness(WEIGHTS, INPUTS)),
        *(0, 1, 20, 31, 32),
        more={int8_layer.INPUT: range(2, 31), int8_layer.REST: range(12, 512, 32)},
    ),
}


def verified(air: Air, public: list[int], proof: bytes) -> bool:
    seed = verifier.statement_seed(airs.air_id(encode_air(air)), proof[0], public)
    return verifier.verify(air, proof[0], seed, public, proof[1:])


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_proof_verifies(name: str) -> None:
    each = EXAMPLES[name]
    airs.check_degrees(airs.parse(encode_air(each.air)))
    assert security.proven_bits(each.air)[0] >= 100
    assert list(violations(each.air, each.columns, each.public)) == []
    proof = prove.prove(each.air, each.columns, each.public)
    assert verified(each.air, each.public, proof)
    for index in range(len(each.public)):
        other = list(each.public)
        other[index] += 1
        assert not verified(each.air, other, proof)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_constraint_is_broken_by_some_change(name: str) -> None:
    """So none could be left out unseen; and the prover refuses what breaks one."""
    each = EXAMPLES[name]
    count = len(each.air.constraints) + len(each.air.boundaries)
    seen: set[int] = set()
    for column in range(each.air.columns):
        for row in (*each.rows, *each.more.get(column, ())):
            changed = [list(values) for values in each.columns]
            changed[column][row] = (changed[column][row] + 2) % P
            broken = {v.constraint for v in violations(each.air, changed, each.public)}
            if broken - seen and (name == "fibonacci" or not seen):
                with pytest.raises(prove.TraceRefusedError):
                    prove.prove(each.air, changed, each.public)
            seen |= broken
    assert seen == set(range(count))


def test_the_hash_is_starknets() -> None:
    for left, right in ((0, 0), (1, 2), (P - 1, 3)):
        assert poseidon.hash_pair(left, right) == starknet([left, right, 2])[0]


def test_a_chain_hashes_every_128_rows() -> None:
    _, (first, last) = poseidon.witness(9, 5)
    value = first
    for _ in range(4):
        value = starknet([value, 0, 2])[0]
    assert value == last


def test_every_member_has_the_same_root_and_an_own_nullifier() -> None:
    publics = [ballot(member)[1] for member in range(len(LEAVES))]
    root = membership.levels_of(LEAVES, DEPTH)[-1]
    assert {tuple(public[:1]) for public in publics} == {tuple(root)}
    assert len({public[membership.NULLIFIER] for public in publics}) == len(LEAVES)
    again = ballot(2, topic=78)[1]
    assert again[membership.NULLIFIER] != publics[2][membership.NULLIFIER]
    assert ballot(2, message=2)[1][:3] == publics[2][:3]


def test_who_is_no_member_has_no_proof() -> None:
    path = membership.path_of(LEAVES, 3, DEPTH)
    columns, public = membership.witness(5, 3, path, 77, 1, field_element)
    public[membership.ROOT] = membership.levels_of(LEAVES, DEPTH)[-1][0]
    with pytest.raises(prove.TraceRefusedError):
        prove.prove(membership.air(LOG_MEMBERS), columns, public)


def test_what_a_ballot_opens_is_never_the_secret() -> None:
    """A column that is the secret in all rows would be it everywhere."""
    each = EXAMPLES["membership"]
    proof = prove.prove(each.air, each.columns, each.public)
    assert all(secret.to_bytes(32, "big") not in proof for secret in SECRETS)
    secret = SECRETS[3] * 2**256 % P
    assert secret.to_bytes(32, "big") not in proof
    bare = [list(column) for column in each.columns]
    bare[membership.SECRET] = [SECRETS[3]] * len(bare[0])
    assert secret.to_bytes(32, "big") in prove.prove(each.air, bare, each.public)


@pytest.mark.parametrize("value", [-128, -127, -1, 0, 1, 127])
def test_a_layer_of_extreme_weights_and_inputs(value: int) -> None:
    for inputs in ([-128] * 32, [127] * 32):
        columns, public = int8_layer.witness([[value] * 32] * 16, inputs)
        columns = [[x % P for x in column] for column in columns]
        largest = value == -128 and inputs[0] == -128
        assert (public[-1] > 255) is largest
        # 32 * 128 * 128 is 2**19, one more than 20 bits can hold: there is no proof of it.
        assert (list(violations(int8_layer.air(), columns, public)) == []) is not largest


@pytest.mark.parametrize("weight", [128, -129, 1000])
def test_a_weight_that_is_no_byte_has_no_trace(weight: int) -> None:
    weights = [list(row) for row in WEIGHTS]
    weights[2][7] = weight
    columns, public = int8_layer.witness(weights, INPUTS)
    columns = [[x % P for x in column] for column in columns]
    assert list(violations(int8_layer.air(), columns, public))
    columns[7][2 * 32 + 7] = (
        (weight + 128 - sum(columns[i][2 * 32 + 7] << i for i in range(7))) * pow(128, -1, P) % P
    )
    bits = {v.constraint for v in violations(int8_layer.air(), columns, public)}
    assert 7 in bits
