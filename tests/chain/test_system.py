"""What blocks do by themselves: shortcuts equal the contracts' code, requests are as specified."""

import hashlib
from typing import Any

import pytest
from eth_abi import encode

from chain import system
from chain.blocks import Header, Log
from chain.calls import CallRequest
from chain.engines import open_state
from chain.errors import InvalidBlock
from chain.execution import BlockEnv, system_call
from chain.forks import PRAGUE
from chain.frames import Frames
from chain.local_chain import LocalChain
from chain.state import Reader, World
from chain.trie import EMPTY_ROOT

SOURCE_BALANCE = 10**20
PUBLIC_KEY = bytes(range(48))


def fresh_state() -> Any:
    """A state with the four contracts, as Prague starts."""
    nodes: dict[bytes, bytes] = {}
    world = World(Reader(nodes, EMPTY_ROOT))
    for address, code in system.SYSTEM_CONTRACTS.items():
        world.set_nonce(address, 1)
        world.set_code(address, code)
    env = BlockEnv(
        fork=PRAGUE,
        chain_id=1,
        number=70_001,
        timestamp=1_700_000_000,
        coinbase=bytes(20),
        gas_limit=30_000_000,
        base_fee=7,
        difficulty=0,
        prev_randao=bytes(32),
        excess_blob_gas=0,
        parent_hash=b"\x22" * 32,
        ancestors=lambda: (),
    )
    return open_state(env, world.commit(nodes), Frames())


def root_of(state: Any) -> bytes:
    return bytes(state.world.commit({}).root)


def test_the_shortcut_of_a_block_start_equals_the_contracts_code() -> None:
    short, long = fresh_state(), fresh_state()
    system.begin_block(short, b"\x11" * 32)
    assert system_call(long, system.BEACON_ROOTS_ADDRESS, b"\x11" * 32) == b""
    assert system_call(long, system.HISTORY_ADDRESS, b"\x22" * 32) == b""
    after = root_of(short)

    assert after == root_of(long)
    assert after != root_of(fresh_state())


@pytest.mark.parametrize("address", [system.WITHDRAWALS_ADDRESS, system.CONSOLIDATIONS_ADDRESS])
def test_an_idle_queue_that_runs_changes_nothing(address: bytes) -> None:
    state = fresh_state()
    assert system_call(state, address, b"") == b""
    assert root_of(state) == root_of(fresh_state())
    assert system.requests(fresh_state(), (), bytes(20)) == []


def test_a_queue_that_was_never_opened_is_opened() -> None:
    """Deployed by its transaction, a queue starts with a fee so high that nobody can use it."""
    state = fresh_state()
    state.world.set_storage(system.WITHDRAWALS_ADDRESS, 0, 2**256 - 1)
    assert system.requests(state, (), bytes(20)) == []
    assert state.world.get_storage(system.WITHDRAWALS_ADDRESS, 0) == 0


def test_no_requests_hash_to_the_hash_of_nothing() -> None:
    assert system.requests_hash([]) == hashlib.sha256(b"").digest()


def test_withdrawal_and_consolidation_requests_reach_the_header(chain: LocalChain) -> None:
    sender = chain.accounts[0]
    chain.set_automine(False)
    amount = (5).to_bytes(8, "big")
    for nonce, (to, data) in enumerate(
        [
            (system.WITHDRAWALS_ADDRESS, PUBLIC_KEY + amount),
            (system.CONSOLIDATIONS_ADDRESS, PUBLIC_KEY + PUBLIC_KEY[::-1]),
        ]
    ):
        chain.send(CallRequest(sender=sender, to=to, data=data, value=1, nonce=nonce, gas=300_000))
    (block,) = chain.mine()
    assert [receipt.status for receipt in chain.receipts(block.hash) or ()] == [1, 1]
    # EIP-7002: source, key, amount little-endian. EIP-7251: source, source key, target key.
    found = [
        b"\x01" + sender + PUBLIC_KEY + amount[::-1],
        b"\x02" + sender + PUBLIC_KEY + PUBLIC_KEY[::-1],
    ]
    assert block.header.requests_hash == system.requests_hash(found)

    (following,) = chain.mine()
    assert following.header.requests_hash == hashlib.sha256(b"").digest()


