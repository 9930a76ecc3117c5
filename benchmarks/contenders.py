"""The chains that `chain.py` times in one process: ours, and py-evm as it comes.

Run as `python -m benchmarks.contenders core|py|stock`: prints one JSON object of rates; with a
number of blocks behind ours, what memory they take. Each runs in a process of its own, because what
py-evm is made of is decided at its first import.
"""

import gc
import inspect
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BLOCKS = 5
ONE_BY_ONE = 300
CALLS = 500
EMPTY_BLOCKS = 1000


def stock_only() -> None:
    """Leave py-evm what `pip install py-evm` alone would give it."""
    for name in ("coincurve", "rusty_rlp", "sha3"):
        sys.modules[name] = None  # type: ignore[assignment]  # what makes an import fail
    os.environ["ECC_BACKEND_CLASS"] = "eth_keys.backends.NativeECCBackend"
    os.environ["ETH_HASH_BACKEND"] = "pycryptodome"


def rate(work: Callable[[Any], None], batches: Sequence[Any], size: int) -> float:
    """Return items per second, over all batches but the first, which warms up."""
    work(batches[0])
    gc.collect()
    start = time.perf_counter()
    for batch in batches[1:]:
        work(batch)
    return size * (len(batches) - 1) / (time.perf_counter() - start)


def measure(chain: Any, workload: Any) -> dict[str, float]:
    """Time one chain at everything."""
    size = workload.BLOCK_SIZE
    count = size * (BLOCKS + 1)
    plain = workload.transfers(count)
    result = {"transfers": rate(chain.mine, _batches(plain, size), size)}
    chain.mine([workload.sign(count, None, data=workload.token_creation(), gas=3_000_000)])
    token = chain.created()
    tokens = workload.token_transfers(token, count, count + 1)
    result["tokens"] = rate(chain.mine, _batches(tokens, size), size)
    single = workload.transfers(ONE_BY_ONE, 2 * count + 1)
    result["single"] = rate(chain.mine, _batches(single, 1), 1)
    result["import"] = chain.import_rate(plain, size)
    balance_of = workload.BALANCE_OF_SELECTOR + bytes(12) + workload.fresh_address(0)
    chain.call(token, balance_of)
    start = time.perf_counter()
    for _ in range(CALLS):
        chain.call(token, balance_of)
    result["calls"] = CALLS / (time.perf_counter() - start)
    before = resident_mb()
    for _ in range(EMPTY_BLOCKS):
        chain.mine(())
    result["memory"] = resident_mb() - before
    return result


def resident_mb() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _batches(items: Sequence[bytes], size: int) -> list[Sequence[bytes]]:
    return [items[i : i + size] for i in range(0, len(items), size)]


ENGINES = ("core", "py")
"""Ours, by the names that `LocalChain` knows them by; the first is what it takes by itself."""


def engines() -> list[str]:
    """Return the engines that this checkout has."""
    from chain.local_chain import LocalChain

    parameters = inspect.signature(LocalChain.__init__).parameters
    return list(ENGINES) if "engine" in parameters else ["py"]


def our_chain(engine: str, **options: Any) -> Any:
    """Open a chain of ours that mines when it is told to."""
    from chain.accounts import dev_accounts
    from chain.genesis import pars_genesis
    from chain.local_chain import LocalChain

    if len(engines()) > 1:
        options["engine"] = engine
    genesis = pars_genesis(6133, [dev_accounts(count=1)[0].address])
    return LocalChain.open(genesis, mining="manual", **options)


class Ours:
    """Our chain, through the calls that RPC makes."""

    def __init__(self, engine: str) -> None:
        self._fresh = lambda: our_chain(engine)
        self._chain = self._fresh()

    def mine(self, raws: Sequence[bytes]) -> None:
        for raw in raws:
            self._chain.send_raw(raw)
        (block,) = self._chain.mine()
        assert len(block.transactions) == len(raws), "a transaction was left out"

    def call(self, to: bytes, data: bytes) -> None:
        from chain.calls import CallRequest

        assert self._chain.call(CallRequest(to=to, data=data)).success

    def created(self) -> bytes:
        (receipt,) = self._chain.receipts(self._chain.head.hash) or ()
        return bytes(receipt.contract_address or b"")

    def import_rate(self, raws: Sequence[bytes], size: int) -> float:
        from chain.blocks import decode_block

        maker = self._fresh()
        encoded = []
        for batch in _batches(raws, size):
            for raw in batch:
                maker.send_raw(raw)
            encoded.append(maker.mine()[0].encode())
        taker = self._fresh()
        return rate(lambda data: taker.import_block(decode_block(data)), encoded, size)


