"""LocalChain: all that RPC, Ape and the tests see of a chain.

It owns the head, the pool, the clock and the store, and every change goes through it. Blocks are
made by `building`, questions answered by `calls`, history kept by `history`. One thread at a time;
what may be read from any other is marked so.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from . import calls, dump, fees, headers, intake, logs, simulation, tracing
from .accounts import DevAccount
from .blocks import ZERO_HASH, Block, Header, Receipt
from .building import BlockRun, Built, env_of, fill, next_base_fee, verify
from .calls import NO_OVERRIDES, CallRequest, CallResult, Overrides, Scene
from .clock import Clock
from .encoding import checksummed, keccak
from .errors import (
    ChainError,
    InvalidBlock,
    InvalidRequest,
    RejectedTransaction,
    StoreError,
    UnknownBlock,
)
from .events import Event, NewBlock, NewPending, Removed
from .execution import BlockEnv
from .forks import CANCUN, SHANGHAI, Fork
from .frames import Cancelled, Engine, Frames
from .genesis import Genesis
from .history import History, Located, Nodes, Record
from .logs import FoundLog, Topics
from .pool import Pool
from .proofs import StateView
from .rules import GAS_TRANSACTION, check_nonce
from .state import Reader, World
from .store import DiskStore, MemoryStore, Store, Write
from .transactions import (
    BLOB,
    Fields,
    Transaction,
    decode_transaction,
    impersonated,
    sign_transaction,
)

VERSION: Final = "0.1.0"
GAS_CAP: Final = 50_000_000
"""Most gas that a question may use, as in geth."""

QUESTION_SECONDS: Final = 5.0
"""How long one may take, as in geth: mining waits for it."""

TRACE_SECONDS: Final = 60.0
"""How long running a block again may take: it was mined, so it is worth some patience."""

BRIEF_GAS: Final = 30_000
"""What code may spend in a transaction that is mined on the event loop, which it holds up."""

FINALITY_DEPTH: Final = 2
LOG_RANGE_MAX: Final = 100_000
MINE_MAX: Final = 100_000

BlockRef: TypeAlias = int | bytes | Literal["latest", "earliest", "pending", "safe", "finalized"]
Mining: TypeAlias = Literal["auto", "manual", "interval", "mixed"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Snapshot:
    head: bytes
    root: bytes
    node_mark: int
    pool: tuple[Transaction, ...]
    clock: Clock
    settings: "_Settings"


@dataclass(kw_only=True)
class _Settings:
    """What a developer may turn, and a revert turns back."""

    coinbase: bytes
    gas_limit: int
    next_base_fee: int | None = None
    next_prev_randao: bytes | None = None


class LocalChain:
    """A chain that one process makes by itself."""

    def __init__(
        self,
        genesis: Genesis,
        store: Store,
        *,
        accounts: Sequence[DevAccount] = (),
        mining: Mining = "auto",
        block_time_seconds: float = 0.4,
        clock: Callable[[], float] = time.time,
        gas_cap: int = GAS_CAP,
        question_seconds: float = QUESTION_SECONDS,
        engine: Engine = "core",
        loud: bool = False,
    ) -> None:
        self.genesis = genesis
        self.chain_id = genesis.chain_id
        self.client_version = f"Pars/v{VERSION}/python"
        self.gas_cap = gas_cap
        self.question_seconds = question_seconds
        self.hurried = False
        """Whether to raise Cancelled, in place of doing what may take more than milliseconds."""
        self.automine = mining in ("auto", "mixed")
        self.interval_seconds = 0.0
        self.auto_impersonate = False
        self.recovered: str | None = None
        self._engine = engine
        self._loud = loud
        self._keys = {account.address: account.private_key for account in accounts}
        self._impersonated: dict[bytes, None] = {}
        self._history = History(store)
        self._clock = Clock(clock)
        self._snapshots: dict[int, _Snapshot] = {}
        self._snapshot_count = 0
        self._listeners: list[Callable[[Event], None]] = []
        self._due: float | None = None
        self._counted = b"", 0
        """A block's hash and the total difficulty up to it; see `_count_difficulty`."""
        self._pending: tuple[tuple[Any, ...], Built, Reader] | None = None
        self._made_header: tuple[tuple[Any, ...], Header] | None = None
        self._settings = _Settings(coinbase=genesis.coinbase, gas_limit=genesis.gas_limit)
        self._start()
        self._settings.gas_limit = self.head.header.gas_limit
        self.pool = Pool(lambda sender: self._world().get_nonce(sender))
        self._restore_pool()
        if mining in ("interval", "mixed"):
            self.set_interval(block_time_seconds)

    @classmethod
    def open(cls, genesis: Genesis, *, datadir: Path | None = None, **options: Any) -> "LocalChain":
        """Open the chain in a data directory, or a fresh one in memory."""
        if datadir is None:
            return cls(genesis, MemoryStore(), **options)
        nodes: dict[bytes, bytes] = {}
        first = genesis.block(genesis.write_state(nodes, nodes).root)
        store = DiskStore(datadir, chain_id=genesis.chain_id, genesis_hash=first.hash)
        try:
            return cls(genesis, store, **options)
        except BaseException:
            store.close()
            raise

    def _start(self) -> None:
        """Find the head in the store, or write the first block."""
        history = self._history
        head_hash = history.store.get("meta", b"head")
        if head_hash is None:
            self._reader = self.genesis.write_state(history.nodes, history.nodes.pending)
            first = self.genesis.block(self._reader.root)
            self.genesis_hash = first.hash
            beginning = history.append(Record(block=first, root_before=self._reader.root), ())
            history.store.write([*history.nodes.take(), *beginning, *self._meta(head=first)])
            self.head = first
            return
        record = self._verified(head_hash)
        first_hash = history.hash_of(self.genesis.number)
        root = history.store.get("meta", b"root")
        if (
            record is None
            or first_hash is None
            or self._verified(first_hash) is None
            or root is None
            or keccak(history.nodes.get(root, b"")) != root
        ):
            raise StoreError(
                "datadir: corrupt (its first or newest block is unreadable); it was left as it is: "
                "restore it from a copy, or use another --datadir"
            )
        self.head = record.block
        self.genesis_hash = first_hash
        self._reader = Reader(history.nodes, root)
        offset = history.store.get("meta", b"offset")
        self._clock.offset = float(offset or b"0")
        self.recovered = f"block {self.head.number} (0x{self.head.hash.hex()})"

    def _verified(self, block_hash: bytes) -> Record | None:
        """Return a block's record, if what the store holds is that block."""
        try:
            record = self._history.record(block_hash)
        except (ChainError, ValueError, IndexError):
            return None
        return record if record is not None and record.block.hash == block_hash else None

    def _restore_pool(self) -> None:
        world = self._world()
        for tx_hash, data in list(self._history.store.scan("pool")):
            try:
                tx = decode_transaction(data[20:], data[:20])
                if tx.nonce < world.get_nonce(tx.sender):
                    raise RejectedTransaction("a block has overtaken it")
                self.pool.add(tx)
            except ChainError:
                self._history.store.write([("pool", tx_hash, None)])
        if self.recovered and len(self.pool):
            plural = "s" if len(self.pool) > 1 else ""
            self.recovered += f" and {len(self.pool)} waiting transaction{plural}"

    def close(self) -> None:
        """Release the store. Everything acknowledged is in it already."""
        self._history.store.close()

    # Blocks and transactions. [any thread]

    @property
    def accounts(self) -> list[bytes]:
        """The addresses that this node signs for."""
        return [*self._keys, *(a for a in self._impersonated if a not in self._keys)]

    def block(self, ref: BlockRef) -> Block | None:
        """Return a block, or None. `pending`, unlike the others, is for the chain's own thread."""
        if ref == "pending":
            return self._pending_block()[0].block
        if isinstance(ref, bytes):
            return self._history.block(ref)
        number = self._number_of(ref)
        if number == self.head.number:
            return self.head
        block_hash = self._history.hash_of(number)
        return None if block_hash is None else self._history.block(block_hash)

    def _number_of(self, ref: BlockRef) -> int:
        if isinstance(ref, int):
            return ref
        if ref == "latest":
            return self.head.number
        if ref == "earliest":
            return self.genesis.number
        if ref in ("safe", "finalized"):
            return max(self.genesis.number, self.head.number - FINALITY_DEPTH)
        raise UnknownBlock(f"no block is called {ref!r}")

    def receipts(self, block_hash: bytes) -> tuple[Receipt, ...] | None:
        """Return the receipts of a block, or None."""
        pending = self._pending
        if pending is not None and pending[1].block.hash == block_hash:
            return pending[1].receipts
        return self._history.receipts(block_hash)

    def transaction(self, tx_hash: bytes) -> Located | None:
        """Return a mined transaction, or None."""
        return self._history.transaction(tx_hash)

    def is_canonical(self, block_hash: bytes) -> bool:
        """Say whether a block is part of the chain."""
        block = self._history.block(block_hash)
        return block is not None and self._history.hash_of(block.number) == block_hash

    def fork_of(self, header: Header) -> Fork:
        """Return the rules of a block."""
        return self.genesis.schedule.at(
            header.number, header.timestamp, merged=header.difficulty == 0
        )

    # State.

    def _world(self) -> World:
        return World(self._reader)

    def _require(self, ref: BlockRef) -> Block:
        block = self.block(ref)
        if block is None:
            raise UnknownBlock(f"block {_shown(ref)} not found")
        return block

    def _reader_at(self, ref: BlockRef) -> tuple[Block, Reader]:
        """Return a block and the state after it; after the head, with a developer's edits."""
        if ref == "pending":
            built, _ = self._pending_block()
            return built.block, built.reader
        block = self._require(ref)
        if block.hash == self.head.hash:
            return block, self._reader
        return block, Reader(self._history.nodes, block.header.state_root)

    def state(self, ref: BlockRef = "latest") -> StateView:
        """Return a view of the state after a block."""
        return StateView(self._reader_at(ref)[1])

    def _frames(self, mode: Literal["block", "call"]) -> Frames:
        return Frames(
            engine=self._engine, mode=mode, secret_ops=self.genesis.secret_ops, loud=self._loud
        )

    def scene(self, ref: BlockRef, mode: Literal["block", "call"]) -> Scene:
        """Return the state and the block environment of a question."""
        block, reader = self._reader_at(ref)
        header = block.header
        fork = self.fork_of(header)
        env = env_of(header, fork, self.chain_id, lambda: self._ancestors(header))
        frames = self._frames(mode)
        frames.deadline = time.monotonic() + self.question_seconds
        return Scene(env=env, reader=reader, frames=frames, gas_cap=self.gas_cap)

    def _ancestors(self, header: Header) -> Iterator[bytes]:
        return self._history.ancestors(header)

    # Questions.

    def call(
        self, request: CallRequest, ref: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES
    ) -> CallResult:
        """Run a request on a state and throw the effects away."""
        return calls.call(self.scene(ref, "call"), request, overrides)

    def estimate_gas(
        self, request: CallRequest, ref: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES
    ) -> int:
        """Return gas with which a request succeeds; raise CallFailed where none does."""
        return calls.estimate_gas(self.scene(ref, "block"), request, overrides)

    def create_access_list(
        self, request: CallRequest, ref: BlockRef = "latest", overrides: Overrides = NO_OVERRIDES
    ) -> calls.AccessListResult:
        """Return what a request touches."""
        return calls.create_access_list(self.scene(ref, "block"), request, overrides)

    def trace_call(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Overrides,
        options: tracing.TracerOptions,
    ) -> Any:
        """Run a request and return what a tracer saw."""
        return tracing.trace_call(self.scene(ref, "block"), request, overrides, options)

    def watch_call(
        self,
        request: CallRequest,
        ref: BlockRef,
        overrides: Overrides,
        recorder: tracing.Recorder,
    ) -> Any:
        """Run a request as `call` does, before the eyes of somebody's own recorder."""
        return tracing.watch_call(self.scene(ref, "call"), request, overrides, recorder)

    def trace_transaction(self, tx_hash: bytes, options: tracing.TracerOptions) -> Any:
        """Run a mined transaction again and return what a tracer saw."""
        return self._trace_one(tx_hash, options, None)

    def watch_transaction(self, tx_hash: bytes, recorder: tracing.Recorder) -> Any:
        """Run a mined transaction again before the eyes of somebody's own recorder."""
        return self._trace_one(tx_hash, tracing.TracerOptions(), recorder)

    def _trace_one(
        self, tx_hash: bytes, options: tracing.TracerOptions, recorder: tracing.Recorder | None
    ) -> Any:
        located = self.transaction(tx_hash)
        if located is None:
            raise UnknownBlock("transaction not found")
        for index, result in self._trace(located.block, options, located.index, recorder):
            if index == located.index:
                return result
        raise UnknownBlock("transaction not found")

    def trace_block(self, ref: BlockRef, options: tracing.TracerOptions) -> list[tuple[bytes, Any]]:
        """Run a block again and return what a tracer saw of each transaction."""
        block = self._require(ref)
        if block.number == self.genesis.number:
            raise InvalidRequest("genesis is not traceable")
        transactions = block.transactions
        return [(transactions[i].hash, result) for i, result in self._trace(block, options)]

    def _trace(
        self,
        block: Block,
        options: tracing.TracerOptions,
        only: int | None = None,
        recorder: tracing.Recorder | None = None,
    ) -> Iterator[tuple[int, Any]]:
        """Run the block's transactions again on the state it was made on."""
        record = self._history.record(block.hash)
        if record is None:
            built, below = self._pending_block()
            assert built.block.hash == block.hash, "a block is recorded or pending"
            reader = below
        else:
            reader = Reader(self._history.nodes, record.root_before)
        run = self._run(block.header, reader.scratch(Nodes(self._history.nodes)))
        run.frames.deadline = time.monotonic() + TRACE_SECONDS
        for index, tx in enumerate(block.transactions[: None if only is None else only + 1]):
            if index == only and recorder is not None:
                yield index, tracing.watch_in_block(run, tx, recorder)
            elif only is None or index == only:
                context = tracing.Position(
                    block_hash=block.hash,
                    block_number=block.number,
                    tx_index=index,
                    tx_hash=tx.hash,
                )
                yield index, tracing.trace_in_block(run, tx, options, context)
            else:
                run.add(tx)

    def simulate(
        self,
        blocks: Sequence[simulation.SimulatedBlock],
        ref: BlockRef = "latest",
        *,
        trace_transfers: bool = False,
        validation: bool = False,
    ) -> list[tuple[Block, tuple[CallResult, ...]]]:
        """Build hypothetical blocks on top of a state (eth_simulateV1)."""
        return simulation.simulate(
            self, blocks, ref, trace_transfers=trace_transfers, validation=validation
        )

    def logs(
        self,
        *,
        from_block: int = 0,
        to_block: int = 0,
        addresses: frozenset[bytes] = frozenset(),
        topics: Topics = (),
        block_hash: bytes | None = None,
    ) -> list[FoundLog]:
        """Return the matching logs of one block, or of a range of them."""
        if block_hash is not None:
            block = self._require(block_hash)
            receipts = self.receipts(block_hash) or ()
            return list(logs.in_block(block, receipts, addresses, topics))
        last = min(to_block, self.head.number)
        if last - from_block >= LOG_RANGE_MAX:
            raise InvalidRequest(f"block range is wider than {LOG_RANGE_MAX}")
        numbers = range(max(from_block, self.genesis.number), last + 1)
        return list(logs.in_range(self._history, numbers, addresses, topics))

    # Fees.

    def base_fee(self) -> int:
        """Return the base fee of the next block."""
        header = self._next_header()
        return header.base_fee_per_gas or 0

    def blob_base_fee(self) -> int:
        """Return the price of blob gas in the next block."""
        header = self._next_header()
        return self.fork_of(header).blob_base_fee(header.excess_blob_gas or 0)

    def max_priority_fee(self) -> int:
        """Return a tip that gets a transaction mined."""
        return fees.TIP_DEFAULT

    def gas_price(self) -> int:
        """Return a price that gets a transaction mined."""
        return self.base_fee() + self.max_priority_fee()

    def fee_history(
        self, count: int, newest: BlockRef, percentiles: Sequence[float] | None
    ) -> fees.FeeHistory:
        """Summarise what the last blocks cost."""
        block = self._require(newest)
        count = min(count, fees.HISTORY_BLOCKS_MAX, block.number - self.genesis.number + 1)
        if count < 1:
            raise InvalidRequest("blockCount: at least one block must be asked for")
        before = [self._require(block.number - depth) for depth in range(count - 1, 0, -1)]
        return fees.fee_history(
            [(each, self.receipts(each.hash) or ()) for each in (*before, block)],
            percentiles,
            lambda each: self.fork_of(each.header),
            self.fork_of(block.header),
        )

    # Transactions in.

    def send_raw(self, raw: bytes) -> bytes:
        """Take a signed transaction into the pool and, when mining on demand, into a block."""
        return self._submit(intake.open_raw(raw))

    def send(self, request: CallRequest) -> bytes:
        """Sign a request as an account of ours, and take it in."""
        return self._submit(self.sign_transaction(request))

    def fill(self, request: CallRequest) -> tuple[Fields, bytes]:
        """Return a request with all that it lacks, and its sender."""
        return intake.fill(self, request)

    def sign_transaction(self, request: CallRequest) -> Transaction:
        """Fill a request up and sign it."""
        fields, sender = self.fill(request)
        key = self._keys.get(sender)
        if key is not None:
            return sign_transaction(fields, key)
        if sender in self._impersonated or self.auto_impersonate:
            return impersonated(fields, sender)
        raise RejectedTransaction(f"unknown account: {checksummed(sender)} is not unlocked here")

    def key_of(self, address: bytes) -> bytes:
        """Return the private key of a development account, to sign messages with."""
        key = self._keys.get(address)
        if key is None:
            raise RejectedTransaction(f"unknown account: no key for 0x{address.hex()} here")
        return key

    def _submit(self, tx: Transaction) -> bytes:
        header = self._next_header() if self.automine else self._header_this_second()
        world = self._world()
        gate = intake.Gate(
            chain_id=self.chain_id,
            header=header,
            fork=self.fork_of(header),
            world=world,
            automine=self.automine,
            secrets_are_public=self.genesis.secret_ops == "public-test",
        )
        intake.admit(tx, gate)
        if self.hurried and self._may_take_long(tx):
            raise Cancelled("a transaction that is not certain to be mined at once")
        if self.transaction(tx.hash) is not None:
            raise RejectedTransaction("already known")
        dropped = self.pool.add(tx)
        self._tell(NewPending(transaction=tx))
        if self.automine:
            try:
                check_nonce(tx, world)
            except RejectedTransaction:
                pass  # It waits behind a gap: there is nothing to mine yet.
            else:
                self._mine_one(header)
        writes: list[Write] = [("pool", each.hash, None) for each in dropped]
        if self.pool.get(tx.hash) is not None:
            writes.append(("pool", tx.hash, tx.sender + tx.raw))
        if writes:
            self._history.store.write(writes)
        return tx.hash

    def _may_take_long(self, tx: Transaction) -> bool:
        """Say whether taking a transaction in may take more than a few milliseconds."""
        if not isinstance(self._history.store, MemoryStore):
            return True  # It waits for the disk.
        if not self.automine:
            return False
        return len(self.pool) > 0 or tx.type == BLOB or tx.gas > GAS_TRANSACTION + BRIEF_GAS

    # Mining.

    def _next_header(self) -> Header:
        """Return the header of the next block as far as it is known before it is run."""
        parent = self.head.header
        timestamp, millis = self._clock.peek(parent.timestamp)
        if timestamp == parent.timestamp and not self.genesis.fork.pars:
            timestamp, millis = timestamp + 1, 0  # Elsewhere neighbours may not share a second.
        merged = (
            parent.difficulty == 0 or self.genesis.schedule.terminal_total_difficulty is not None
        )
        fork = self.genesis.schedule.at(parent.number + 1, timestamp, merged=merged)
        optional: dict[str, Any] = {}
        if fork.since(CANCUN):
            optional["excess_blob_gas"] = headers.next_excess_blob_gas(parent, fork)
            optional["parent_beacon_block_root"] = ZERO_HASH
        base_fee = self._settings.next_base_fee
        return Header(
            parent_hash=self.head.hash,
            coinbase=self._settings.coinbase,
            state_root=ZERO_HASH,
            number=parent.number + 1,
            gas_limit=self._settings.gas_limit,
            timestamp=timestamp,
            extra_data=millis.to_bytes(2, "big"),
            prev_randao=self._settings.next_prev_randao or keccak(self.head.hash),
            base_fee_per_gas=next_base_fee(parent, fork) if base_fee is None else base_fee,
            **optional,
        )

    def _header_this_second(self) -> Header:
        """Return the next header, but for its milliseconds; made once for many transactions."""
        timestamp, _ = self._clock.peek(self.head.header.timestamp)
        settings = self._settings
        key = (self.head.hash, timestamp, settings.gas_limit, settings.next_base_fee)
        if self._made_header is None or self._made_header[0] != key:
            self._made_header = key, self._next_header()
        return self._made_header[1]

    def _run(self, header: Header, reader: Reader) -> BlockRun:
        fork = self.fork_of(header)
        env = env_of(header, fork, self.chain_id, lambda: self._ancestors(header))
        nodes = reader.nodes
        assert isinstance(nodes, Nodes), "every reader of a chain stands on its nodes"
        return BlockRun(
            env,
            reader,
            self._frames("block"),
            out=nodes.pending,
            beacon_root=header.parent_beacon_block_root,
            deposit_address=self.genesis.deposit_address,
        )

    def _build(self, header: Header, reader: Reader) -> tuple[Built, list[Transaction]]:
        """Fill a block from the pool; return it and the transactions that can never be mined."""
        run = self._run(header, reader)
        rejected = fill(run, self.pool.best_first(header.base_fee_per_gas or 0))
        for tx, why in rejected:
            log.warning("dropped transaction 0x%s: %s", tx.hash.hex(), why)
        withdrawals = () if run.env.fork.since(SHANGHAI) else None
        return run.finish(header, withdrawals=withdrawals), [tx for tx, _ in rejected]

    def _pending_block(self) -> tuple[Built, Reader]:
        """Return the block that would be mined now, and the state below it."""
        header = self._next_header()
        # Blocks of one second share a pending block; its milliseconds do not matter.
        key = (replace(header, extra_data=b""), self._reader.root, self.pool.version)
        if self._pending is None or self._pending[0] != key:
            below = self._reader.scratch(Nodes(self._history.nodes))
            built, _ = self._build(header, below)
            self._pending = key, built, below
        return self._pending[1], self._pending[2]

    def mine(
        self,
        count: int = 1,
        *,
        interval_seconds: int | None = None,
        timestamp: int | None = None,
    ) -> list[Block]:
        """Mine blocks now; the pool goes into the first of them that can hold it."""
        if not 0 <= count <= MINE_MAX:
            raise InvalidRequest(f"cannot mine {count} blocks at once: at most {MINE_MAX}")
        if interval_seconds is not None and not 0 <= interval_seconds < 2**31:
            raise InvalidRequest(f"interval {interval_seconds} is not a length of time")
        mined = []
        for index in range(count):
            if timestamp is not None and index == 0:
                self._clock.set_next(timestamp, self.head.header.timestamp)
            elif interval_seconds is not None and index:
                following = self.head.header.timestamp + interval_seconds
                self._clock.set_next(following, self.head.header.timestamp)
            mined.append(self._mine_one())
        return mined

    def _mine_one(self, header: Header | None = None) -> Block:
        """Mine a block under the next header, which a caller may have made a moment ago."""
        header = header or self._next_header()
        before = self._reader.root
        try:
            built, dropped = self._build(header, self._reader)
            self._clock.take(self.head.header.timestamp)
            self._adopt(built, before, dropped)
        except BaseException:
            # Whatever went wrong, the chain stands where it stood.
            self._history.nodes.pending.clear()
            self._reader = Reader(self._history.nodes, before)
            raise
        self._settings.next_base_fee = None
        self._settings.next_prev_randao = None
        return built.block

    def import_block(self, block: Block) -> None:
        """Check a block that was made elsewhere, run it, and make it the head."""
        parent, header = self.head, block.header
        total = 0 if parent.header.difficulty == 0 else self._count_difficulty()
        terminal = self.genesis.schedule.terminal_total_difficulty
        headers.check_merge(header, parent.header, total, terminal)
        fork = self.fork_of(header)
        place = headers.Place(
            parent=parent.header,
            fork=fork,
            parent_fork=self.fork_of(parent.header),
            equal_timestamps=fork.pars,
        )
        headers.check_header(header, place)
        recent = self._recent_blocks(headers.OMMER_DEPTH_MAX + 1) if block.ommers else []
        forks = {each.hash: self.fork_of(each.header) for each in recent}
        headers.check_body(block, fork, recent, forks)
        before = self._reader.root
        try:
            run = self._run(header, self._reader)
            for index, tx in enumerate(block.transactions):
                try:
                    run.add(tx)
                except RejectedTransaction as refusal:
                    raise InvalidBlock(
                        f"block {header.number}: transaction {index}: {refusal}"
                    ) from None
            built = run.finish(header, ommers=block.ommers, withdrawals=block.withdrawals)
            verify(built, header)
            self._adopt(built, before)
        except BaseException:
            self._history.nodes.pending.clear()
            self._reader = Reader(self._history.nodes, before)
            raise
        self._counted = block.hash, total + header.difficulty

    def _recent_blocks(self, count: int) -> list[Block]:
        found = [self.head]
        while len(found) < count:
            parent = self._history.block(found[-1].header.parent_hash)
            if parent is None:
                break
            found.append(parent)
        return found

    def _count_difficulty(self) -> int:
        """Return the total difficulty up to the head; counted through once, then carried along."""
        if self._counted[0] != self.head.hash:
            numbers = range(self.genesis.number, self.head.number + 1)
            total = sum(self._require(number).header.difficulty for number in numbers)
            self._counted = self.head.hash, total
        return self._counted[1]

    def _adopt(self, built: Built, before: bytes, dropped: Sequence[Transaction] = ()) -> None:
        """Store a block with its effects in one batch, then make it the head."""
        block = built.block
        record = Record(block=block, root_before=before)
        writes = [*self._history.nodes.take(), *self._history.append(record, built.receipts)]
        gone = [tx for tx in (*block.transactions, *dropped) if self.pool.get(tx.hash) is not None]
        writes += [("pool", tx.hash, None) for tx in gone]
        # Nobody hears of the block, on any thread, before it is on disk.
        self._history.store.write([*writes, *self._meta(head=block, root=built.reader.root)])
        self._history.remember(record, built.receipts)
        self._reader = built.reader
        self.head = block
        for tx in gone:
            self.pool.remove(tx)
        self._settle_pool({tx.sender for tx in block.transactions})
        self._tell(NewBlock(block=block, receipts=built.receipts))

    def _settle_pool(self, senders: set[bytes]) -> None:
        """Drop what these senders' new nonces have overtaken."""
        stale = self.pool.settle(senders)
        if stale:
            self._history.store.write([("pool", tx.hash, None) for tx in stale])

    def _meta(self, *, head: Block | None = None, root: bytes | None = None) -> list[Write]:
        return [
            ("meta", b"head", (head or self.head).hash),
            ("meta", b"root", root or self._reader.root),
            ("meta", b"offset", repr(self._clock.offset).encode()),
        ]

    def set_automine(self, enabled: bool) -> None:
        """Mine each transaction as it comes, or not."""
        self.automine = enabled
        if enabled and self.pool.pending():
            self.mine()

    def set_interval(self, seconds: float) -> None:
        """Mine regularly; zero stops that."""
        if not 0 <= seconds < 2**31:
            raise InvalidRequest(f"interval {seconds} is not a length of time")
        self.interval_seconds = seconds
        self._due = time.monotonic() + seconds if seconds else None

    def next_block_due(self) -> float | None:
        """Return in how many seconds `mine_due` wants to be called. [any thread]"""
        due = self._due
        return None if due is None else max(0.0, due - time.monotonic())

    def mine_due(self) -> Block | None:
        """Mine the block that the interval asks for, if its time has come."""
        now = time.monotonic()
        if self._due is None or now < self._due:
            return None
        # Late blocks are not made up for: the next stands on the grid, in the future.
        late = (now - self._due) // self.interval_seconds
        self._due += (late + 1) * self.interval_seconds
        return self._mine_one()

    # Going back.

    def snapshot(self) -> int:
        """Remember everything; return the number to `revert` to."""
        store = self._history.store
        self._snapshot_count += 1
        self._snapshots[self._snapshot_count] = _Snapshot(
            head=self.head.hash,
            root=self._reader.root,
            node_mark=store.node_mark() if isinstance(store, MemoryStore) else 0,
            pool=self.pool.all(),
            clock=replace(self._clock),
            settings=replace(self._settings),
        )
        return self._snapshot_count

    def revert(self, snapshot_id: int) -> bool:
        """Go back to a snapshot, which is used up by that, with those taken after it."""
        snapshot = self._snapshots.get(snapshot_id)
        if snapshot is None:
            return False
        for later in [key for key in self._snapshots if key >= snapshot_id]:
            del self._snapshots[later]
        removed = self._take_back(snapshot.head)
        self._reader = Reader(self._history.nodes, snapshot.root)
        self._clock = snapshot.clock
        self._settings = snapshot.settings
        self._pending = None
        store = self._history.store
        pool_writes: list[Write] = [("pool", tx.hash, None) for tx in self.pool.all()]
        self.pool.replace_all(snapshot.pool)
        pool_writes += [("pool", tx.hash, tx.sender + tx.raw) for tx in snapshot.pool]
        writes = [write for block in removed for write in self._history.remove(block.block)]
        store.write([*writes, *pool_writes, *self._meta()])
        if isinstance(store, MemoryStore):
            store.forget_nodes(snapshot.node_mark)
        if removed:
            self._tell(Removed(blocks=removed))
        return True

    def _take_back(self, head_hash: bytes) -> tuple[NewBlock, ...]:
        removed = []
        while self.head.hash != head_hash:
            removed.append(NewBlock(block=self.head, receipts=self.receipts(self.head.hash) or ()))
            parent = self._history.block(self.head.header.parent_hash)
            assert parent is not None, "a snapshot lies below the head"
            self.head = parent
        return tuple(removed)

    def reset(self) -> None:
        """Go back to genesis, with an empty pool and true time."""
        first = self._history.record(self.genesis_hash)
        assert first is not None, "the first block is never removed"
        self._snapshots.clear()
        removed = self._take_back(self.genesis_hash)
        store = self._history.store
        waiting: list[Write] = [("pool", tx.hash, None) for tx in self.pool.all()]
        self.pool.replace_all(())
        self._reader = Reader(self._history.nodes, first.block.header.state_root)
        self._clock = Clock(self._clock.wall)
        self._settings = _Settings(coinbase=self.genesis.coinbase, gas_limit=self.genesis.gas_limit)
        self._pending = None
        writes = [write for block in removed for write in self._history.remove(block.block)]
        store.write([*writes, *waiting, *self._meta()])
        if removed:
            self._tell(Removed(blocks=removed))

    # Time.

    def increase_time(self, seconds: int) -> int:
        """Move time forward; return the total difference to true time."""
        offset = self._clock.increase(seconds)
        self._history.store.write(self._meta())
        return offset

    def set_next_timestamp(self, timestamp: int) -> None:
        """Fix the next block's timestamp."""
        self._clock.set_next(timestamp, self.head.header.timestamp)

    def set_time(self, timestamp: float) -> int:
        """Make it this time now; return the difference to true time."""
        offset = self._clock.set(timestamp)
        self._history.store.write(self._meta())
        return offset

    def set_timestamp_interval(self, seconds: int | None) -> bool:
        """Put a fixed number of seconds between blocks, or none; say whether one was set."""
        had = self._clock.step is not None
        if seconds is not None and not 0 <= seconds < 2**31:
            raise InvalidRequest(f"interval {seconds} is not a length of time")
        self._clock.step = seconds
        return had

    # Edits.

    def set_next_base_fee(self, wei: int) -> None:
        """Fix the next block's base fee."""
        self._settings.next_base_fee = wei

    def set_prev_randao(self, value: bytes) -> None:
        """Fix the next block's randomness."""
        self._settings.next_prev_randao = value

    def set_coinbase(self, address: bytes) -> None:
        """Pay the tips of the next blocks to this account."""
        self._settings.coinbase = address

    def set_block_gas_limit(self, gas: int) -> None:
        """Set the gas limit of the next blocks."""
        if not 5000 <= gas < 2**63:
            raise InvalidRequest(f"gas limit {gas} is out of range")
        self._settings.gas_limit = gas

    def set_min_gas_price(self, wei: int) -> None:
        """Refuse cheaper transactions from now on."""
        self.pool.price_min = wei

    def impersonate(self, address: bytes) -> None:
        """Take transactions from this account without a signature."""
        self._impersonated[address] = None

    def stop_impersonating(self, address: bytes) -> None:
        """Take none any more."""
        self._impersonated.pop(address, None)

    def edit(self, change: Callable[[World], None]) -> None:
        """Change the state between two blocks, as only a simulator can."""
        before = self._reader.root
        try:
            world = self._world()
            change(world)
            world.end_transaction()
            reader = world.commit(self._history.nodes.pending)
            writes = [*self._history.nodes.take(), *self._meta(root=reader.root)]
            self._history.store.write(writes)
        except BaseException:
            self._history.nodes.pending.clear()
            self._reader = Reader(self._history.nodes, before)
            raise
        self._reader = reader
        self._pending = None

    def set_balance(self, address: bytes, wei: int) -> None:
        """Set an account's balance."""
        self.edit(lambda world: world.set_balance(address, wei))

    def set_nonce(self, address: bytes, nonce: int) -> None:
        """Set an account's nonce."""
        self.edit(lambda world: world.set_nonce(address, nonce))
        self._settle_pool({address})

    def set_code(self, address: bytes, code: bytes) -> None:
        """Set an account's code."""
        self.edit(lambda world: world.set_code(address, code))

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        """Set a word of an account's storage."""
        self.edit(lambda world: world.set_storage(address, slot, value))

    def drop_transaction(self, tx_hash: bytes) -> bool:
        """Take a transaction out of the pool; say whether it was there."""
        tx = self.pool.get(tx_hash)
        if tx is None:
            return False
        self._history.store.write([("pool", tx.hash, None)])
        return self.pool.remove(tx)

    def drop_all(self) -> None:
        """Empty the pool."""
        for tx in self.pool.all():
            self.drop_transaction(tx.hash)

    def dump_state(self) -> dict[str, Any]:
        """Return the state in anvil's format."""
        return dump.dump_state(self._history.nodes, self._reader.root, self.head)

    def load_state(self, state: Mapping[str, Any]) -> bool:
        """Put the accounts of a dump, ours or anvil's, over the present state."""
        accounts = dump.read_accounts(state)
        self.edit(lambda world: dump.write_accounts(world, accounts))
        return True

    # Whoever listens.

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back for each event, on the chain's thread; return what ends that."""
        self._listeners.append(callback)

        def unlisten() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return unlisten

    def _tell(self, event: Event) -> None:
        for callback in tuple(self._listeners):
            try:
                callback(event)
            except Exception:
                log.exception("a listener failed")

    # Files.

    def export_blocks(self, progress: Callable[[int, int], None] | None = None) -> Iterator[bytes]:
        """Return the encoded blocks above genesis, as `chain import` reads them."""
        total = self.head.number - self.genesis.number
        for done in range(1, total + 1):
            yield self._require(self.genesis.number + done).encode()
            if progress is not None:
                progress(done, total)


def _shown(ref: BlockRef) -> str:
    return f"0x{ref.hex()}" if isinstance(ref, bytes) else str(ref)


__all__ = [
    "BlockEnv",
    "BlockRef",
    "CallRequest",
    "CallResult",
    "Event",
    "LocalChain",
    "Mining",
    "NewBlock",
    "NewPending",
    "Overrides",
    "Removed",
]
