"""eth_simulateV1: blocks of calls on top of a state, as they would be if somebody made them.

Nothing here is signed and nothing is kept. Without `validation`, gas is free and nonces are taken
as they come; with it, a call must be what a block could hold.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from .blocks import ZERO_ADDRESS, ZERO_HASH, Block, Header, Log, Withdrawal
from .building import BlockRun, env_of, next_base_fee
from .calls import (
    AccountOverride,
    BlockOverride,
    CallRequest,
    CallResult,
    apply_overrides,
    fields_of,
    overridden_env,
    result_of,
)
from .encoding import checksummed, keccak
from .errors import ChainError, InvalidRequest, RejectedTransaction
from .execution import BlockEnv, Outcome, apply_transaction
from .forks import CANCUN, LONDON, SHANGHAI, Fork
from .frames import Begun, Frames, Left
from .headers import next_excess_blob_gas
from .history import Nodes
from .rules import (
    INITCODE_SIZE_MAX,
    NONCE_MAX,
    Intrinsic,
    check_blobs,
    gas_max,
    intrinsic,
    is_delegation,
)
from .state import Reader, World
from .tracing.recorder import Recorder
from .transactions import (
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    Fields,
    Transaction,
    encode_signed,
)

if TYPE_CHECKING:
    from .local_chain import BlockRef, LocalChain

BLOCKS_MAX: Final = 256
SECONDS_BETWEEN_BLOCKS: Final = 12
"""Where nothing else is asked for. The specification fixes it, whatever the chain's own pace."""

TRANSFER_ADDRESS: Final = b"\xee" * 20
TRANSFER_EVENT: Final = keccak(b"Transfer(address,address,uint256)")

INTERNAL: Final = -32603
INVALID: Final = -32602
REFUSED: Final = -32000
NONCE_TOO_LOW: Final = -38010
NONCE_TOO_HIGH: Final = -38011
FEE_TOO_LOW: Final = -38012
INTRINSIC_GAS: Final = -38013
INSUFFICIENT_FUNDS: Final = -38014
BLOCK_GAS_LIMIT: Final = -38015
BLOCK_NUMBER_ORDER: Final = -38020
BLOCK_TIME_ORDER: Final = -38021
SENDER_HAS_CODE: Final = -38024
INITCODE_SIZE: Final = -38025
TOO_MANY_BLOCKS: Final = -38026


