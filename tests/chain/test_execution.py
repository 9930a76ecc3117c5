"""Our execution against stock py-evm: random transactions over random contracts, fork by fork.

Both run the same signed transactions on the same accounts; roots, receipts and outcomes must be
equal. Where stock py-evm is known to be wrong (floor gas, collisions, initcode), tests of their
own say what is right.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth._utils.address import generate_contract_address
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.vm.execution_context import ExecutionContext
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chain.building import BlockRun
from chain.calls import CallRequest
from chain.encoding import int_to_bytes, keccak
from chain.execution import BlockEnv
from chain.forks import CANCUN, FORKS, PARS, PRAGUE, Fork
from chain.frames import Frames
from chain.local_chain import LocalChain
from chain.signatures import address_of
from chain.state import Reader, World
from chain.transactions import Authorization, Fields, Transaction, sign_transaction
from chain.trie import EMPTY_ROOT

CHAIN = 6133
BASE_FEE = 7
COINBASE = b"\xcb" * 20
KEYS = [bytes((i,)) * 32 for i in (1, 2, 3)]
SENDERS = [address_of(key) for key in KEYS]
CONTRACTS = [b"\xc0" * 19 + bytes((i,)) for i in range(3)]
NOBODY = b"\xdd" * 20
FOREIGN = [bytes(19) + bytes((i,)) for i in (1, 2, 3, 4, 5, 9)]
ADDRESSES = [*CONTRACTS, SENDERS[0], NOBODY, COINBASE, *FOREIGN]
ANCESTORS = [keccak(bytes((i,))) for i in range(256)]


# A little assembler. Every statement leaves the stack as it found it.


def push(value: int | bytes) -> bytes:
    data = value if isinstance(value, bytes) else int_to_bytes(value) or b"\0"
    return bytes((0x5F + len(data),)) + data


def ops(*parts: int | bytes) -> bytes:
    return b"".join(bytes((part,)) if isinstance(part, int) else part for part in parts)


def store_word(slot: int) -> bytes:
    return push(slot) + b"\x55"


def call(kind: int, gas: int | None, to: bytes, value: int, size: int, slot: int) -> bytes:
    """Call, keep the outcome and the size of what came back in storage."""
    amount = push(value) if kind in (0xF1, 0xF2) else b""
    offered = b"\x5a" if gas is None else push(gas)
    made = ops(push(32), push(0), push(size), push(0), amount, push(to), offered, kind)
    return made + store_word(slot) + b"\x3d" + store_word(slot + 1)


def create(kind: int, initcode: bytes, value: int, slot: int) -> bytes:
    padded = initcode[:32].ljust(32, b"\0")
    salt = push(slot) if kind == 0xF5 else b""
    made = ops(push(padded), push(0), b"\x52", salt, push(len(initcode[:32])), push(0))
    return made + ops(push(value), kind) + store_word(slot)


def returning(runtime: bytes) -> bytes:
    """Initcode of at most 32 bytes that leaves this code."""
    return ops(push(runtime), push(0), b"\x52", push(len(runtime)), push(32 - len(runtime)), 0xF3)


INITCODES = [
    b"",
    returning(b"\x33\xff"),  # CALLER SELFDESTRUCT
    returning(b"\x60\x01\x60\x00\x55\x00"),
    returning(b"\xef\x00"),
    b"\x33\xff",  # Destroys itself while it is made.
    ops(push(0), push(0), 0xFD),
    ops(push(1), push(0), 0x55, push(0), push(0), 0xFD),
    ops(push(1), push(1), 0x55),
    ops(push(0x6001), push(0), 0xF3),  # Code longer than 24,576 bytes.
    ops(push(0x5000), push(0), 0xF3),
    b"\xfe",
]

slots = st.integers(0, 3)
values = st.sampled_from([0, 0, 1, 2, 2**256 - 1])
wei = st.sampled_from([0, 0, 0, 1, 10**16, 10**20])
targets = st.sampled_from(ADDRESSES)
gases = st.sampled_from([None, None, 0, 700, 2300, 30_000])
sizes = st.sampled_from([0, 4, 32, 128])


def statements(fork: Fork) -> st.SearchStrategy[bytes]:
    kinds = [0xF1, 0xF2, 0xF4] + ([0xFA] if fork.index >= FORKS["byzantium"].index else [])
    creates = [0xF0] + ([0xF5] if fork.index >= FORKS["constantinople"].index else [])
    plain = [0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x41, 0x42, 0x43, 0x44, 0x45, 0x58, 0x59]
    plain += [0x5A]
    if fork.index >= FORKS["istanbul"].index:
        plain += [0x46, 0x47]
    if fork.index >= FORKS["london"].index:
        plain += [0x48]
    if fork.since(CANCUN):
        plain += [0x4A]
    about = [0x31, 0x3B] + ([0x3F] if fork.index >= FORKS["constantinople"].index else [])
    choices = [
        st.builds(lambda v, s: push(v) + store_word(s), values, slots),
        st.builds(lambda s: push(s) + b"\x54\x50", slots),
        st.builds(call, st.sampled_from(kinds), gases, targets, wei, sizes, slots),
        st.builds(call, st.just(0xF1), st.none(), st.sampled_from(CONTRACTS), wei, sizes, slots),
        st.builds(create, st.sampled_from(creates), st.sampled_from(INITCODES), wei, slots),
        st.builds(lambda op, s: ops(op) + store_word(s), st.sampled_from(plain), slots),
        st.builds(
            lambda a, op, s: ops(push(a), op) + store_word(s),
            targets,
            st.sampled_from(about),
            slots,
        ),
        st.builds(
            lambda n, size: ops(*[push(t) for t in range(n)], push(size), push(0), 0xA0 + n),
            st.integers(0, 4),
            sizes,
        ),
        st.builds(
            lambda v, at: ops(push(v), push(at), 0x52), values, st.sampled_from([0, 31, 999])
        ),
        st.builds(lambda n: ops(push(n), push(0), 0x20, 0x50), sizes),
        st.builds(lambda n: ops(push(n), push(0), push(0), 0x37), sizes),
        st.builds(lambda n, a: ops(push(n), push(0), push(0), push(a), 0x3C), sizes, targets),
        st.builds(lambda n: ops(push(n), 0x40) + store_word(0), st.sampled_from([0, 44, 299, 300])),
        st.just(ops(push(10**30), push(0), 0x20, 0x50)),
        st.builds(lambda a: push(a) + b"\xff", targets),
        st.sampled_from([b"\x00", b"\xfe", b"\x50", b"\x5b\x58\x56", ops(push(0), push(0), 0xF3)]),
        st.binary(max_size=8),
    ]
    if fork.index >= FORKS["byzantium"].index:
        choices.append(st.builds(lambda n: ops(push(n), push(0), 0xFD), sizes))
        choices.append(st.builds(lambda n: ops(push(n), push(0), push(0), 0x3E), sizes))
    if fork.since(CANCUN):
        choices.append(st.builds(lambda v, s: ops(push(v), push(s), 0x5D), values, slots))
        choices.append(st.builds(lambda s: ops(push(s), 0x5C) + store_word(s), slots))
        choices.append(st.builds(lambda n: ops(push(n), push(7), push(3), 0x5E), sizes))
    return st.one_of(choices)


def programs(fork: Fork) -> st.SearchStrategy[bytes]:
    return st.lists(statements(fork), max_size=8).map(b"".join)


def authorization(key: bytes, chain_id: int, target: bytes, nonce: int) -> Authorization:
    signed = Account.sign_authorization(
        {"chainId": chain_id, "address": to_checksum_address(target), "nonce": nonce}, key
    )
    return Authorization(
        chain_id=chain_id,
        address=target,
        nonce=nonce,
        y_parity=signed.y_parity,
        r=signed.r,
        s=signed.s,
    )


@st.composite
def histories(draw: Any, fork: Fork) -> tuple[list[bytes], list[list[Transaction]]]:
    """Codes of the contracts, and signed transactions in blocks."""
    codes = [draw(programs(fork)) for _ in CONTRACTS]
    nonces = dict.fromkeys(KEYS, 0)
    blocks = []
    kinds = [0]
    kinds += [1] if fork.index >= FORKS["berlin"].index else []
    kinds += [2] if fork.index >= FORKS["london"].index else []
    kinds += [4] if fork.since(PRAGUE) else []
    for _ in range(draw(st.integers(1, 2))):
        block = []
        for _ in range(draw(st.integers(1, 4))):
            key = draw(st.sampled_from(KEYS))
            kind = draw(st.sampled_from(kinds))
            makes = kind < 3 and draw(st.integers(0, 4)) == 0
            to = (
                b""
                if makes
                else draw(st.sampled_from([*CONTRACTS, *CONTRACTS, *ADDRESSES, *SENDERS]))
            )
            cap = draw(st.sampled_from([BASE_FEE, 10, 1000]))
            fields: dict[str, Any] = {"authorization_list": (), "access_list": ()}
            if kind:
                fields["access_list"] = tuple(
                    (draw(targets), tuple(draw(st.lists(slots, max_size=2))))
                    for _ in range(draw(st.integers(0, 2)))
                )
            if kind == 4:
                fields["authorization_list"] = tuple(
                    authorization(
                        signer,
                        draw(st.sampled_from([0, CHAIN, 1])),
                        draw(st.sampled_from([*CONTRACTS, bytes(20), SENDERS[1], FOREIGN[0]])),
                        # The sender's nonce counts before its own authorization does.
                        nonces[signer] + (signer == key) + draw(st.sampled_from([0, 0, 0, 1])),
                    )
                    for signer in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=2))
                )
            tx = sign_transaction(
                Fields(
                    type=kind,
                    chain_id=CHAIN,
                    nonce=nonces[key],
                    gas=draw(st.sampled_from([160_000, 200_000, 600_000])),
                    to=to,
                    value=draw(wei.filter(lambda amount: amount < 10**20)),
                    data=draw(programs(fork)) if makes else draw(st.binary(max_size=40)),
                    gas_price=cap,
                    max_fee_per_gas=cap,
                    max_priority_fee_per_gas=draw(st.sampled_from([0, 1, cap]))
                    if kind > 1
                    else cap,
                    **fields,
                ),
                key,
            )
            nonces[key] += 1
            for entry in tx.authorization_list:
                # A model of EIP-7702's nonces good enough to keep most transactions valid.
                signer_key = KEYS[SENDERS.index(entry.authority)]  # type: ignore[arg-type]
                if entry.chain_id in (0, CHAIN) and nonces[signer_key] == entry.nonce:
                    nonces[signer_key] += 1
            block.append(tx)
        blocks.append(block)
    return codes, blocks


def allocate(state: Any, codes: list[bytes]) -> None:
    for sender in SENDERS:
        state.set_balance(sender, 10**19)
    for contract, code in zip(CONTRACTS, codes, strict=True):
        state.set_code(contract, code)
        state.set_nonce(contract, 1)
        state.set_balance(contract, 10**17)
        state.set_storage(contract, 1, 5)
        state.set_storage(contract, 2, 2**256 - 1)


class Stock:
    """py-evm as it comes."""

    def __init__(self, fork: Fork, codes: list[bytes]) -> None:
        self.vm = fork.vm_class
        self.db = AtomicDB(MemoryDB())
        self.root = EMPTY_ROOT
        self.fork = fork
        state = self.open()
        allocate(state, codes)
        state.persist()
        self.root = state.state_root

    def open(self) -> Any:
        london = self.fork.index >= FORKS["london"].index
        context = ExecutionContext(
            COINBASE,  # type: ignore[arg-type]
            1_700_000_000,
            300,  # type: ignore[arg-type]
            0 if self.fork.index >= FORKS["paris"].index else 12345,
            b"\x99" * 32,  # type: ignore[arg-type]
            30_000_000,
            ANCESTORS,  # type: ignore[arg-type]
            CHAIN,
            BASE_FEE if london else None,
            0 if self.fork.since(CANCUN) else None,
        )
        return self.vm.get_state_class()(self.db, context, self.root)

    def block(self, transactions: list[Transaction]) -> list[tuple[bytes, bytes | None]]:
        state = self.open()
        results = []
        used = 0
        for tx in transactions:
            theirs = self.vm.get_transaction_builder().decode(tx.raw)
            state.lock_changes()
            computation = state.apply_transaction(theirs)
            header = type("Header", (), {"gas_used": used})
            receipt = self.vm.make_receipt(header, theirs, computation, state)
            used = receipt.gas_used
            results.append(
                (receipt.encode() if tx.type else rlp.encode(receipt), computation.output)
            )
        state.persist()
        self.root = state.state_root
        return results


class Silent:
    """A tracer that hears everything and keeps what must hold of the calls it is told."""

    def __init__(self, steps: bool) -> None:
        self.wants_frames = True
        self.wants_steps = steps
        self.depth = 0
        self.pending = 0

    def enter(self, *told: Any) -> None:
        self.depth += 1

    def leave(self, left: Any, error: Any) -> None:
        self.depth -= 1

    def step(self, view: Any, pc: int, opcode: int) -> None:
        self.pending += 1

    def stepped(self, view: Any, error: Any) -> None:
        self.pending -= 1

    def log(self, address: bytes, topics: Any, data: bytes) -> None: ...

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None: ...

    def settled(self) -> None: ...


class Ours:
    """The chain's own execution, block by block."""

    def __init__(self, fork: Fork, codes: list[bytes], frames: Callable[[], Frames]) -> None:
        self.fork = fork
        self.frames = frames
        self.nodes: dict[bytes, bytes] = {}
        world = World(Reader(self.nodes, EMPTY_ROOT))
        allocate(world, codes)
        self.reader = world.commit(self.nodes)

    @property
    def root(self) -> bytes:
        return self.reader.root

    def block(self, transactions: list[Transaction]) -> list[tuple[bytes, bytes | None]]:
        run = BlockRun(
            env(self.fork),
            self.reader,
            self.frames(),
            out=self.nodes,
            beacon_root=None,
            deposit_address=bytes(20),
        )
        results: list[tuple[bytes, bytes | None]] = []
        for tx in transactions:
            outcome = run.add(tx)
            results.append((run.receipts[-1].encode(), outcome.output))
        self.reader = run.world.commit(self.nodes)
        return results


