"""eth_simulateV1 against the official exchanges as far as no earlier block decides, and by rule."""

from itertools import pairwise
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.blocks import Block, Withdrawal, bloom_of, receipts_root, transactions_root
from chain.building import next_base_fee
from chain.calls import AccountOverride, BlockOverride, CallRequest, CallResult
from chain.encoding import keccak
from chain.forks import PRAGUE
from chain.genesis import genesis_from_json
from chain.local_chain import LocalChain
from chain.simulation import (
    SECONDS_BETWEEN_BLOCKS,
    TRANSFER_ADDRESS,
    SimulatedBlock,
    SimulationError,
)

A, B, C = (bytes((0xC0 + n,)) + bytes(19) for n in range(3))
OFFICIAL_CHAIN_ID = 3503995874084926


@pytest.fixture(params=["core", "py"])
def official(request: pytest.FixtureRequest) -> LocalChain:
    """A chain with the id and the gas limit of the official exchanges' chain."""
    genesis = {
        "config": {"chainId": OFFICIAL_CHAIN_ID, "terminalTotalDifficulty": 0}
        | {f"{fork}Time": 0 for fork in ("shanghai", "cancun", "prague")},
        "gasLimit": "0x47e7c40",
        "baseFeePerGas": "0x10",
        "alloc": {},
    }
    return LocalChain.open(genesis_from_json(genesis), mining="manual", engine=request.param)


def call(sender: bytes, to: bytes | None, **fields: Any) -> CallRequest:
    return CallRequest(sender=sender, to=to, **fields)


def test_transfers_as_officially_answered(official: LocalChain) -> None:
    """ethSimulate-simple.io: transactions, receipts and gas do not depend on the chain below."""
    ((block, results),) = official.simulate(
        [
            SimulatedBlock(
                accounts={A: AccountOverride(balance=1000)},
                calls=(call(A, B, value=1000), call(B, C, value=1000)),
            )
        ]
    )
    assert [tx.hash.hex() for tx in block.transactions] == [
        "f1c5abb08809ef760f87aeabe7a87284c60797192dab6d2f0d26c27c9c038e9d",
        "bc123d32ae457d4a444af60d1aef663c2f4a77c44a52bec0eef8ac81b53549cb",
    ]
    header = block.header
    assert header.transactions_root.hex() == (
        "6d79cfd6f20bf10a0b3831acf15402528b00992cb9a71302596de7fbb4ebfb07"
    )
    assert header.receipts_root.hex() == (
        "75308898d571eafb5cd8cde8278bf5b3d13c5f6ec074926de3bb895b519264e1"
    )
    assert (header.gas_used, header.gas_limit, header.base_fee_per_gas) == (0xA410, 0x47E7C40, 0)
    assert header.requests_hash is not None
    assert header.requests_hash.hex().startswith("e3b0c44298fc1c14")
    for result in results:
        assert result.success
        assert result.gas_used == result.max_gas_used == 21_000
        assert result.logs == ()
    assert [tx.sender for tx in block.transactions] == [A, B]
    assert block.size == len(block.encode())


def test_fees_below_an_overridden_base_fee_as_officially_answered(official: LocalChain) -> None:
    """ethSimulate-basefee-too-low-without-validation-38012.io, and the same with validation."""
    wanted = SimulatedBlock(
        block=BlockOverride(base_fee=10),
        calls=(call(B, B, max_fee_per_gas=0, max_priority_fee_per_gas=0),),
    )
    ((block, (result,)),) = official.simulate([wanted])
    assert block.transactions[0].hash.hex() == (
        "234a1d9897819c206fdeb6af312d742010a91b5b4159978a902c9a0b90e7bee5"
    )
    assert block.header.receipts_root.hex() == (
        "f78dfb743fbd92ade140711c8bbc542b5e307f0ab7984eff35d751969fe57efa"
    )
    assert block.header.base_fee_per_gas == 10
    assert result.success
    with pytest.raises(SimulationError) as caught:
        official.simulate([wanted], validation=True)
    assert caught.value.code == -38012
    assert str(caught.value) == (
        "err: max fee per gas less than block base fee: address "
        "0xc100000000000000000000000000000000000000, maxFeePerGas: 0, baseFee: 10 "
        "(supplied gas 50000000)"
    )