class SimulationError(ChainError):
    """A block or a call that cannot be simulated; `code` is what the specification gives it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class SimulatedBlock:
    """One block to simulate: what is different in it, and the calls that it holds."""

    block: BlockOverride = field(default_factory=BlockOverride)
    accounts: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    calls: Sequence[CallRequest] = ()
    withdrawals: Sequence[Withdrawal] = ()
    parent_beacon_root: bytes = ZERO_HASH


def simulate(
    chain: "LocalChain",
    blocks: Sequence[SimulatedBlock],
    ref: "BlockRef" = "latest",
    *,
    trace_transfers: bool = False,
    validation: bool = False,
) -> list[tuple[Block, tuple[CallResult, ...]]]:
    """Return each block, gaps in the numbers filled, with the result of each of its calls.

    The blocks are complete; their transactions have no signature (v, r and s are zero) and know
    their sender. A result's logs may include pseudo-logs of transfers, which the block's bloom and
    receipts do not: their indexes count through the results of the block. A failed call is a
    result, with code 3 where it `reverted` and -32015 otherwise; what cannot be in a block raises
    SimulationError. `max_gas_used` is what a sender had to provide before refunds.
    """
    if not blocks:
        raise SimulationError(INVALID, "empty input")
    if len(blocks) > BLOCKS_MAX:
        raise SimulationError(TOO_MANY_BLOCKS, "too many blocks")
    base = chain.block(ref)
    scene = chain.scene(ref, "block")
    assert base is not None, "a scene has a block"
    simulation = _Simulation(
        chain=chain,
        frames=scene.frames,
        base=base,
        older=lambda: scene.env.ancestors(),
        parent=base.header,
        reader=scene.reader.scratch(Nodes(scene.reader.nodes)),  # type: ignore[arg-type]
        gas_left=scene.gas_cap,
        trace_transfers=trace_transfers,
        validation=validation,
    )
    return [simulation.run(wanted) for wanted in _filled(base.header, blocks)]


def _filled(base: Header, blocks: Sequence[SimulatedBlock]) -> list[SimulatedBlock]:
    """Give every block a number and a time, with empty blocks where numbers were left out."""
    found: list[SimulatedBlock] = []
    number, time = base.number, base.timestamp
    for wanted in blocks:
        target = number + 1 if wanted.block.number is None else wanted.block.number
        if target <= number:
            raise SimulationError(
                BLOCK_NUMBER_ORDER, f"block numbers must be in order: {target} <= {number}"
            )
        if target - base.number > BLOCKS_MAX:
            raise SimulationError(TOO_MANY_BLOCKS, "too many blocks")
        for gap in range(number + 1, target):
            time += SECONDS_BETWEEN_BLOCKS
            found.append(SimulatedBlock(block=BlockOverride(number=gap, time=time)))
        given = wanted.block.time
        following = time + SECONDS_BETWEEN_BLOCKS if given is None else given
        if following <= time:
            raise SimulationError(
                BLOCK_TIME_ORDER, f"block timestamps must be in order: {following} <= {time}"
            )
        number, time = target, following
        found.append(replace(wanted, block=replace(wanted.block, number=number, time=time)))
    return found


@dataclass(kw_only=True)
class _Simulation:
    """The state and the blocks so far."""

    chain: "LocalChain"
    frames: Frames
    base: Block
    older: Callable[[], Any]
    """Hashes of the blocks before the base, newest first."""
    parent: Header
    reader: Reader
    gas_left: int
    """For all calls of all blocks: a question may cost no more than any other."""
    trace_transfers: bool
    validation: bool
    hashes: list[bytes] = field(default_factory=list)

    def _ancestors(self) -> Iterator[bytes]:
        yield from reversed(self.hashes)
        yield self.base.hash
        yield from self.older()

    def run(self, wanted: SimulatedBlock) -> tuple[Block, tuple[CallResult, ...]]:
        """Run the calls of one block and seal it."""
        header, fork = self._header(wanted)
        env = env_of(header, fork, self.chain.chain_id, self._ancestors)
        env = overridden_env(env, BlockOverride(blob_base_fee=wanted.block.blob_base_fee))
        frames = replace(self.frames, tracer=None, moved={}, replaced=set())
        nodes = self.reader.nodes
        assert isinstance(nodes, Nodes), "a simulation writes over the chain's nodes"
        block = BlockRun(
            env,
            self.reader,
            frames,
            out=nodes.pending,
            beacon_root=header.parent_beacon_block_root,
            deposit_address=self.chain.genesis.deposit_address,
        )
        try:
            apply_overrides(block.state, wanted.accounts)
        except InvalidRequest as error:
            raise SimulationError(REFUSED, str(error)) from None
        results = tuple(self._call(block, request) for request in wanted.calls)
        withdrawals = tuple(wanted.withdrawals) if fork.since(SHANGHAI) else None
        built = block.finish(header, withdrawals=withdrawals)
        self.parent, self.reader = built.block.header, built.reader
        self.hashes.append(built.block.hash)
        return built.block, results

    def _header(self, wanted: SimulatedBlock) -> tuple[Header, Fork]:
        block, base = wanted.block, self.base.header
        assert block.number is not None, "numbers were filled in"
        assert block.time is not None, "times were filled in"
        merged = base.difficulty == 0
        fork = self.chain.genesis.schedule.at(block.number, block.time, merged=merged)
        optional: dict[str, Any] = {}
        if fork.since(LONDON):
            free = 0 if not self.validation else next_base_fee(self.parent, fork)
            optional["base_fee_per_gas"] = free if block.base_fee is None else block.base_fee
        if fork.since(CANCUN):
            optional["excess_blob_gas"] = next_excess_blob_gas(self.parent, fork)
            optional["parent_beacon_block_root"] = wanted.parent_beacon_root
        header = Header(
            parent_hash=self.parent.hash,
            coinbase=base.coinbase if block.coinbase is None else block.coinbase,
            state_root=ZERO_HASH,
            difficulty=base.difficulty,
            number=block.number,
            gas_limit=base.gas_limit if block.gas_limit is None else block.gas_limit,
            timestamp=block.time,
            prev_randao=block.prev_randao or ZERO_HASH,
            **optional,
        )
        return header, fork

    def _call(self, block: BlockRun, request: CallRequest) -> CallResult:
        """Run one call as the block's next transaction."""
        env, world = block.env, block.world
        sender = request.sender or ZERO_ADDRESS
        room = env.gas_limit - block.gas_used
        most = min(room, gas_max(env.fork)) if self.validation else room
        gas = most if request.gas is None else request.gas
        if gas > room:
            raise SimulationError(
                BLOCK_GAS_LIMIT, f"block gas limit reached: {block.gas_used} >= {env.gas_limit}"
            )
        gas = min(gas, self.gas_left)
        nonce = world.get_nonce(sender) if request.nonce is None else request.nonce
        try:
            fields = fields_of(request, env, nonce=nonce, gas=gas)
        except InvalidRequest as error:
            raise SimulationError(INVALID, str(error)) from None
        tx = unsigned(replace(fields, type=_type_of(request)), sender)
        needed = self._check(tx, env, world)
        recorder = _Transfers() if self.trace_transfers else None
        block.frames.tracer = recorder
        try:
            outcome = self._apply(block, tx, needed)
        except RejectedTransaction as refusal:
            raise _refused(INSUFFICIENT_FUNDS, tx, str(refusal)) from None
        finally:
            block.frames.tracer = None
        block.record(tx, outcome)
        self.gas_left -= outcome.gas_used
        result = result_of(outcome)
        return result if recorder is None else replace(result, logs=tuple(recorder.logs))

    def _apply(self, block: BlockRun, tx: Transaction, needed: Intrinsic) -> Outcome:
        state, env = block.state, block.env
        if self.validation or tx.max_fee_per_gas or tx.max_priority_fee_per_gas:
            return apply_transaction(state, tx, tx.sender, needed)
        # What nobody pays for costs nothing, though BASEFEE tells the block's own.
        free = replace(env, base_fee=None if env.base_fee is None else 0)
        return apply_transaction(state, tx, tx.sender, needed, free)

    def _check(self, tx: Transaction, env: BlockEnv, world: World) -> Intrinsic:
        """Check what a block demands of a transaction, in geth's order and words."""
        address = f"address {checksummed(tx.sender)}"
        if tx.type == BLOB:
            try:
                check_blobs(tx, env.fork)
            except RejectedTransaction as refusal:
                raise _refused(INTERNAL, tx, str(refusal)) from None
        if self.validation:
            self._check_sender(tx, address, world)
            if tx.gas > gas_max(env.fork):
                reason = f"transaction gas limit too high (cap: {gas_max(env.fork)}, tx: {tx.gas})"
                raise _refused(INTERNAL, tx, reason)
        base_fee = env.base_fee or 0
        priced = self.validation or tx.max_fee_per_gas or tx.max_priority_fee_per_gas
        if env.base_fee is not None and priced and tx.max_fee_per_gas < base_fee:
            raise _refused(
                FEE_TOO_LOW,
                tx,
                f"max fee per gas less than block base fee: {address}, "
                f"maxFeePerGas: {tx.max_fee_per_gas}, baseFee: {base_fee}",
            )
        blob_cap = tx.max_fee_per_blob_gas
        blobs_priced = tx.blob_gas and (self.validation or blob_cap)
        if blobs_priced and blob_cap < env.blob_base_fee:
            raise _refused(
                INTERNAL,
                tx,
                f"max fee per blob gas less than block blob gas fee: {address} "
                f"blobGasFeeCap: {blob_cap}, blobBaseFee: {env.blob_base_fee}",
            )
        cost = tx.gas * tx.max_fee_per_gas + tx.value + tx.blob_gas * tx.max_fee_per_blob_gas
        balance = world.get_balance(tx.sender)
        if balance < cost:
            raise _refused(
                INSUFFICIENT_FUNDS,
                tx,
                f"insufficient funds for gas * price + value: {address} have {balance} want {cost}",
            )
        needed = intrinsic(tx, env.fork)
        if tx.gas < needed.gas:
            raise _refused(
                INTRINSIC_GAS, tx, f"intrinsic gas too low: have {tx.gas}, want {needed.gas}"
            )
        if tx.gas < needed.floor:
            raise _refused(
                INTRINSIC_GAS,
                tx,
                f"insufficient gas for floor data gas cost: have {tx.gas}, want {needed.floor}",
            )
        if env.fork.since(SHANGHAI) and not tx.to and len(tx.data) > INITCODE_SIZE_MAX:
            raise _refused(
                INITCODE_SIZE,
                tx,
                f"max initcode size exceeded: code size {len(tx.data)} limit {INITCODE_SIZE_MAX}",
            )
        return needed

    def _check_sender(self, tx: Transaction, address: str, world: World) -> None:
        nonce = world.get_nonce(tx.sender)
        if tx.nonce < nonce:
            raise _refused(
                NONCE_TOO_LOW, tx, f"nonce too low: {address}, tx: {tx.nonce} state: {nonce}"
            )
        if tx.nonce > nonce:
            raise _refused(
                NONCE_TOO_HIGH, tx, f"nonce too high: {address}, tx: {tx.nonce} state: {nonce}"
            )
        if tx.nonce >= NONCE_MAX:
            raise _refused(INTERNAL, tx, f"nonce has max value: {address}, nonce: {tx.nonce}")
        code = world.get_code(tx.sender)
        if code and not is_delegation(code):
            raise _refused(
                SENDER_HAS_CODE, tx, f"sender not an eoa: {address}, len(code): {len(code)}"
            )