def env(fork: Fork, **changes: Any) -> BlockEnv:
    given: dict[str, Any] = {
        "fork": fork,
        "chain_id": CHAIN,
        "number": 300,
        "timestamp": 1_700_000_000,
        "coinbase": COINBASE,
        "gas_limit": 30_000_000,
        "base_fee": BASE_FEE if fork.index >= FORKS["london"].index else None,
        "difficulty": 0 if fork.index >= FORKS["paris"].index else 12345,
        "prev_randao": b"\x99" * 32,
        "excess_blob_gas": 0 if fork.since(CANCUN) else None,
        "parent_hash": ANCESTORS[0],
        "ancestors": lambda: ANCESTORS,
    }
    return BlockEnv(**{**given, **changes})


WATCHED: dict[str, Callable[[], Frames]] = {
    "plain": lambda: Frames(loud=True),
    "calls": lambda: Frames(loud=True, tracer=Silent(steps=False)),
    "steps": lambda: Frames(loud=True, tracer=Silent(steps=True)),
    "limited": lambda: Frames(loud=True, deadline=float("inf")),
}


@pytest.mark.filterwarnings("ignore:SELFDESTRUCT")  # py-evm warns of the opcode
@pytest.mark.parametrize("name", ["prague", "shanghai", "london", "istanbul", "eip158"])
# Not shrunk: that takes minutes here, and the case says what is needed.
@settings(max_examples=60, phases=[Phase.generate])
@given(st.data())
def test_random_histories_equal_stock(name: str, data: Any) -> None:
    fork = FORKS[name]
    codes, blocks = data.draw(histories(fork))
    watched = data.draw(st.sampled_from(sorted(WATCHED)))
    stock = Stock(fork, codes)
    ours = Ours(replace(fork, pars=fork == PRAGUE), codes, WATCHED[watched])
    assert ours.root == stock.root
    for transactions in blocks:
        expected = stock.block(transactions)
        assert ours.block(transactions) == expected
        assert ours.root == stock.root


