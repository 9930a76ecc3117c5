"""Osaka's rules, each at its edge and one past it, beside Prague's."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from chain.accounts import DevAccount
from chain.blocks import Block
from chain.building import BLOCK_FRAME_SIZE_MAX, BLOCK_SIZE_MAX, LENGTH_PREFIX_SIZE_MAX
from chain.calls import NO_OVERRIDES, CallFailed, CallRequest
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidTransaction, RejectedTransaction
from chain.genesis import genesis_from_json, genesis_to_json, pars_genesis
from chain.local_chain import LocalChain
from chain.rules import TRANSACTION_GAS_MAX
from chain.simulation import SimulatedBlock, SimulationError
from chain.tracing import TracerOptions
from chain.transactions import GAS_PER_BLOB, Fields, Transaction, sign_transaction

MakeChain = Callable[..., LocalChain]
CODE_AT = b"\xcc" * 20
TO = b"\x35" * 20
GWEI = 10**9


@pytest.fixture
def chain_of(accounts: tuple[DevAccount, ...]) -> MakeChain:
    """Make chains that know exactly these forks after Prague."""

    def make(**times: Any) -> LocalChain:
        funded = pars_genesis(6133, [account.address for account in accounts])
        data = genesis_to_json(funded)
        kept = {name: value for name, value in data["config"].items() if name != "osakaTime"}
        options = {name: times.pop(name) for name in ("clock", "mining") if name in times}
        data["gasLimit"] = hex(times.pop("gas_limit", 60_000_000))
        data["config"] = kept | times
        genesis = genesis_from_json(data)
        return LocalChain.open(genesis, accounts=accounts, loud=True, **options)

    return make


@pytest.fixture
def osaka(chain_of: MakeChain) -> LocalChain:
    return chain_of(osakaTime=0)


@pytest.fixture
def prague(chain_of: MakeChain) -> LocalChain:
    return chain_of()


# CLZ (EIP-7939).


def clz(chain: LocalChain, word: int) -> int:
    code = b"\x7f" + word.to_bytes(32, "big") + bytes.fromhex("1e60005260206000f3")
    chain.set_code(CODE_AT, code)
    result = chain.call(CallRequest(to=CODE_AT))
    assert result.success
    return int.from_bytes(result.output, "big")


@pytest.mark.parametrize(
    ("word", "zeros"),
    [
        # The EIP's own cases.
        (0, 256),
        (1 << 255, 0),
        (2**256 - 1, 0),
        (1 << 254, 1),
        (2**255 - 1, 1),
        (1, 255),
    ],
)
def test_leading_zeros_of_the_eips_cases(osaka: LocalChain, word: int, zeros: int) -> None:
    assert clz(osaka, word) == zeros


def test_leading_zeros_at_every_bit(osaka: LocalChain) -> None:
    for bit in range(0, 256, 5):
        expected = f"{1 << bit:0256b}".index("1")
        assert clz(osaka, 1 << bit) == clz(osaka, (2 << bit) - 1) == expected


def test_clz_costs_five(osaka: LocalChain) -> None:
    osaka.set_code(CODE_AT, bytes.fromhex("60011e"))
    needed = 21_000 + 3 + 5
    assert osaka.call(CallRequest(to=CODE_AT, gas=needed)).gas_used == needed
    short = osaka.call(CallRequest(to=CODE_AT, gas=needed - 1))
    assert (short.success, short.error, short.gas_used) == (False, "out of gas", needed - 1)


def test_clz_needs_a_word(osaka: LocalChain) -> None:
    osaka.set_code(CODE_AT, b"\x1e")
    assert osaka.call(CallRequest(to=CODE_AT)).error == "stack underflow"


def test_prague_has_no_clz(prague: LocalChain) -> None:
    prague.set_code(CODE_AT, bytes.fromhex("60011e"))
    result = prague.call(CallRequest(to=CODE_AT))
    assert result.error == "invalid opcode: opcode 0x1e not defined"


def test_the_instruction_comes_with_the_fork(chain_of: MakeChain) -> None:
    start = 1_900_000_000
    chain = chain_of(osakaTime=start + 5, clock=lambda: float(start))
    chain.set_code(CODE_AT, bytes.fromhex("60001e600055"))
    for time, expected in ((start + 4, 0), (start + 5, 256)):
        chain.set_next_timestamp(time)
        chain.send(CallRequest(sender=chain.accounts[0], to=CODE_AT, gas=100_000))
        assert chain.head.header.timestamp == time
        assert chain.state().storage(CODE_AT, 0) == expected


def test_a_trace_names_clz(osaka: LocalChain) -> None:
    osaka.set_code(CODE_AT, bytes.fromhex("60011e"))
    request = CallRequest(to=CODE_AT)
    trace = osaka.trace_call(request, "latest", NO_OVERRIDES, TracerOptions())
    step = trace["structLogs"][1]
    assert (step["op"], step["gasCost"], step["stack"]) == ("CLZ", 5, ["0x1"])


# P256VERIFY (EIP-7951), as the chain knows it; what it computes is tested with the builtins.

P256VERIFY = bytes(18) + b"\1\0"


def access_gas(chain: LocalChain, address: bytes) -> int:
    """Return what BALANCE of an address costs."""
    chain.set_code(CODE_AT, b"\x73" + address + b"\x31")
    return chain.call(CallRequest(to=CODE_AT)).gas_used - 21_000 - 3


def test_p256verify_is_warm_from_osaka_on(osaka: LocalChain, prague: LocalChain) -> None:
    assert access_gas(osaka, P256VERIFY) == access_gas(osaka, bytes(19) + b"\1") == 100
    assert access_gas(prague, P256VERIFY) == 2600
    neighbour = bytes(18) + b"\1\1"
    assert access_gas(osaka, neighbour) == access_gas(prague, neighbour) == 2600


def test_p256verify_costs_its_price(osaka: LocalChain, prague: LocalChain) -> None:
    request = CallRequest(to=P256VERIFY, gas=21_000 + 6900)
    assert (osaka.call(request).success, osaka.call(request).gas_used) == (True, 27_900)
    short = osaka.call(replace(request, gas=21_000 + 6899))
    assert (short.success, short.error) == (False, "out of gas")
    assert (prague.call(request).success, prague.call(request).gas_used) == (True, 21_000)


def test_a_delegation_to_p256verify_is_empty_code(osaka: LocalChain) -> None:
    """EIP-7702."""
    osaka.set_code(CODE_AT, b"\xef\1\0" + P256VERIFY)
    result = osaka.call(CallRequest(to=CODE_AT, gas=21_000))
    assert (result.success, result.output, result.gas_used) == (True, b"", 21_000)


def modexp_gas(chain: LocalChain, size: int) -> int | None:
    """Return the price of MODEXP with a base of this size, or None where it fails."""
    lengths = b"".join(length.to_bytes(32, "big") for length in (size, 0, 1))
    modexp = CallRequest(to=bytes(19) + b"\5", data=lengths)
    result = chain.call(modexp)
    intrinsic = 21_000 + 4 * lengths.count(0) + 16 * (96 - lengths.count(0))
    return result.gas_used - intrinsic if result.success else None


def test_modexp_takes_operands_of_1024_bytes(osaka: LocalChain, prague: LocalChain) -> None:
    """EIP-7823; and EIP-7883: twice the square of 128 words, where it was a third of it."""
    assert modexp_gas(osaka, 1024) == 2 * 128**2
    assert modexp_gas(osaka, 1025) is None
    assert modexp_gas(prague, 1024) == 128**2 // 3
    assert modexp_gas(prague, 1025) == 129**2 // 3


# The gas of one transaction (EIP-7825).


def test_a_transaction_asks_for_no_more_than_the_cap(osaka: LocalChain) -> None:
    sender = osaka.accounts[0]
    assert TRANSACTION_GAS_MAX == 16_777_216
    osaka.send(CallRequest(sender=sender, to=TO, gas=TRANSACTION_GAS_MAX))
    assert osaka.head.header.gas_used == 21_000
    reason = r"^transaction gas limit too high \(cap: 16777216, tx: 16777217\)$"
    with pytest.raises(RejectedTransaction, match=reason):
        osaka.send(CallRequest(sender=sender, to=TO, gas=TRANSACTION_GAS_MAX + 1))
    assert (osaka.head.number, len(osaka.pool)) == (1, 0)


def test_prague_knows_no_cap(prague: LocalChain) -> None:
    prague.send(CallRequest(sender=prague.accounts[0], to=TO, gas=TRANSACTION_GAS_MAX + 1))
    assert prague.head.header.gas_used == 21_000


def test_a_question_may_use_more_than_a_transaction(osaka: LocalChain) -> None:
    """A call and an access list are bound by the node's cap alone, as in geth."""
    osaka.set_code(CODE_AT, bytes.fromhex("6230d40051"))  # Memory of 100,001 words: 19,832,167 gas.
    request = CallRequest(to=CODE_AT, gas=40_000_000)
    assert osaka.call(request).gas_used > TRANSACTION_GAS_MAX
    assert osaka.create_access_list(request).gas_used > TRANSACTION_GAS_MAX


