"""Our own path through execution: the engines `py`, with py-evm's loop, and `core`, compiled."""

from collections.abc import Callable
from typing import Any

from eth.exceptions import Revert

from ..blocks import ZERO_HASH
from ..encoding import encode, keccak
from ..engines import open_state
from ..errors import InvalidRequest, InvalidTransaction, RejectedTransaction
from ..execution import BlockEnv, Outcome, apply_transaction, check_in_block
from ..forks import FORKS, LONDON, PARIS
from ..frames import Engine, Frames
from ..history import Nodes
from ..state import Reader, World
from ..statetest import FORK_NAMES, ancestors_of
from ..store import MemoryStore
from ..tracing.options import TracerOptions
from ..tracing.recorder import Budget, Recorder
from ..tracing.steps import StructLogs
from ..transactions import Transaction, decode_transaction
from ..trie import EMPTY_ROOT
from .cases import CHAIN_ID, Account, Block, Case
from .programs import CODES
from .results import Ran, Result, Step


def run_py(case: Case, steps: bool = False) -> Result:
    """Run a case by our own rules and execution, with py-evm's loop."""
    return _run_ours(case, steps, "py")


def run_core(case: Case, steps: bool = False) -> Result:
    """Run a case by our own rules and execution, in the compiled core."""
    return _run_ours(case, steps, "core")


def _run_ours(case: Case, steps: bool, engine: Engine) -> Result:
    if steps:
        try:
            return run_watched(case, _steps, engine)
        except InvalidRequest:  # The trace is larger than one may be.
            pass
    return run_watched(case, engine=engine)


def run_watched(
    case: Case, recorder: Callable[[], Recorder] | None = None, engine: Engine = "py"
) -> Result:
    """Run a case; a recorder made for each transaction watches it."""
    reader, nodes = _open_world(case)
    state = open_state(environment(case), reader, Frames(loud=True, engine=engine))
    world = state.world
    ran = []
    gas_left = case.block.gas_limit
    blob_gas_left = state.env.fork.blob_gas_max
    for signed in case.transactions:
        watcher = recorder() if recorder else None
        try:
            tx = decode_transaction(signed.raw)
            outcome = _apply(state, tx, gas_left, blob_gas_left, watcher)
        except (RejectedTransaction, InvalidTransaction) as error:
            ran.append(Ran(refused=str(error)))
            continue
        finally:
            state.frames.tracer = None
        gas_left -= outcome.gas_used
        blob_gas_left -= tx.blob_gas
        ran.append(_ran(outcome, watcher, world))
        if case.split:
            reader = world.commit(nodes.pending)
            state = open_state(environment(case), reader, Frames(loud=True, engine=engine))
            world = state.world
    return Result(root=world.commit(nodes.pending).root, ran=tuple(ran))


def _apply(
    state: Any, tx: Transaction, gas_left: int, blob_gas_left: int, watcher: Recorder | None
) -> Outcome:
    needed = check_in_block(tx, state.env, state.world, gas_left, blob_gas_left)
    if watcher is not None:
        watcher.begin(state)
        state.frames.tracer = watcher
    return apply_transaction(state, tx, tx.sender, needed)


def _ran(outcome: Outcome, watcher: Recorder | None, world: World) -> Ran:
    failed = outcome.error is not None and not isinstance(outcome.error, Revert)
    steps = None
    trace: Any = None if watcher is None else watcher.result(outcome, world)
    if isinstance(watcher, StructLogs):
        shown, trace = trace["structLogs"], None
        first_refund = shown[0].get("refund", 0) if shown else 0
        steps = tuple(_step(each, first_refund) for each in shown)
    return Ran(
        success=outcome.success,
        gas_used=outcome.gas_used,
        output=b"" if failed else outcome.output,
        logs=keccak(encode([log.item() for log in outcome.logs])),
        error="" if outcome.error is None else type(outcome.error).__name__,
        steps=steps,
        trace=trace,
    )


def _steps() -> Recorder:
    return StructLogs(TracerOptions.parse({"disableStorage": True}), Budget())


def _step(shown: dict[str, Any], first_refund: int) -> Step:
    name: str = shown["op"]
    code = CODES.get(name)
    stack = shown["stack"]
    return Step(
        depth=shown["depth"],
        pc=shown["pc"],
        op=int(name.split()[1], 16) if code is None else code,
        gas=shown["gas"],
        refund=shown.get("refund", 0) - first_refund,
        size=len(stack),
        top=int(stack[-1], 16) if stack else 0,
    )


def environment(case: Case) -> BlockEnv:
    """Return the block of a case."""
    block: Block = case.block
    fork = FORKS[FORK_NAMES[case.fork]]
    merged = fork.since(PARIS)
    return BlockEnv(
        fork=fork,
        chain_id=CHAIN_ID,
        number=block.number,
        timestamp=block.timestamp,
        coinbase=block.coinbase,
        gas_limit=block.gas_limit,
        base_fee=block.base_fee if fork.since(LONDON) else None,
        difficulty=0 if merged else block.randao,
        prev_randao=block.randao.to_bytes(32, "big") if merged else ZERO_HASH,
        excess_blob_gas=block.excess_blob_gas if fork.blobs is not None else None,
        parent_hash=ZERO_HASH,
        ancestors=lambda: ancestors_of(block.number),
    )


def _open_world(case: Case) -> tuple[Reader, Nodes]:
    nodes = Nodes(MemoryStore())
    world = World(Reader(nodes, EMPTY_ROOT))
    for address, account in case.accounts.items():
        _put(world, address, account)
    world.end_transaction()
    return world.commit(nodes.pending), nodes


def _put(world: World, address: bytes, account: Account) -> None:
    world.set_balance(address, account.balance)
    world.set_nonce(address, account.nonce)
    if account.code:
        world.set_code(address, account.code)
    for slot, value in account.storage:
        world.set_storage(address, slot, value)