# What stock py-evm gets wrong, or cannot be asked.


def run_one(codes: list[bytes], tx: Transaction, fork: Fork = PARS) -> tuple[BlockRun, Any]:
    ours = Ours(fork, codes, lambda: Frames(loud=True))
    run = BlockRun(
        env(fork),
        ours.reader,
        Frames(loud=True),
        out=ours.nodes,
        beacon_root=None,
        deposit_address=bytes(20),
    )
    return run, run.add(tx)


def transaction(key: bytes = KEYS[0], **changes: Any) -> Transaction:
    given = {"chain_id": CHAIN, "nonce": 0, "gas": 500_000, "to": CONTRACTS[0]}
    given |= {"gas_price": 10, "max_fee_per_gas": 10, "max_priority_fee_per_gas": 0, "type": 2}
    return sign_transaction(Fields(**{**given, **changes}), key)


NO_CODES = [b"", b"", b""]


def test_a_tip_of_nothing_makes_no_account_of_the_beneficiary() -> None:
    run, outcome = run_one(NO_CODES, transaction(to=SENDERS[1]))
    assert outcome.price == BASE_FEE
    assert not run.world.account_exists(COINBASE)


def test_the_base_fee_is_burnt_and_the_tip_paid() -> None:
    run, outcome = run_one(NO_CODES, transaction(to=NOBODY, value=5, max_priority_fee_per_gas=2))
    assert (outcome.price, outcome.gas_used) == (BASE_FEE + 2, 21_000)
    assert run.world.get_balance(COINBASE) == 2 * 21_000
    assert run.world.get_balance(SENDERS[0]) == 10**19 - 9 * 21_000 - 5
    assert run.world.get_balance(NOBODY) == 5