def stock_chain(state: dict[bytes, dict[str, Any]]) -> Any:
    """Open py-evm's own chain on these accounts."""
    from eth.chains.base import MiningChain
    from eth.consensus import NoProofConsensus
    from eth.constants import (
        POST_MERGE_DIFFICULTY,
        POST_MERGE_MIX_HASH,
        POST_MERGE_NONCE,
    )
    from eth.db.atomic import AtomicDB
    from eth.vm.forks.prague import PragueVM

    vm = type("StockVM", (PragueVM,), {"consensus_class": NoProofConsensus})
    # The number is the workload's, whose module imports what py-evm is made of.
    chain_class = MiningChain.configure("Stock", vm_configuration=((0, vm),), chain_id=6133)
    parameters = {
        "coinbase": bytes(20),
        "difficulty": POST_MERGE_DIFFICULTY,
        "extra_data": b"",
        "gas_limit": 30_000_000,
        "mix_hash": POST_MERGE_MIX_HASH,
        "nonce": POST_MERGE_NONCE,
        "timestamp": 1_737_676_800,
    }
    return chain_class.from_genesis(AtomicDB(), parameters, state)


class Stock:
    """py-evm's own chain, with the packages that it installs by itself."""

    def __init__(self) -> None:
        from eth_account import Account

        from . import workload

        sender = bytes.fromhex(Account.from_key(workload.sender_key()).address[2:])
        state = {sender: {"balance": 10**24, "nonce": 0, "code": b"", "storage": {}}}
        self._fresh = lambda: stock_chain(state)
        self._chain = self._fresh()
        self._receipts: Any = ()

    def mine(self, raws: Sequence[bytes]) -> None:
        self._mine_on(self._chain, raws)

    def _mine_on(self, chain: Any, raws: Sequence[bytes]) -> Any:
        builder = chain.get_vm().get_transaction_builder()
        transactions = [builder.decode(raw) for raw in raws]
        # Without this its gas limit sinks, block by block.
        limit = chain.get_canonical_head().gas_limit
        result, self._receipts, _ = chain.mine_all(transactions, gas_limit=limit, blob_gas_used=0)
        block = result.imported_block
        assert len(block.transactions) == len(raws), "a transaction was left out"
        return block

    def call(self, to: bytes, data: bytes) -> None:
        vm = self._chain.get_vm()
        state = vm.state
        sender = bytes(20)
        computation = vm.execute_bytecode(
            origin=sender,
            gas_price=0,
            gas=10**6,
            to=to,
            sender=sender,
            value=0,
            data=data,
            code=state.get_code(to),
        )
        assert computation.is_success

    def created(self) -> bytes:
        from eth._utils.address import generate_contract_address

        head = self._chain.get_canonical_block_by_number(
            self._chain.get_canonical_head().block_number
        )
        (tx,) = head.transactions
        return bytes(generate_contract_address(tx.sender, tx.nonce))

    def import_rate(self, raws: Sequence[bytes], size: int) -> float:
        import rlp

        maker, taker = self._fresh(), self._fresh()
        encoded = [rlp.encode(self._mine_on(maker, batch)) for batch in _batches(raws, size)]
        block_class = taker.get_vm().get_block_class()

        def import_one(data: bytes) -> None:
            # Decoded anew, so that senders and hashes are not remembered from the maker.
            taker.import_block(rlp.decode(data, sedes=block_class))

        return rate(import_one, encoded, size)


def private_mb() -> float:
    """Return the memory of this process that is its own, without the pages of mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def growth(engine: str, blocks: int, workload: Any) -> dict[str, float]:
    """Return the megabytes that a chain on disk takes after a fifth of the blocks, and after all.

    Each block holds one transfer. What the disk holds is not counted.
    """
    with tempfile.TemporaryDirectory() as folder:
        chain = our_chain(engine, datadir=Path(folder))
        result = {}
        for number, raw in enumerate(workload.transfers(blocks), 1):
            chain.send_raw(raw)
            chain.mine()
            if number == blocks // 5:
                result["early"] = private_mb()
        result["late"] = private_mb()
        chain.close()
    return result


def main() -> None:
    """Time the contender that the command line names, or see what its memory does."""
    name = sys.argv[1]
    if name == "stock":
        stock_only()
    from . import workload

    workload.transfers(1)  # What signing loads is nobody's start-up time.
    if len(sys.argv) > 2:
        print(json.dumps(growth(name, int(sys.argv[2]), workload)))
        return
    start = time.perf_counter()
    chain = Stock() if name == "stock" else Ours(name)
    opened = time.perf_counter() - start
    print(json.dumps({"open": opened, **measure(chain, workload)}))


if __name__ == "__main__":
    main()