# Returns blobhash 0, 1 and 2, as the contract of the official exchange does.
BLOBHASHES = bytes.fromhex("5f495f5260014960205260024960405260605ff3")
BLOB = bytes.fromhex("010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014")


def test_blobs_as_officially_answered(official: LocalChain) -> None:
    """ethSimulate-blobs.io: transaction hashes, fees and counters over two blocks."""
    request = call(A, C, max_fee_per_gas=16, max_fee_per_blob_gas=10, blob_versioned_hashes=(BLOB,))
    accounts = {A: AccountOverride(balance=10**9), C: AccountOverride(code=BLOBHASHES)}
    (first, first_results), (second, _) = official.simulate(
        [
            SimulatedBlock(
                block=BlockOverride(base_fee=15, blob_base_fee=0),
                accounts=accounts,
                calls=(request,),
            ),
            SimulatedBlock(block=BlockOverride(blob_base_fee=1), calls=(request,)),
        ],
        validation=True,
    )
    assert first_results[0].output == BLOB + bytes(64)
    (tx,) = first.transactions
    assert (tx.type, tx.gas, tx.nonce, tx.v) == (3, 50_000_000, 0, 0)
    assert tx.hash.hex() == "6dd302137bafa6817cdd92b1157be1eb7b884b32e9bcab7f4084ee4c05a5dba3"
    assert first.header.blob_gas_used == second.header.blob_gas_used == 0x20000
    assert second.header.base_fee_per_gas == 14
    assert second.header.parent_hash == first.hash
    assert second.transactions[0].gas == 50_000_000 - first.header.gas_used
    assert second.transactions[0].nonce == 1


FORWARD = bytes.fromhex("5f5f5f5f345f356108fcf1")  # Sends its value on to its first argument.


def test_transfers_become_logs(official: LocalChain) -> None:
    """ethSimulate-eth-send-should-produce-more-logs-on-forward.io, with a shorter contract."""
    target = bytes(18) + b"\x01\x00"
    request = call(A, B, value=1000, data=bytes(12) + target)
    wanted = SimulatedBlock(
        accounts={A: AccountOverride(balance=2000), B: AccountOverride(code=FORWARD)},
        calls=(request,),
    )
    ((block, (result,)),) = official.simulate([wanted], trace_transfers=True)
    event = bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")
    assert [(log.address, log.topics, int.from_bytes(log.data, "big")) for log in result.logs] == [
        (TRANSFER_ADDRESS, (event, bytes(12) + A, bytes(12) + B), 1000),
        (TRANSFER_ADDRESS, (event, bytes(12) + B, bytes(12) + target), 1000),
    ]
    assert block.header.logs_bloom == bytes(256)
    ((_, (plain,)),) = official.simulate([wanted])
    assert plain.logs == ()


def test_reverted_transfers_leave_no_log(official: LocalChain) -> None:
    revert = bytes.fromhex("5f5ffd")
    accounts = {
        A: AccountOverride(balance=5),
        B: AccountOverride(code=FORWARD),
        C: AccountOverride(code=revert),
    }
    calls = (call(A, C, value=1), call(A, B, value=1, data=bytes(12) + C))
    ((_, (reverted, inner)),) = official.simulate(
        [SimulatedBlock(accounts=accounts, calls=calls)], trace_transfers=True
    )
    assert reverted.reverted
    assert reverted.error == "execution reverted"
    assert reverted.logs == ()
    assert inner.success
    assert len(inner.logs) == 1  # Into the contract; what it sent on came back.