def test_the_floor_is_paid_after_refunds() -> None:
    clearing = [push(0) + store_word(1) + push(0) + store_word(2), b"", b""]
    data = b"\1" * 1000
    _, outcome = run_one(clearing, transaction(data=data, to=CONTRACTS[0]))
    assert outcome.gas_used == 21_000 + 40 * 1000
    # Execution alone would have cost less than the floor, and less still with its refund.
    _, outcome = run_one(clearing, transaction(to=CONTRACTS[0]))
    spent = 21_000 + 2 * (5000 + 6)
    assert outcome.gas_used == spent - spent // 5


def test_a_collision_with_storage_takes_all_gas() -> None:
    """EIP-7610: storage alone makes an address taken."""
    taken = bytes(generate_contract_address(SENDERS[0], 0))  # type: ignore[arg-type]
    ours = Ours(PARS, NO_CODES, lambda: Frames(loud=True))
    world = World(ours.reader)
    world.set_storage(taken, 1, 1)
    world.set_balance(taken, 3)
    reader = world.commit(ours.nodes)
    run = BlockRun(
        env(PARS),
        reader,
        Frames(loud=True),
        out=ours.nodes,
        beacon_root=None,
        deposit_address=bytes(20),
    )
    outcome = run.add(transaction(to=b"", data=returning(b"\1"), gas=100_000))
    assert not outcome.success
    assert outcome.gas_used == 100_000
    assert run.world.get_nonce(SENDERS[0]) == 1
    assert (run.world.get_storage(taken, 1), run.world.get_code(taken)) == (1, b"")


