"""The contracts of docs/zk.md at work, in both languages."""

from collections.abc import Callable
from typing import Any

import pytest

from precompiles.zk.pedersen import commitment
from precompiles.zk.poseidon import instances, reference

LANGUAGES = [("vyper", ".vy"), ("solidity", ".sol")]
STARKNET = instances.STARKNET
DEPTH = 16

Deployer = Callable[..., Any]


@pytest.fixture(params=LANGUAGES, ids=[language for language, _ in LANGUAGES])
def written(
    request: pytest.FixtureRequest, documented: Callable[[str, str], str], deploy: Deployer
) -> Deployer:
    """Deploy a contract of the page in this language."""
    language, suffix = request.param

    def run(name: str, *arguments: Any) -> Any:
        compiler = request.getfixturevalue(language)
        return deploy(*compiler(documented("zk.md", name + suffix)), *arguments)

    return run


def tree(leaves: dict[int, int]) -> tuple[int, Callable[[int], list[int]]]:
    """Return the root of a sparse tree, and what gives the path of an index."""
    permute = reference.PERMUTE[STARKNET]
    empty = [0]
    levels = [leaves]
    for height in range(DEPTH):
        below = levels[-1]
        empty.append(instances.node(STARKNET, permute, empty[-1], empty[-1]))
        levels.append(
            {
                parent: instances.node(
                    STARKNET,
                    permute,
                    below.get(2 * parent, empty[height]),
                    below.get(2 * parent + 1, empty[height]),
                )
                for parent in {index // 2 for index in below}
            }
        )

    def path(index: int) -> list[int]:
        return [levels[h].get((index >> h) ^ 1, empty[h]) for h in range(DEPTH)]

    return levels[-1][0], path


def test_members_enter_and_nobody_else(written: Deployer, accounts: Any) -> None:
    permute = reference.PERMUTE[STARKNET]
    members = {5: accounts[0].address, 40_000: accounts[1].address}
    leaves = {
        index: instances.digest(STARKNET, permute, [1, 2, int.from_bytes(address, "big")])
        for index, address in members.items()
    }
    root, path = tree(leaves)
    contract = written("Members", root)
    for index, address in members.items():
        contract.send("enter", index, path(index), sender=address)
    stranger = accounts[2].address
    contract.refusal("enter", 5, path(5), sender=stranger)
    contract.refusal("enter", 6, path(5), sender=members[5])
    contract.refusal("enter", 2, path(5)[1:], sender=members[5])
    there = [contract.call("present", f"0x{each.address.hex()}") for each in accounts[:3]]
    assert there == [True, True, False]


def test_a_pot_opens_to_the_sum(written: Deployer) -> None:
    scheme = commitment.SCHEMES[1]
    gifts = [(5, 111), (7, 222), (30, 333)]
    pot = written("Pot")
    for amount, blinding in gifts:
        pot.send("give", *scheme.commit(amount, blinding))
    pot.refusal("give", 1, 1)
    total, blinding = (sum(column) for column in zip(*gifts, strict=True))
    pot.refusal("reveal", total + 1, blinding)
    pot.refusal("reveal", total + scheme.order, blinding)
    pot.send("reveal", total, blinding)
    assert pot.call("total") == 42