def test_an_estimate_stays_below_the_cap(osaka: LocalChain, prague: LocalChain) -> None:
    """What needs more than one transaction may ask for has no estimate."""
    needs = bytes.fromhex("63010000005a10600b57005bfe")  # 2^24 gas in its frame, or it fails.
    for chain in (osaka, prague):
        chain.set_code(CODE_AT, needs)
    request = CallRequest(sender=osaka.accounts[0], to=CODE_AT)
    assert prague.estimate_gas(request) > TRANSACTION_GAS_MAX
    for gas in (None, 30_000_000):
        with pytest.raises(CallFailed) as failure:
            osaka.estimate_gas(CallRequest(sender=request.sender, to=CODE_AT, gas=gas))
        assert failure.value.result.gas_used <= TRANSACTION_GAS_MAX


def simulated(chain: LocalChain, gas: int | None, *, validation: bool) -> int:
    """Return what GAS tells a call of a simulated block, with the 21,002 that it has cost."""
    chain.set_code(CODE_AT, bytes.fromhex("5a60005260206000f3"))
    request = CallRequest(
        sender=chain.accounts[0], to=CODE_AT, gas=gas, max_fee_per_gas=100 * GWEI, nonce=0
    )
    ((_, (result,)),) = chain.simulate([SimulatedBlock(calls=[request])], validation=validation)
    return int.from_bytes(result.output, "big") + 21_002


