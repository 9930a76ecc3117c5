"""The machine: our chain's EVM with its precompiles, in a process of its own.

The daemon's process never loads it. Jobs and what came of them cross by pipes, as JSON behind its
length. A process that takes too long is ended, and the next job begins another.
"""

import asyncio
import contextlib
import json
import os
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ..rlp import keccak
from .calls import Footprint, Job, Ran, cut
from .client import Unanswered
from .header import read_header
from .questions import Target
from .state import Account, read_account

RUN_SECONDS = 5.0  # as long as a full node gives a question
WAIT_SECONDS = 60.0  # with the start of the process, which may have to compile
FRAME_MAX = 64 << 20
GAS_CAP = 50_000_000
MISSING_MAX = 512
_SIZE = struct.Struct(">I")


class Worker:
    """The process, from the outside. One job at a time; others wait for their turn."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def run(self, job: Job) -> Ran:
        """Run a job."""
        async with self._turn:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    return ran_from_json(json.loads(await self._exchange(to_json(job))))
            except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
                await self.close()
                raise Unanswered("the machine gave no answer") from None
            except asyncio.CancelledError:
                await self.close()  # its answer would be taken for the next one's
                raise

    async def _exchange(self, body: bytes) -> bytes:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", __spec__.name),
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        sink, source = self._process.stdin, self._process.stdout
        assert sink is not None, "it was asked for"
        assert source is not None, "it was asked for"
        sink.write(_SIZE.pack(len(body)) + body)
        await sink.drain()
        (size,) = _SIZE.unpack(await source.readexactly(_SIZE.size))
        if size > FRAME_MAX:
            raise ValueError("too long")
        return await source.readexactly(size)

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


# --- Across the pipe ------------------------------------------------------------------------


def to_json(job: Job) -> bytes:
    """Return a job in bytes."""
    body = {
        "method": job.method,
        "params": list(job.params),
        "chainId": job.chain_id,
        "header": job.header.raw.hex(),
        "accounts": {at.hex(): account.encode().hex() for at, account in job.accounts.items()},
        "slots": [[at.hex(), slot, value] for (at, slot), value in job.slots.items()],
        "codes": {code_hash.hex(): code.hex() for code_hash, code in job.codes.items()},
        "alone": job.alone,
    }
    return json.dumps(body).encode()


def job_from_json(body: dict[str, Any]) -> Job:
    """Read a job."""
    return Job(
        method=body["method"],
        params=body["params"],
        chain_id=body["chainId"],
        header=read_header(bytes.fromhex(body["header"])),
        accounts={
            bytes.fromhex(at): read_account(bytes.fromhex(raw))
            for at, raw in body["accounts"].items()
        },
        slots={(bytes.fromhex(at), slot): value for at, slot, value in body["slots"]},
        codes={bytes.fromhex(at): bytes.fromhex(code) for at, code in body["codes"].items()},
        alone=body["alone"],
    )


def ran_to_json(ran: Ran) -> bytes:
    """Return what came of a job in bytes."""
    body = {
        "reply": ran.reply,
        "missing": [[each.address.hex(), list(each.slots)] for each in ran.missing],
        "codes": [code_hash.hex() for code_hash in ran.codes],
        "touched": [[each.address.hex(), list(each.slots)] for each in ran.touched],
    }
    return json.dumps(body).encode()


def ran_from_json(body: dict[str, Any]) -> Ran:
    """Read what came of a job."""
    return Ran(
        reply=body["reply"],
        missing=_footprint(body["missing"]),
        codes=tuple(map(bytes.fromhex, body["codes"])),
        touched=_footprint(body["touched"]),
    )


def _footprint(entries: Iterable[Any]) -> Footprint:
    return tuple(Target(bytes.fromhex(at), tuple(slots)) for at, slots in entries)


# --- Inside the process ---------------------------------------------------------------------


class Seen:
    """What is proved, as the machine reads it, and what it asked for in vain."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.accounts: dict[bytes, None] = {}
        self.slots: dict[tuple[bytes, int], None] = {}
        self.missing_accounts: dict[bytes, None] = {}
        self.missing_slots: dict[tuple[bytes, int], None] = {}
        self.missing_codes: dict[bytes, None] = {}

    def account(self, address: bytes) -> Account | None:
        """Return an account; where it is missing, go on as if there were none."""
        self.accounts[address] = None
        found = self._job.accounts.get(address)
        if found is None:
            self.missing_accounts[address] = None
        return found

    def slot(self, address: bytes, slot: int) -> int:
        """Return a word; where it is missing, go on as if it were zero."""
        self.slots[address, slot] = None
        found = self._job.slots.get((address, slot))
        if found is None:
            self.missing_slots[address, slot] = None
        return found or 0

    def code(self, code_hash: bytes) -> bytes | None:
        """Return code; where it is missing the run must end, as engines keep code by its hash."""
        found = self._job.codes.get(code_hash)
        if found is None:
            self.missing_codes[code_hash] = None
        return found

    @property
    def too_much(self) -> bool:
        """Whether it is better to ask for what is missing before going on."""
        return len(self.missing_accounts) + len(self.missing_slots) > MISSING_MAX

    def ran(self, reply: dict[str, Any]) -> Ran:
        """Return what came of the job."""
        return Ran(
            reply=reply,
            missing=cut(list(self.missing_accounts), list(self.missing_slots)),
            codes=tuple(self.missing_codes),
            touched=cut(list(self.accounts), list(self.slots)),
        )