def _refused(code: int, tx: Transaction, message: str) -> SimulationError:
    return SimulationError(code, f"err: {message} (supplied gas {tx.gas})")


def _type_of(request: CallRequest) -> int:
    """Return the type that the request's transaction has: legacy only where a price asks for it."""
    if request.gas_price is not None:
        return LEGACY
    if request.authorization_list is not None:
        return SET_CODE
    return DYNAMIC_FEE if request.blob_versioned_hashes is None else BLOB


def unsigned(fields: Fields, sender: bytes) -> Transaction:
    """Return a transaction that names its sender instead of proving it."""
    known: dict[str, Any] = {name: getattr(fields, name) for name in Fields.__dataclass_fields__}
    if fields.type == LEGACY:
        known["chain_id"] = None
    raw = encode_signed(fields, 0, 0, 0)
    return Transaction(**known, v=0, y_parity=0, r=0, s=0, sender=sender, raw=raw, hash=keccak(raw))


class _Transfers(Recorder):
    """A tracer that collects logs, with one for each transfer of value among them."""

    wants_frames = True

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self._starts: list[int] = []

    def enter(self, begun: Begun) -> None:
        self._starts.append(len(self.logs))
        if begun.value and begun.kind != "DELEGATECALL":
            self._transfer(begun.sender, begun.target, begun.value)

    def leave(self, left: Left | None, error: Exception | None) -> None:  # noqa: ARG002 - Tracer's
        start = self._starts.pop()
        if error is not None:
            del self.logs[start:]

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        self.logs.append(Log(address=address, topics=tuple(topics), data=data))

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None:
        if balance:
            self._transfer(address, beneficiary, balance)

    def _transfer(self, sender: bytes, to: bytes, value: int) -> None:
        topics = (TRANSFER_EVENT, bytes(12) + sender, bytes(12) + to)
        data = value.to_bytes(32, "big")
        self.logs.append(Log(address=TRANSFER_ADDRESS, topics=topics, data=data))