def test_a_simulation_is_held_to_the_cap_where_it_is_validated(
    osaka: LocalChain, prague: LocalChain
) -> None:
    for chain, most in ((osaka, TRANSACTION_GAS_MAX), (prague, 50_000_000)):
        assert simulated(chain, None, validation=True) == most
        assert simulated(chain, None, validation=False) == 50_000_000
    for gas in (TRANSACTION_GAS_MAX, TRANSACTION_GAS_MAX + 1):
        assert simulated(osaka, gas, validation=False) == gas
        assert simulated(prague, gas, validation=True) == gas
    assert simulated(osaka, TRANSACTION_GAS_MAX, validation=True) == TRANSACTION_GAS_MAX
    with pytest.raises(SimulationError, match="gas limit too high") as refusal:
        simulated(osaka, TRANSACTION_GAS_MAX + 1, validation=True)
    assert refusal.value.code == -32603


def test_what_waits_from_before_the_fork_is_dropped(chain_of: MakeChain) -> None:
    start = 1_900_000_000
    chain = chain_of(osakaTime=start + 9, clock=lambda: float(start), mining="manual")
    for nonce, gas in ((0, TRANSACTION_GAS_MAX), (1, TRANSACTION_GAS_MAX + 1), (2, 21_000)):
        chain.send(CallRequest(sender=chain.accounts[0], to=TO, gas=gas, nonce=nonce))
    chain.set_next_timestamp(start + 9)
    chain.mine()
    assert len(chain.head.transactions) == 1
    assert [tx.nonce for tx in chain.pool.all()] == [2]


def test_a_block_with_more_is_refused(chain_of: MakeChain, accounts: Any) -> None:
    maker, reader = chain_of(mining="manual"), chain_of(osakaTime=0, mining="manual")
    assert maker.genesis_hash == reader.genesis_hash
    fields = Fields(
        type=2,
        chain_id=6133,
        nonce=0,
        gas=TRANSACTION_GAS_MAX + 1,
        to=TO,
        gas_price=2 * GWEI,
        max_fee_per_gas=2 * GWEI,
    )
    maker.send_raw(sign_transaction(fields, accounts[0].private_key).raw)
    (block,) = maker.mine()
    with pytest.raises(InvalidBlock, match="transaction 0: transaction gas limit too high"):
        reader.import_block(block)
    assert reader.head.number == 0