def test_a_malformed_request_reverts(chain: LocalChain) -> None:
    to = system.WITHDRAWALS_ADDRESS
    for data, value in ((PUBLIC_KEY, 1), (PUBLIC_KEY + bytes(8), 0)):
        result = chain.call(CallRequest(sender=chain.accounts[0], to=to, data=data, value=value))
        assert result.reverted


def test_hashes_of_older_blocks_are_served(chain: LocalChain) -> None:
    chain.mine(300)
    for number in (1, 150, 299):
        result = chain.call(CallRequest(to=system.HISTORY_ADDRESS, data=number.to_bytes(32, "big")))
        block = chain.block(number)
        assert block is not None
        assert result.output == block.hash
    future = chain.call(CallRequest(to=system.HISTORY_ADDRESS, data=(10**6).to_bytes(32, "big")))
    assert future.reverted


def test_beacon_roots_are_served_by_timestamp(chain: LocalChain) -> None:
    (block,) = chain.mine()
    at = block.header.timestamp.to_bytes(32, "big")
    assert chain.call(CallRequest(to=system.BEACON_ROOTS_ADDRESS, data=at)).output == bytes(32)
    never = (block.header.timestamp - 1).to_bytes(32, "big")
    assert chain.call(CallRequest(to=system.BEACON_ROOTS_ADDRESS, data=never)).reverted


DEPOSIT = (PUBLIC_KEY, b"\x01" * 32, (32 * 10**9).to_bytes(8, "little"), b"\x03" * 96, bytes(8))


def deposit_log(data: bytes, address: bytes = system.DEPOSIT_ADDRESS) -> Log:
    return Log(address=address, topics=(system.DEPOSIT_EVENT,), data=data)


def test_deposits_are_read_from_their_logs() -> None:
    data = encode(["bytes"] * 5, DEPOSIT)
    logs = [deposit_log(data), deposit_log(data, address=b"\x09" * 20)]
    found = system.requests(fresh_state(), logs, system.DEPOSIT_ADDRESS)
    assert found == [b"\x00" + b"".join(DEPOSIT)]


@pytest.mark.parametrize(
    "data",
    [
        encode(["bytes"] * 5, DEPOSIT)[:-1],
        encode(["bytes"] * 5, DEPOSIT) + bytes(32),
        encode(["bytes"] * 5, (DEPOSIT[0][:-1], *DEPOSIT[1:])),
        bytes(32) + encode(["bytes"] * 5, DEPOSIT)[32:],
    ],
)
def test_a_deposit_of_another_shape_makes_the_block_invalid(data: bytes) -> None:
    with pytest.raises(InvalidBlock, match="deposit event"):
        system.requests(fresh_state(), [deposit_log(data)], system.DEPOSIT_ADDRESS)


def test_a_failing_system_contract_makes_the_block_invalid() -> None:
    state = fresh_state()
    state.world.set_code(system.WITHDRAWALS_ADDRESS, bytes.fromhex("5f5ffd"))
    with pytest.raises(InvalidBlock, match="system contract"):
        system.requests(state, (), bytes(20))


def test_ommers_are_paid_by_their_distance() -> None:
    """The yellow paper's rule: a ommer k blocks back gets (8 - k) / 8, its includer 1 / 32 each."""
    world = World(Reader({}, EMPTY_ROOT))

    def header(number: int, miner: int) -> Header:
        return Header(
            parent_hash=bytes(32),
            state_root=EMPTY_ROOT,
            number=number,
            gas_limit=5000,
            timestamp=0,
            coinbase=bytes((miner,)) * 20,
        )

    ether = 10**18
    system.reward(world, header(10, 1), [header(9, 2), header(4, 3)], 2 * ether)
    assert world.get_balance(b"\x01" * 20) == 2 * ether + 2 * ether * 2 // 32
    assert world.get_balance(b"\x02" * 20) == 2 * ether * 7 // 8
    assert world.get_balance(b"\x03" * 20) == 2 * ether * 2 // 8