def test_a_contract_that_creates_onto_storage_gets_zero() -> None:
    taken = bytes(generate_contract_address(CONTRACTS[0], 1))  # type: ignore[arg-type]
    ours = Ours(PARS, [create(0xF0, returning(b"\1"), 0, 3), b"", b""], lambda: Frames(loud=True))
    world = World(ours.reader)
    world.set_storage(taken, 1, 1)
    run = BlockRun(
        env(PARS),
        world.commit(ours.nodes),
        Frames(loud=True),
        out=ours.nodes,
        beacon_root=None,
        deposit_address=bytes(20),
    )
    assert run.add(transaction()).success
    assert run.world.get_storage(CONTRACTS[0], 3) == 0
    assert run.world.get_nonce(CONTRACTS[0]) == 2


def test_initcode_words_are_paid_beforehand() -> None:
    data = b"\0" * 64  # Two words of STOP.
    _, outcome = run_one(NO_CODES, transaction(to=b"", data=data))
    assert outcome.gas_used == 53_000 + 64 * 4 + 2 * 2


def test_a_refund_for_a_known_authority_survives_a_failure() -> None:
    signed = authorization(KEYS[1], CHAIN, CONTRACTS[1], 0)
    tx = transaction(type=4, authorization_list=(signed,), gas=200_000)
    run, outcome = run_one([b"\xfe", b"", b""], tx)
    assert not outcome.success
    assert outcome.gas_used == 200_000 - 12_500
    assert run.world.get_code(SENDERS[1]) == b"\xef\x01\x00" + CONTRACTS[1]
    assert run.world.get_nonce(SENDERS[1]) == 1