@pytest.mark.parametrize(
    ("to", "hashes", "reason"),
    [
        (TO, (b"\1" + bytes(31),) * 7, "too many blobs: have 7, max 6"),
        (TO, (), "missing blob hashes"),
        (TO, (b"\1" + bytes(31), b"\2" + bytes(31)), "blob 1 has invalid hash version"),
        (None, (b"\1" + bytes(31),), "of type create"),
    ],
)
def test_questions_about_blobs_keep_to_the_rules(
    osaka: LocalChain, to: bytes | None, hashes: tuple[bytes, ...], reason: str
) -> None:
    right = CallRequest(sender=osaka.accounts[0], to=TO, blob_versioned_hashes=(VERSIONED,) * 6)
    wrong = replace(right, to=to, blob_versioned_hashes=hashes)
    assert osaka.call(right).success
    assert osaka.estimate_gas(right) == 21_000
    assert osaka.simulate([SimulatedBlock(calls=[right])])[0][1][0].success
    for ask in (osaka.call, osaka.create_access_list, osaka.estimate_gas):
        with pytest.raises(RejectedTransaction, match=reason):
            ask(wrong)
    with pytest.raises(SimulationError, match=reason) as refusal:
        osaka.simulate([SimulatedBlock(calls=[wrong])])
    assert refusal.value.code == -32603


# Blob figures that change by time (EIP-7892), and their price (EIP-7918).


def without_signature(nonce: int) -> Fields:
    return Fields(
        type=3,
        chain_id=6133,
        nonce=nonce,
        gas=21_000,
        to=TO,
        gas_price=100 * GWEI,
        max_fee_per_gas=100 * GWEI,
        max_fee_per_blob_gas=GWEI,
    )


def with_blobs(account: DevAccount, nonce: int, count: int) -> Transaction:
    hashes = (b"\1" + bytes(31),) * count
    fields = replace(without_signature(nonce), blob_versioned_hashes=hashes)
    return sign_transaction(fields, account.private_key)


