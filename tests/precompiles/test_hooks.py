"""The hook library: the search against its plain twin, and what a search costs."""

import random

import pytest
from eth_abi import decode, encode
from eth_utils import keccak

from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.dex.hooks import contract, flags, kernel, reference
from precompiles.registry import find

HOOKS = find("hooks").address
FIND = "find(address,uint16,bytes32,uint256,uint256)"
NOBODY = b"\x11" * 20


def search(first: int, tries: int, wanted: int, gas: int = 30_000_000) -> Outcome:
    arguments = encode(FIND[5:-1].split(","), [NOBODY, wanted, keccak(b"code"), first, tries])
    return call_precompile(World(), HOOKS, keccak(text=FIND)[:4] + arguments, gas=gas)


def test_the_kernel_finds_what_the_twin_finds() -> None:
    choose = random.Random(14)
    for first in (0, 1, 2**64 - 1, 2**64 - 300, 2**128 - 8, 2**256 - 999):
        prefix, code_hash = b"\xff" + choose.randbytes(20), choose.randbytes(32)
        room = min(20_000, 2**256 - first)
        for tries in (0, 1, 7, 8, 9, room):
            wanted = choose.randrange(flags.MASK + 1)
            given = prefix, code_hash, first, tries, wanted
            assert kernel.search(*given) == reference.search(*given)


@pytest.mark.parametrize("lane", range(17))
def test_each_lane_and_the_one_behind_the_last(lane: int) -> None:
    """The flags of one known salt, searched from each distance before it."""
    prefix, code_hash = b"\xff" + NOBODY, bytes(32)
    salt = 2**64 + 3
    wanted = flags.of(keccak(prefix + salt.to_bytes(32, "big") + code_hash))
    first = salt - lane
    assert kernel.search(prefix, code_hash, first, lane + 1, wanted) == salt
    assert kernel.search(prefix, code_hash, first, lane, wanted) == -1


def test_a_search_is_paid_for_by_the_batch() -> None:
    """A miss costs all its tries, a hit the batches up to it; gas for less stops it."""
    nothing = search(0, 0, 0x00C0).gas_used
    for tries in (1, 511, 512, 513, 1_024):
        used = search(0, tries, 0x00C0).gas_used
        assert used == nothing + tries * contract.TRY_GAS
    hit = search(0, contract.TRIES_MAX, 0x00C0)
    found, salt, _ = decode(["bool", "bytes32", "address"], hit.data)
    assert found
    batches = int.from_bytes(salt, "big") // contract.BATCH + 1
    assert hit.gas_used == nothing + batches * contract.BATCH * contract.TRY_GAS
    assert search(0, contract.TRIES_MAX, 0x00C0, gas=hit.gas_used).status == "success"
    assert search(0, contract.TRIES_MAX, 0x00C0, gas=hit.gas_used - 1).status == "out of gas"


def test_flags_are_named_as_in_v4() -> None:
    """The names of v4's `Hooks.Permissions`, in its order, and the bit of each."""
    assert len(flags.NAMES) == flags.COUNT == 14
    assert flags.permissions(bytes(18) + b"\x00\x80").index(True) == flags.NAMES.index("beforeSwap")
    assert dict(flags.NEEDS) == {8: 0x80, 4: 0x40, 2: 0x400, 1: 0x100}