def execute(job: Job) -> Ran:
    """Run a job on the chain's EVM."""
    from chain import calls
    from chain.errors import ChainError
    from chain.rpc import errors, parameters

    seen = Seen(job)
    try:
        request = parameters.read_call(job.params[0], "transaction")
        changes = _overrides(job.params, parameters)
        scene = _scene(job, _reader(job, seen, _assumed(job, request)))
        if job.method == "eth_estimateGas":
            reply: dict[str, Any] = {"result": hex(calls.estimate_gas(scene, request, changes))}
        else:
            reply = _reply(calls.call(scene, request, changes), errors)
    except errors.RpcError as error:
        reply = {"error": error.to_json()}
    except ChainError as error:
        reply = {"error": errors.from_chain(error).to_json()}
    return seen.ran(reply)


def _reader(job: Job, seen: Seen, assumed: dict[bytes, Any]) -> Any:
    """Return a state that knows what is proved of it, and what is assumed."""
    from chain.errors import ChainError
    from chain.state import EMPTY_CODE_HASH, Account, Reader
    from chain.trie import EMPTY_ROOT
    from precompiles.precompile import MARKER_CODE

    known = {EMPTY_CODE_HASH: b"", keccak(MARKER_CODE): MARKER_CODE}

    class ProvedReader(Reader):
        """Every look at it is noted."""

        def account(self, address: bytes) -> Account | None:
            if address in assumed:
                found: Account | None = assumed[address]
                return found
            proved = seen.account(address)
            if seen.too_much:
                raise ChainError("too much is missing")
            if proved is None or proved.is_empty:
                return None
            return Account(proved.nonce, proved.balance, proved.storage_root, proved.code_hash)

        def storage(self, address: bytes, slot: int) -> int:
            self.account(address)
            proved = job.accounts.get(address)
            if proved is not None and proved.storage_root == EMPTY_ROOT:
                return 0
            return seen.slot(address, slot)

        def code(self, code_hash: bytes) -> bytes:
            if code_hash in known:
                return known[code_hash]
            found = seen.code(code_hash)
            if found is None:
                raise ChainError("code is missing")
            return found

    return ProvedReader({}, job.header.state_root)


def _assumed(job: Job, request: Any) -> dict[bytes, Any]:
    """Return what stands in for the state where the answer does not depend on it."""
    from chain.host import is_pars_address
    from chain.state import EMPTY_ACCOUNT
    from precompiles.precompile import MARKER_CODE

    if not job.alone or not request.to or not _is_pure(request.to, request.data):
        return {}
    marker = EMPTY_ACCOUNT._replace(nonce=1, code_hash=keccak(MARKER_CODE))
    assumed = {request.sender or bytes(20): None, job.header.coinbase: None}
    return {**assumed, request.to: marker if is_pars_address(request.to) else None}


def _scene(job: Job, reader: Any) -> Any:
    """Return a block and the state after it, as calls want them."""
    from chain.building import env_of
    from chain.calls import Scene
    from chain.forks import PARS
    from chain.frames import Frames
    from chain.genesis import SECRET_OPS
    from chain.system import HISTORY_ADDRESS, HISTORY_LENGTH

    header: Any = job.header  # it has the fields of the chain's

    def ancestors() -> Iterator[bytes]:
        """The chain keeps the hashes of the last blocks in its state (EIP-2935)."""
        if header.number:
            yield header.parent_hash
        for number in range(header.number - 2, -1, -1):
            word = reader.storage(HISTORY_ADDRESS, number % HISTORY_LENGTH)
            yield word.to_bytes(32, "big")

    frames = Frames(
        mode="block" if job.method == "eth_estimateGas" else "call",
        secret_ops=SECRET_OPS.get(job.chain_id, "call-only"),
        deadline=time.monotonic() + RUN_SECONDS,
    )
    env = env_of(header, PARS, job.chain_id, ancestors)
    return Scene(env=env, reader=reader, frames=frames, gas_cap=GAS_CAP)


def _is_pure(to: bytes, data: bytes) -> bool:
    """Return whether an address answers from the input alone, whatever the state is."""
    from chain.builtins import builtins_of
    from chain.forks import PARS
    from precompiles.registry import PRECOMPILES

    if int.from_bytes(to, "big") in builtins_of(PARS):
        return True
    methods = (each for entry in PRECOMPILES if entry.address == to for each in entry.methods)
    return any(
        each.signature.selector == data[:4] and each.mutability == "pure" for each in methods
    )


def _overrides(params: Any, parameters: Any) -> Any:
    accounts = block = None
    if len(params) > 1 and params[1] is not None:
        accounts = parameters.read_state_overrides(params[1], "stateOverrides")
    if len(params) > 2 and params[2] is not None:
        block = parameters.read_block_overrides(params[2], "blockOverrides")
    return parameters.overrides(accounts, block)


def _reply(result: Any, errors: Any) -> dict[str, Any]:
    if result.success:
        return {"result": "0x" + result.output.hex()}
    if result.reverted:
        return {"error": errors.reverted(result.output).to_json()}
    failed = errors.RpcError(errors.SERVER_ERROR, result.error or "execution failed")
    return {"error": failed.to_json()}


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Run jobs until the pipe ends."""
    while True:
        size = source.read(_SIZE.size)
        if len(size) < _SIZE.size:
            return
        body = source.read(_SIZE.unpack(size)[0])
        answer = ran_to_json(execute(job_from_json(json.loads(body))))
        sink.write(_SIZE.pack(len(answer)) + answer)
        sink.flush()


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        serve(sys.stdin.buffer, answers)