def test_a_block_holds_as_many_blobs_as_its_fork_says(
    chain_of: MakeChain, accounts: tuple[DevAccount, ...]
) -> None:
    start = 1_900_000_000
    times = {"osakaTime": 0, "bpo1Time": start + 1, "bpo2Time": start + 2}
    maker = chain_of(**times, clock=lambda: float(start), mining="manual")
    reader = chain_of(**times, mining="manual")
    for nonce in range(9):
        maker.pool.add(with_blobs(accounts[0], nonce, 3))
    blob_counts = []
    for time in (start, start + 1, start + 2):
        maker.set_next_timestamp(time)
        (block,) = maker.mine()
        reader.import_block(block)
        blob_counts.append((block.header.blob_gas_used or 0) // GAS_PER_BLOB)
    assert blob_counts == [9, 15, 3]
    for nonce in range(9, 18):
        maker.pool.add(with_blobs(accounts[0], nonce, 3))
    (block,) = maker.mine()
    reader.import_block(block)
    assert block.header.blob_gas_used == 21 * GAS_PER_BLOB
    assert maker.blob_base_fee() == maker.fee_history(1, "latest", None).blob_base_fees[-1]


def test_one_blob_too_many_is_refused_in_a_header(
    chain_of: MakeChain, accounts: tuple[DevAccount, ...]
) -> None:
    generous = {"osaka": {"target": 6, "max": 10, "baseFeeUpdateFraction": 5_007_716}}
    maker = chain_of(osakaTime=0, blobSchedule=generous, mining="manual")
    reader = chain_of(osakaTime=0, mining="manual")
    for nonce, count in enumerate((6, 4)):
        maker.pool.add(with_blobs(accounts[0], nonce, count))
    (block,) = maker.mine()
    assert block.header.blob_gas_used == 10 * GAS_PER_BLOB
    with pytest.raises(InvalidBlock, match=r"blob_gas_used: 1310720 is above 1179648$"):
        reader.import_block(block)


def test_the_excess_of_a_header_is_osakas(
    chain_of: MakeChain, accounts: tuple[DevAccount, ...]
) -> None:
    """Gas costs a gwei here and blobs a wei: their excess rises from the target on."""
    maker, reader = (chain_of(osakaTime=0, mining="manual") for _ in range(2))
    old = chain_of(mining="manual")
    maker.pool.add(with_blobs(accounts[0], 0, 6))
    blocks = [*maker.mine(), *maker.mine()]
    assert blocks[1].header.excess_blob_gas == 2 * GAS_PER_BLOB
    assert maker.simulate([SimulatedBlock()])[0][0].header.excess_blob_gas == 0
    for block in blocks:
        reader.import_block(block)
    old.import_block(blocks[0])
    with pytest.raises(InvalidBlock, match="excess_blob_gas: 262144 is not 0"):
        old.import_block(blocks[1])


# The size of a block (EIP-7934).

PIECE = 130_000


def with_data(account: DevAccount, nonce: int, size: int) -> Transaction:
    fields = Fields(
        type=2,
        chain_id=6133,
        nonce=nonce,
        gas=21_000 + 10 * size,
        to=TO,
        data=bytes(size),
        gas_price=100 * GWEI,
        max_fee_per_gas=100 * GWEI,
    )
    return sign_transaction(fields, account.private_key)


def block_of_size(maker: LocalChain, account: DevAccount, size: int) -> Block:
    """Make a block of exactly this size on a chain that knows no limit."""

    def made(last: int) -> Block:
        for nonce in range(64):
            maker.pool.add(with_data(account, nonce, PIECE))
        maker.pool.add(with_data(account, 64, last))
        (block,) = maker.mine()
        return block

    start = maker.snapshot()
    excess = made(PIECE // 2).size - size
    maker.revert(start)
    return made(PIECE // 2 - excess)


def test_a_block_of_8_mib_is_taken_and_one_byte_more_is_not(
    chain_of: MakeChain, accounts: tuple[DevAccount, ...]
) -> None:
    roomy = {"gas_limit": 2**31, "mining": "manual"}
    assert BLOCK_SIZE_MAX == 8_388_608
    for size in (BLOCK_SIZE_MAX, BLOCK_SIZE_MAX + 1):
        block = block_of_size(chain_of(**roomy), accounts[0], size)
        assert len(block.encode()) == size
        reader = chain_of(osakaTime=0, **roomy)
        if size == BLOCK_SIZE_MAX:
            reader.import_block(block)
            assert reader.head.hash == block.hash
        else:
            with pytest.raises(InvalidBlock, match="size: 8388609 bytes, 8388608 are allowed"):
                reader.import_block(block)


def test_a_full_block_leaves_the_rest_for_the_next(
    chain_of: MakeChain, accounts: tuple[DevAccount, ...]
) -> None:
    roomy = {"gas_limit": 2**31, "mining": "manual", "osakaTime": 0}
    maker, reader = chain_of(**roomy), chain_of(**roomy)
    for nonce in range(66):
        maker.pool.add(with_data(accounts[0], nonce, PIECE))
    maker.pool.add(with_data(accounts[1], 0, 10))  # Small enough for what is left.
    first, second = maker.mine(2)
    assert BLOCK_SIZE_MAX - PIECE < first.size <= BLOCK_SIZE_MAX
    assert [tx.sender for tx in first.transactions].count(accounts[1].address) == 1
    assert (len(first.transactions), len(second.transactions)) == (65, 2)
    for block in (first, second):
        reader.import_block(block)
    old = chain_of(**roomy | {"osakaTime": None})
    for nonce in range(66):
        old.pool.add(with_data(accounts[0], nonce, PIECE))
    assert len(old.mine()[0].transactions) == 66


@pytest.mark.parametrize("spare", [0, -1])
def test_the_builder_fills_a_block_to_its_edge(
    chain_of: MakeChain, accounts: tuple[DevAccount, ...], spare: int
) -> None:
    chain = chain_of(gas_limit=2**31, mining="manual", osakaTime=0)
    room = BLOCK_SIZE_MAX - BLOCK_FRAME_SIZE_MAX
    for nonce in range(64):
        chain.pool.add(with_data(accounts[0], nonce, PIECE))
    used = sum(len(tx.raw) + LENGTH_PREFIX_SIZE_MAX for tx in chain.pool.all())
    wanted = room - spare - used - LENGTH_PREFIX_SIZE_MAX
    excess = len(with_data(accounts[0], 64, PIECE // 2).raw) - wanted
    tx = with_data(accounts[0], 64, PIECE // 2 - excess)
    assert len(tx.raw) == wanted
    chain.pool.add(tx)
    (block,) = chain.mine()
    assert len(block.transactions) == 64 + (spare == 0)
    assert block.size <= BLOCK_SIZE_MAX


# Blobs on their way into the pool (EIP-7594). A blob of zeros is the polynomial zero: it commits to
# the point at infinity, and so do the proofs of its cells.

INFINITY = b"\xc0" + bytes(47)
ZEROS = bytes(131_072)
VERSIONED = bytes.fromhex("010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014")


def network_form(account: DevAccount, count: int, *, version: int = 1) -> bytes:
    fields = replace(without_signature(0), blob_versioned_hashes=(VERSIONED,) * count)
    tx = decode(sign_transaction(fields, account.private_key).raw[1:])
    sidecar = [[ZEROS] * count, [INFINITY] * count]
    if version == 1:
        return b"\3" + encode([tx, b"\1", *sidecar, [INFINITY] * (128 * count)])
    return b"\3" + encode([tx, *sidecar, [INFINITY] * count])


@pytest.mark.parametrize("version", [0, 1])
def test_six_blobs_are_taken_and_a_seventh_is_not(
    osaka: LocalChain, accounts: tuple[DevAccount, ...], version: int
) -> None:
    """In the form of the fork, and in the older one, which geth converts at the same place."""
    osaka.send_raw(network_form(accounts[0], 6, version=version))
    assert osaka.head.header.blob_gas_used == 6 * GAS_PER_BLOB
    with pytest.raises(RejectedTransaction, match="too many blobs: have 7, max 6"):
        osaka.send_raw(network_form(accounts[1], 7, version=version))
    assert osaka.head.number == 1


def test_prague_takes_nine(prague: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    prague.send_raw(network_form(accounts[0], 9))
    assert prague.head.header.blob_gas_used == 9 * GAS_PER_BLOB
    with pytest.raises(RejectedTransaction, match="oversized data"):
        prague.send_raw(network_form(accounts[1], 10))


def spoilt(form: bytes, name: str) -> bytes:
    tx, version, blobs, commitments, proofs = cast(list[Any], decode(form[1:]))
    generator = bytes.fromhex(
        "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
        "6c55e83ff97a1aeffb3af00adb22c6bb"
    )
    last = len(proofs) - 1
    parts: dict[str, list[Any]] = {
        "version 0": [tx, b"\0", blobs, commitments, proofs],
        "no version": [tx, b"", blobs, commitments, proofs],
        "version 2": [tx, b"\2", blobs, commitments, proofs],
        "a long version": [tx, b"\0\1", blobs, commitments, proofs],
        "a listed version": [tx, [b"\1"], blobs, commitments, proofs],
        "proofs of blobs": [tx, version, blobs, commitments, proofs[:2]],
        "a proof too few": [tx, version, blobs, commitments, proofs[1:]],
        "a proof too many": [tx, version, blobs, commitments, [*proofs, INFINITY]],
        "cell proofs in the older form": [tx, blobs, commitments, proofs],
        "another first proof": [tx, version, blobs, commitments, [generator, *proofs[1:]]],
        "another last proof": [tx, version, blobs, commitments, [*proofs[:last], generator]],
        "a short proof": [tx, version, blobs, commitments, [INFINITY[:-1], *proofs[1:]]],
        "a proof off the curve": [tx, version, blobs, commitments, [b"\xff" * 48, *proofs[1:]]],
        "another blob": [tx, version, [ZEROS, ZEROS[:-1] + b"\1"], commitments, proofs],
        "a short blob": [tx, version, [ZEROS, ZEROS[:-1]], commitments, proofs],
        "another commitment": [tx, version, blobs, [INFINITY, generator], proofs],
        "a blob too few": [tx, version, blobs[1:], commitments, proofs[128:]],
    }
    return b"\3" + encode(parts[name])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("version 0", "neither"),
        ("no version", "neither"),
        ("version 2", "neither"),
        ("a long version", "neither"),
        ("a listed version", "neither"),
        ("proofs of blobs", "invalid number of 2 proofs, expected 256"),
        ("a proof too few", "invalid number of 255 proofs, expected 256"),
        ("a proof too many", "invalid number of 257 proofs, expected 256"),
        ("cell proofs in the older form", "invalid number of 256 proofs, expected 2"),
        ("another first proof", "proofs do not hold"),
        ("another last proof", "proofs do not hold"),
        ("a short proof", "proofs do not hold"),
        ("a proof off the curve", "proofs do not hold"),
        ("another blob", "proofs do not hold"),
        ("a short blob", "proofs do not hold"),
        ("another commitment", "blob hash mismatch"),
        ("a blob too few", "invalid number of 1 blobs and 2 commitments"),
    ],
)
def test_a_spoilt_sidecar_is_refused(
    osaka: LocalChain, accounts: tuple[DevAccount, ...], name: str, reason: str
) -> None:
    with pytest.raises((RejectedTransaction, InvalidTransaction), match=reason):
        osaka.send_raw(spoilt(network_form(accounts[0], 2), name))
    assert (osaka.head.number, len(osaka.pool)) == (0, 0)
