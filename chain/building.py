"""Blocks in the making: run transactions one by one, then seal, or check against a given header."""

import logging
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, replace

from .blocks import (
    Block,
    Header,
    Receipt,
    Withdrawal,
    bloom_of,
    receipts_root,
    transactions_root,
    withdrawals_root,
)
from .engines import open_state
from .errors import InvalidBlock, NotNow, RejectedTransaction
from .execution import BlockEnv, Outcome, apply_transaction, check_in_block
from .forks import BYZANTIUM, CANCUN, LONDON, OSAKA, PARIS, PRAGUE, SHANGHAI, Fork
from .frames import Frames
from .state import Reader, World
from .system import begin_block, requests, requests_hash, reward, withdraw
from .transactions import Transaction

log = logging.getLogger(__name__)

BASE_FEE_INITIAL = 10**9
BASE_FEE_CHANGE_DENOMINATOR = 8
ELASTICITY = 2
BLOCK_SIZE_MAX = 8 * 2**20
"""Bytes of an encoded block from Osaka on: 10 MiB, less 2 for the consensus layer (EIP-7934)."""

BLOCK_FRAME_SIZE_MAX = 1024
"""Bytes of a block besides its transactions, in one that we make: mostly its header."""

LENGTH_PREFIX_SIZE_MAX = 4


@dataclass(frozen=True, kw_only=True)
class Built:
    """A block that was run, with all that running it produced."""

    block: Block
    receipts: tuple[Receipt, ...]
    reader: Reader


def next_base_fee(parent: Header, fork: Fork) -> int | None:
    """Return the base fee that follows from the parent (EIP-1559)."""
    if not fork.since(LONDON):
        return None
    if parent.base_fee_per_gas is None:
        return BASE_FEE_INITIAL
    target = parent.gas_limit // ELASTICITY
    base = parent.base_fee_per_gas
    if parent.gas_used == target:
        return base
    delta = base * abs(parent.gas_used - target) // target // BASE_FEE_CHANGE_DENOMINATOR
    return base + max(delta, 1) if parent.gas_used > target else base - delta


def env_of(
    header: Header, fork: Fork, chain_id: int, ancestors: Callable[[], Iterable[bytes]]
) -> BlockEnv:
    """Return the environment of a block's transactions."""
    return BlockEnv(
        fork=fork,
        chain_id=chain_id,
        number=header.number,
        timestamp=header.timestamp,
        coinbase=header.coinbase,
        gas_limit=header.gas_limit,
        base_fee=header.base_fee_per_gas,
        difficulty=header.difficulty,
        prev_randao=header.prev_randao,
        excess_blob_gas=header.excess_blob_gas,
        parent_hash=header.parent_hash,
        ancestors=ancestors,
    )