def test_transfers_by_creation_and_destruction(official: LocalChain) -> None:
    init = bytes.fromhex("73") + C + bytes.fromhex("ff")
    ((block, (result,)),) = official.simulate(
        [
            SimulatedBlock(
                accounts={A: AccountOverride(balance=9)}, calls=(call(A, None, value=9, data=init),)
            )
        ],
        trace_transfers=True,
    )
    created = keccak(bytes.fromhex("d694") + A + b"\x80")[12:]
    assert [(log.topics[1][12:], log.topics[2][12:]) for log in result.logs] == [
        (A, created),
        (created, C),
    ]
    assert block.transactions[0].to == b""


def errors(chain: LocalChain, *blocks: SimulatedBlock, **options: Any) -> tuple[int, str]:
    with pytest.raises(SimulationError) as caught:
        chain.simulate(list(blocks), **options)
    return caught.value.code, str(caught.value)


def test_official_errors(official: LocalChain) -> None:
    """Codes and words of the official exchanges named on each line."""
    checksummed = "0xC000000000000000000000000000000000000000"

    def block(**fields: Any) -> SimulatedBlock:
        return SimulatedBlock(block=BlockOverride(**fields))

    # ethSimulate-block-num-order-38020.io
    assert errors(official, block(number=154), block(number=144)) == (
        -38020,
        "block numbers must be in order: 144 <= 154",
    )
    # ethSimulate-block-timestamp-order-38021.io
    assert errors(official, block(time=552), block(time=551)) == (
        -38021,
        "block timestamps must be in order: 551 <= 552",
    )
    # ethSimulate-simple-no-funds.io, where the gas cap is another
    assert errors(official, SimulatedBlock(calls=(call(A, B, value=1000),))) == (
        -38014,
        f"err: insufficient funds for gas * price + value: address {checksummed} "
        "have 0 want 1000 (supplied gas 50000000)",
    )
    # ethSimulate-overflow-nonce-validation.io, likewise
    accounts = {A: AccountOverride(nonce=2**64 - 1)}
    overflow = SimulatedBlock(accounts=accounts, calls=(call(A, B),))
    assert errors(official, overflow, validation=True) == (
        -32603,
        f"err: nonce has max value: address {checksummed}, nonce: 18446744073709551615 "
        "(supplied gas 50000000)",
    )
    # ethSimulate-instrict-gas-38013.io, in a fork that asks for less
    assert errors(official, SimulatedBlock(calls=(call(B, B, gas=0),))) == (
        -38013,
        "err: intrinsic gas too low: have 0, want 21000 (supplied gas 0)",
    )
    # ethSimulate-move-to-address-itself-reference-38022.io
    moved = {B: AccountOverride(move_precompile_to=B)}
    assert errors(official, SimulatedBlock(accounts=moved)) == (
        -32000,
        f"account 0x{B.hex()} is not a precompile",
    )


def test_other_errors(official: LocalChain) -> None:
    price = {"max_fee_per_gas": 100}
    rich = {A: AccountOverride(balance=10**18, nonce=5)}

    def one(request: CallRequest, **options: Any) -> int:
        return errors(official, SimulatedBlock(accounts=rich, calls=(request,)), **options)[0]

    assert one(call(A, B, nonce=4, **price), validation=True) == -38010
    assert one(call(A, B, nonce=6, **price), validation=True) == -38011
    assert one(call(A, B, gas=75_399_233)) == -38015
    assert one(call(A, None, data=bytes(49_153))) == -38025
    assert one(call(A, B, data=b"\x01" * 4000, gas=100_000)) == -38013  # The floor of EIP-7623.
    assert one(call(A, B, max_priority_fee_per_gas=2, max_fee_per_gas=1)) == -32602
    assert one(call(A, B, gas_price=1), validation=True) == -38012
    code = {A: AccountOverride(balance=10**18, code=b"\x00")}
    wanted = SimulatedBlock(accounts=code, calls=(call(A, B, **price),))
    assert errors(official, wanted, validation=True)[0] == -38024
    assert official.simulate([wanted])[0][1][0].success
    delegated = {A: AccountOverride(balance=10**18, code=b"\xef\x01\x00" + C)}
    wanted = SimulatedBlock(accounts=delegated, calls=(call(A, B, **price),))
    assert official.simulate([wanted], validation=True)[0][1][0].success
    blob = call(A, B, max_fee_per_blob_gas=1, blob_versioned_hashes=(BLOB,))
    dear = SimulatedBlock(block=BlockOverride(blob_base_fee=2), accounts=rich, calls=(blob,))
    assert errors(official, dear)[0] == -32603