def test_a_delegation_to_a_precompile_is_empty_code() -> None:
    """EIP-7702, and the same for ours, although they have a marker in place of code."""
    ours_at = bytes(18) + b"\x09\x01"
    for target in (FOREIGN[3], ours_at):
        ours = Ours(PARS, NO_CODES, lambda: Frames(loud=True))
        world = World(ours.reader)
        world.set_code(ours_at, bytes.fromhex("60006000fd"))
        world.set_code(SENDERS[1], b"\xef\x01\x00" + target)
        world.set_code(CONTRACTS[0], call(0xF1, None, SENDERS[1], 0, 4, 0))
        run = BlockRun(
            env(PARS),
            world.commit(ours.nodes),
            Frames(loud=True),
            out=ours.nodes,
            beacon_root=None,
            deposit_address=bytes(20),
        )
        direct = run.add(transaction(to=SENDERS[1], data=b"\1\2\3\4"))
        assert (direct.success, direct.output) == (True, b"")
        assert run.add(transaction(nonce=1, to=CONTRACTS[0])).success
        assert run.world.get_storage(CONTRACTS[0], 0) == 1


@pytest.mark.parametrize("engine", ["core", "py"])
@pytest.mark.parametrize(("size", "fails"), [(0xC000, False), (0xC001, True)])
def test_too_much_code_fails_before_it_is_known_that_nothing_is_made(
    new_chain: Callable[..., LocalChain], engine: str, size: int, fails: bool
) -> None:
    """EIP-3860: the frame ends, though its contract has not the wei that it sends."""
    chain = new_chain(engine=engine)
    chain.set_code(CONTRACTS[0], bytes.fromhex(f"62{size:06x}5f6001f000"))
    assert chain.call(CallRequest(to=CONTRACTS[0], gas=10**6)).success is not fails