class BlockRun:
    """One block while its transactions run."""

    def __init__(
        self,
        env: BlockEnv,
        reader: Reader,
        frames: Frames,
        *,
        out: MutableMapping[bytes, bytes],
        beacon_root: bytes | None,
        deposit_address: bytes,
    ) -> None:
        self.env = env
        self.frames = frames
        self.out = out
        self.deposit_address = deposit_address
        self.state = open_state(env, reader, frames)
        self.transactions: list[Transaction] = []
        self.receipts: list[Receipt] = []
        self.gas_used = 0
        self.blob_gas_used = 0
        self._bloom = 0
        begin_block(self.state, beacon_root)

    @property
    def world(self) -> World:
        """The state as it is after the transactions so far."""
        world: World = self.state.world
        return world

    def add(self, tx: Transaction) -> Outcome:
        """Run the next transaction; raise RejectedTransaction, changing nothing, if it may not."""
        env = self.env
        gas_left = env.gas_limit - self.gas_used
        blob_gas_left = env.fork.blob_gas_max - self.blob_gas_used
        needed = check_in_block(tx, env, self.world, gas_left, blob_gas_left)
        mark = self.world.mark()
        try:
            outcome = apply_transaction(self.state, tx, tx.sender, needed)
        except Exception:
            self.world.undo(mark)
            self.state.end_transaction()
            raise
        self.record(tx, outcome)
        return outcome

    def record(self, tx: Transaction, outcome: Outcome) -> None:
        """Add a transaction that has been run on this block's state."""
        self.transactions.append(tx)
        self.gas_used += outcome.gas_used
        self.blob_gas_used += tx.blob_gas
        bloom = bloom_of(outcome.logs)
        self._bloom |= bloom
        is_blob = bool(tx.blob_gas)
        self.receipts.append(
            Receipt(
                type=tx.type,
                status=int(outcome.success) if self.env.fork.since(BYZANTIUM) else None,
                state_root=None if self.env.fork.since(BYZANTIUM) else self._intermediate_root(),
                cumulative_gas_used=self.gas_used,
                logs_bloom=bloom.to_bytes(256, "big"),
                logs=outcome.logs,
                gas_used=outcome.gas_used,
                effective_gas_price=outcome.price,
                contract_address=outcome.created,
                blob_gas_used=tx.blob_gas if is_blob else None,
                blob_gas_price=self.env.blob_base_fee if is_blob else None,
            )
        )

    def _intermediate_root(self) -> bytes:
        """Commit what has happened so far: receipts before Byzantium hold its root."""
        reader = self.world.commit(self.out)
        self.state = open_state(self.env, reader, self.frames)
        return reader.root

    def finish(
        self,
        header: Header,
        *,
        ommers: Sequence[Header] = (),
        withdrawals: Sequence[Withdrawal] | None = None,
    ) -> Built:
        """Do what a block does after its transactions, and seal it under this header."""
        fork = self.env.fork
        fields: dict[str, object] = {}
        if withdrawals is not None and fork.since(SHANGHAI):
            withdraw(self.world, withdrawals)
            fields["withdrawals_root"] = withdrawals_root(withdrawals)
        if fork.since(PRAGUE):
            logs = [entry for receipt in self.receipts for entry in receipt.logs]
            found = requests(self.state, logs, self.deposit_address)
            fields["requests_hash"] = requests_hash(found)
        if not fork.since(PARIS):
            reward(self.world, header, ommers, fork.block_reward)
        reader = self.world.commit(self.out)
        if fork.since(CANCUN):
            fields["blob_gas_used"] = self.blob_gas_used
        sealed = replace(
            header,
            state_root=reader.root,
            transactions_root=transactions_root(self.transactions),
            receipts_root=receipts_root(self.receipts),
            logs_bloom=self._bloom.to_bytes(256, "big"),
            gas_used=self.gas_used,
            **fields,  # type: ignore[arg-type]
        )
        block = Block(
            header=sealed,
            transactions=tuple(self.transactions),
            ommers=tuple(ommers),
            withdrawals=None if withdrawals is None else tuple(withdrawals),
        )
        return Built(block=block, receipts=tuple(self.receipts), reader=reader)


def fill(run: BlockRun, candidates: Iterable[Transaction]) -> tuple[tuple[Transaction, str], ...]:
    """Run the candidates that fit; return those that no block can hold as things are, and why.

    Candidates come best first, and each sender's in the order of nonces: a sender whose
    transaction does not fit is passed over, so that its later ones are not tried in vain.
    """
    rejected: list[tuple[Transaction, str]] = []
    waiting: set[bytes] = set()
    bounded = run.env.fork.since(OSAKA)
    size = BLOCK_FRAME_SIZE_MAX
    for tx in candidates:
        if tx.sender in waiting:
            continue
        tx_size = len(tx.raw) + LENGTH_PREFIX_SIZE_MAX
        if bounded and size + tx_size > BLOCK_SIZE_MAX:
            waiting.add(tx.sender)
            continue
        if run.gas_used + 21_000 > run.env.gas_limit:
            break
        try:
            run.add(tx)
            size += tx_size
        except NotNow:
            waiting.add(tx.sender)
        except RejectedTransaction as refusal:
            waiting.add(tx.sender)
            rejected.append((tx, str(refusal)))
        except Exception as bug:
            if run.frames.loud or run.frames.engine == "check":
                raise
            # One transaction that our own code trips over must not stop the chain.
            log.exception("transaction 0x%s failed inside the engine", tx.hash.hex())
            waiting.add(tx.sender)
            rejected.append((tx, f"internal error: {type(bug).__name__}"))
    return tuple(rejected)


def verify(built: Built, given: Header) -> None:
    """Compare what running a block produced with what its header says."""
    made = built.block.header
    for name in (
        "gas_used",
        "blob_gas_used",
        "logs_bloom",
        "transactions_root",
        "receipts_root",
        "withdrawals_root",
        "requests_hash",
        "state_root",
    ):
        ours, theirs = getattr(made, name), getattr(given, name)
        if ours != theirs:
            show = [value.hex() if isinstance(value, bytes) else value for value in (theirs, ours)]
            raise InvalidBlock(
                f"block {given.number}: {name} is {show[0]} in the header, {show[1]} when executed"
            )