def test_nonces_are_taken_as_they_come_without_validation(official: LocalChain) -> None:
    calls = (call(A, B, nonce=7), call(A, B, nonce=3), call(A, B))
    ((block, results),) = official.simulate([SimulatedBlock(calls=calls)])
    assert [tx.nonce for tx in block.transactions] == [7, 3, 4]
    assert all(result.success for result in results)


def test_how_many_blocks(official: LocalChain) -> None:
    assert errors(official) == (-32602, "empty input")
    assert errors(official, *[SimulatedBlock()] * 257)[0] == -38026
    far = SimulatedBlock(block=BlockOverride(number=257))
    assert errors(official, far) == (-38026, "too many blocks")
    blocks = official.simulate([SimulatedBlock(block=BlockOverride(number=256))])
    assert len(blocks) == 256
    assert [block.number for block, _ in blocks] == list(range(1, 257))
    for (earlier, _), (later, _) in pairwise(blocks):
        assert later.header.parent_hash == earlier.hash
        assert later.header.timestamp == earlier.header.timestamp + SECONDS_BETWEEN_BLOCKS


def test_gaps_are_filled_and_state_carries_over(chain: LocalChain) -> None:
    chain.mine(2)
    counter = bytes.fromhex("5f546001018060005560005260206000f3")
    answers = chain.simulate(
        [
            SimulatedBlock(accounts={B: AccountOverride(code=counter)}, calls=(call(A, B),)),
            SimulatedBlock(block=BlockOverride(number=6), calls=(call(A, B), call(A, B))),
        ]
    )
    assert [block.number for block, _ in answers] == [3, 4, 5, 6]
    outputs = [int.from_bytes(each.output, "big") for _, results in answers for each in results]
    assert outputs == [1, 2, 3]
    assert chain.head.number == 2
    assert chain.state().code(B) == b""


def test_hashes_of_earlier_blocks(chain: LocalChain) -> None:
    chain.mine(3)
    # Returns the hash of the block whose number is its argument.
    asks = bytes.fromhex("5f35405f5260205ff3")
    numbers = [1, 3, 4, 5, 6]
    calls = tuple(call(A, B, data=number.to_bytes(32, "big")) for number in numbers)
    answers = chain.simulate(
        [
            SimulatedBlock(accounts={B: AccountOverride(code=asks)}),
            SimulatedBlock(),
            SimulatedBlock(calls=calls),
        ]
    )
    known = {block.number: block.hash for block, _ in answers[:2]}
    for number in (1, 3):
        block = chain.block(number)
        assert block is not None
        known[number] = block.hash
    assert [result.output for result in answers[2][1]] == [
        known.get(number, bytes(32)) for number in numbers
    ]


def test_block_overrides_are_what_code_sees(official: LocalChain) -> None:
    # NUMBER TIMESTAMP COINBASE PREVRANDAO GASLIMIT BASEFEE BLOBBASEFEE, a word each.
    code = bytes.fromhex(
        "".join(
            f"{op}60{32 * i:02x}52"
            for i, op in enumerate(("43", "42", "41", "44", "45", "48", "4a"))
        )
    ) + bytes.fromhex("60e05ff3")
    override = BlockOverride(
        number=9,
        time=10**10,
        coinbase=C,
        prev_randao=b"\x07" * 32,
        gas_limit=10**6,
        base_fee=3,
        blob_base_fee=77,
    )
    answers = official.simulate(
        [
            SimulatedBlock(
                block=override, accounts={B: AccountOverride(code=code)}, calls=(call(A, B),)
            )
        ]
    )
    block, (result,) = answers[-1]
    words = [result.output[i : i + 32] for i in range(0, 224, 32)]
    assert [int.from_bytes(word, "big") for word in words] == [
        9,
        10**10,
        int.from_bytes(C, "big"),
        int.from_bytes(b"\x07" * 32, "big"),
        10**6,
        3,
        77,
    ]
    header = block.header
    assert (header.coinbase, header.prev_randao, header.gas_limit) == (C, b"\x07" * 32, 10**6)


def test_validation_uses_the_base_fee_that_follows(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    request = call(accounts[0].address, B, max_fee_per_gas=10**10, max_priority_fee_per_gas=3)
    ((block, (result,)),) = chain.simulate([SimulatedBlock(calls=(request,))], validation=True)
    expected = next_base_fee(chain.head.header, PRAGUE)
    assert block.header.base_fee_per_gas == expected
    assert result.success
    chain.send(request)
    assert chain.head.header.gas_used == block.header.gas_used


def test_a_block_is_what_its_parts_say(official: LocalChain) -> None:
    emit = bytes.fromhex("60aa60005260206000a0")
    withdrawal = Withdrawal(index=1, validator_index=2, address=C, amount=3)
    wanted = SimulatedBlock(
        accounts={B: AccountOverride(code=emit)},
        calls=(call(A, B), call(A, None, data=bytes.fromhex("60006000f3"))),
        withdrawals=(withdrawal,),
        parent_beacon_root=b"\x09" * 32,
    )
    ((block, results),) = official.simulate([wanted])
    header = block.header
    assert header.transactions_root == transactions_root(block.transactions)
    assert header.logs_bloom == bloom_of(results[0].logs).to_bytes(256, "big")
    assert header.gas_used == sum(result.gas_used for result in results)
    assert block.withdrawals == (withdrawal,)
    assert header.parent_beacon_block_root == b"\x09" * 32
    assert header.withdrawals_root != receipts_root(())
    assert block.hash == keccak(header.encode())


def test_moved_precompiles_stay_for_one_block(official: LocalChain) -> None:
    identity = bytes(19) + b"\x04"
    moved = {identity: AccountOverride(move_precompile_to=C)}
    request = call(A, C, data=b"\x05\x06")
    (_, (there,)), (_, (gone,)) = official.simulate(
        [SimulatedBlock(accounts=moved, calls=(request,)), SimulatedBlock(calls=(request,))]
    )
    assert (there.output, gone.output) == (b"\x05\x06", b"")


def test_refunds_show_in_the_most_that_was_needed(official: LocalChain) -> None:
    clears = bytes.fromhex("5f5f55")
    accounts = {B: AccountOverride(code=clears, state={0: 1})}
    ((_, (result,)),) = official.simulate([SimulatedBlock(accounts=accounts, calls=(call(A, B),))])
    assert result.max_gas_used == 21_000 + 2 + 2 + 5_000
    assert result.gas_used == result.max_gas_used - 4_800


def test_all_calls_share_one_allowance(official: LocalChain) -> None:
    loop = bytes.fromhex("5b5f56")
    wanted = SimulatedBlock(
        block=BlockOverride(gas_limit=200_000_000),
        accounts={B: AccountOverride(code=loop)},
        calls=(call(A, B, gas=3_000_000), call(A, C)),
    )
    official.gas_cap = 3_030_000
    ((block, (failed, result)),) = official.simulate([wanted])
    assert failed.error == "out of gas"
    assert not failed.reverted
    assert result.success
    assert block.transactions[1].gas == 30_000
    more = SimulatedBlock(calls=(call(A, C),))
    assert errors(official, wanted, more)[0] == -38013


def test_on_top_of_an_older_block(chain: LocalChain) -> None:
    chain.mine(3)
    answers: list[tuple[Block, tuple[CallResult, ...]]] = chain.simulate([SimulatedBlock()], 1)
    assert answers[0][0].number == 2
    first = chain.block(1)
    assert first is not None
    assert answers[0][0].header.parent_hash == first.hash
