"""The store on disk: what survives a kill, and what is refused without touching a byte."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import lmdb
import pytest

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.errors import StoreError
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.store import FOLDER, LOCK, UNFINISHED, DiskStore, MemoryStore, Store

NewChain = Callable[..., LocalChain]
GENESIS = b"\x11" * 32


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file's content, but for the library's table of readers."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "lock.mdb"
    }


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def filled(datadir: Path, new_chain: NewChain, accounts: tuple[DevAccount, ...]) -> Path:
    """The directory of a chain that was closed after three blocks."""
    chain = new_chain(datadir=datadir)
    for _ in range(3):
        pay(chain, accounts[0].address)
    chain.close()
    return datadir


def pay(chain: LocalChain, sender: bytes, **changes: Any) -> bytes:
    return chain.send(CallRequest(sender=sender, to=b"\x77" * 20, value=1, **changes))


# Tables of bytes.


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, datadir: Path) -> Any:
    made: Store = (
        MemoryStore()
        if request.param == "memory"
        else DiskStore(datadir, chain_id=6133, genesis_hash=GENESIS)
    )
    yield made
    made.close()


def test_a_batch_is_written_in_order(store: Store) -> None:
    store.write([("nodes", b"a", b"1"), ("nodes", b"b", b"2"), ("nodes", b"a", b"3")])
    assert store.get("nodes", b"a") == b"3"
    assert store.get("blocks", b"a") is None
    store.write([("nodes", b"b", None), ("nodes", b"never", None), ("nodes", b"c", b"")])
    assert [store.get("nodes", key) for key in (b"b", b"never", b"c")] == [None, None, b""]


def test_a_table_is_walked_in_key_order(store: Store) -> None:
    keys = [bytes((i * 37 % 256, i)) for i in range(50)]
    store.write([("pool", key, key * 2) for key in keys])
    assert list(store.scan("pool")) == [(key, key * 2) for key in sorted(keys)]
    assert list(store.scan("transactions")) == []


def test_a_batch_that_fails_leaves_nothing(datadir: Path) -> None:
    store = DiskStore(datadir, chain_id=6133, genesis_hash=GENESIS)
    with pytest.raises(StoreError, match="cannot write"):
        store.write([("nodes", b"a", b"1"), ("nodes", b"k" * 600, b"too long a key")])
    assert store.get("nodes", b"a") is None
    store.close()


# Opening again.


def test_everything_is_there_again(
    datadir: Path, new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(datadir=datadir)
    assert chain.recovered is None
    hashes = [pay(chain, accounts[0].address) for _ in range(3)]
    chain.set_balance(b"\x55" * 20, 7)
    chain.set_automine(False)
    waiting = pay(chain, accounts[1].address)
    head = chain.head
    chain.close()

    again = new_chain(datadir=datadir, mining="manual")
    assert again.head == head
    assert again.recovered == f"block 3 (0x{head.hash.hex()}) and 1 waiting transaction"
    assert again.state().balance(b"\x55" * 20) == 7
    for number, tx_hash in enumerate(hashes, 1):
        located = again.transaction(tx_hash)
        assert located is not None
        assert (located.block.number, located.index) == (number, 0)
        assert again.receipts(located.block.hash) is not None
        assert again.state(number).nonce(accounts[0].address) == number
    assert again.pool.get(waiting) is not None
    (block,) = again.mine()
    assert [tx.hash for tx in block.transactions] == [waiting]
    again.close()
    assert new_chain(datadir=datadir).pool.get(waiting) is None


def test_an_impersonated_transaction_keeps_its_sender(datadir: Path, new_chain: NewChain) -> None:
    chain = new_chain(datadir=datadir)
    sender = b"\x99" * 20
    chain.set_balance(sender, 10**18)
    chain.impersonate(sender)
    mined = pay(chain, sender)
    chain.set_automine(False)
    waiting = pay(chain, sender)
    chain.close()
    again = new_chain(datadir=datadir)
    located = again.transaction(mined)
    assert located is not None
    assert located.transaction.sender == sender
    kept = again.pool.get(waiting)
    assert kept is not None
    assert kept.sender == sender


def test_a_replaced_transaction_stays_away(
    datadir: Path, new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(datadir=datadir, mining="manual")
    sender = accounts[0].address
    prices = {"max_priority_fee_per_gas": 10**9, "nonce": 0}
    pay(chain, sender, max_fee_per_gas=3 * 10**9, **prices)
    chain.automine = True
    pay(
        chain,
        sender,
        max_fee_per_gas=9 * 10**9,
        **{**prices, "max_priority_fee_per_gas": 3 * 10**9},
    )
    assert chain.head.number == 1
    assert len(chain.pool) == 0
    chain.close()
    assert len(new_chain(datadir=datadir, mining="manual").pool) == 0


def test_a_revert_is_kept(
    datadir: Path, new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(datadir=datadir)
    pay(chain, accounts[0].address)
    snapshot = chain.snapshot()
    gone = pay(chain, accounts[0].address)
    head_before = chain.block(1)
    assert chain.revert(snapshot)
    chain.close()
    again = new_chain(datadir=datadir)
    assert again.head == head_before
    assert again.transaction(gone) is None
    assert again.block(2) is None
    pay(again, accounts[0].address)
    assert again.head.number == 2


# A kill at any moment.

MINER = """
import sys
from pathlib import Path
from chain.accounts import dev_accounts
from chain.calls import CallRequest
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain

accounts = dev_accounts(count=2)
genesis = pars_genesis(6133, [account.address for account in accounts])
print("begin", flush=True)
chain = LocalChain.open(genesis, datadir=Path(sys.argv[1]), accounts=accounts)
chain.listen(lambda event: hasattr(event, "block") and
             print("block", event.block.number, event.block.hash.hex(), flush=True))
while True:
    sent = chain.send(CallRequest(sender=accounts[0].address, to=b"\\x77" * 20, value=1))
    print("sent", sent.hex(), flush=True)
    chain.set_automine(False)
    waiting = chain.send(CallRequest(sender=accounts[1].address, to=b"\\x77" * 20, value=1))
    print("sent", waiting.hex(), flush=True)
    chain.set_automine(True)
"""


def test_a_kill_loses_nothing_acknowledged(
    root: Path, datadir: Path, accounts: tuple[DevAccount, ...]
) -> None:
    moments = random.Random(6133)
    blocks: dict[int, str] = {}
    sent: list[str] = []
    genesis = pars_genesis(6133, [account.address for account in accounts[:2]])
    # From before the first byte is written to some dozens of blocks later.
    for lines in (0, 0, 1, 3, 8, 13, 21, 40):
        miner = subprocess.Popen(
            [sys.executable, "-c", MINER, str(datadir)],
            cwd=root,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert miner.stdout is not None
        assert miner.stdout.readline() == "begin\n"
        heard = [miner.stdout.readline() for _ in range(lines)]
        time.sleep(0.02 * moments.random())
        miner.send_signal(signal.SIGKILL)
        # Not communicate(): it would miss what readline() has buffered already.
        heard += miner.stdout.readlines()
        miner.stdout.close()
        miner.wait(timeout=60)
        told = [line.split() for line in heard if line.endswith("\n")]
        blocks |= {int(each[1]): each[2] for each in told if each[0] == "block"}
        sent += [each[1] for each in told if each[0] == "sent"]

        chain = LocalChain.open(genesis, datadir=datadir, accounts=accounts[:2], mining="manual")
        try:
            for number, block_hash in blocks.items():
                block = chain.block(number)
                assert block is not None, f"block {number} was told of, and is gone"
                assert block.hash.hex() == block_hash
            for each in sent:
                tx_hash = bytes.fromhex(each)
                assert chain.transaction(tx_hash) or chain.pool.get(tx_hash), (
                    "a transaction is gone"
                )
            head = chain.head
            assert head.number == 0 or chain.recovered is not None
            assert chain.receipts(head.hash) is not None
            assert chain.state().root == head.header.state_root
            (mined,) = chain.mine()  # The state below the head is whole.
            blocks[mined.number] = mined.hash.hex()
        finally:
            chain.close()
    assert len(blocks) > 20


def test_a_start_that_was_cut_short_is_started_again(datadir: Path, new_chain: NewChain) -> None:
    """A kill while the directory is made leaves a lock and a half-made environment."""
    (datadir / UNFINISHED).mkdir(parents=True)
    (datadir / UNFINISHED / "data.mdb").write_bytes(b"")
    (datadir / LOCK).touch()
    chain = new_chain(datadir=datadir)
    assert chain.head.number == 0
    assert not (datadir / UNFINISHED).exists()


def test_a_genesis_that_was_not_written_yet_is_written(datadir: Path, new_chain: NewChain) -> None:
    genesis = new_chain().genesis_hash
    DiskStore(datadir, chain_id=6133, genesis_hash=genesis).close()
    chain = new_chain(datadir=datadir)
    assert (chain.head.number, chain.head.hash) == (0, genesis)


# Refusals. Each names the remedy, and leaves every byte as it was.


def refused(open_it: Callable[[], Any], folder: Path, match: str) -> None:
    before = fingerprint(folder)
    with pytest.raises(StoreError, match=match) as refusal:
        open_it()
    assert fingerprint(folder) == before
    assert "\n" not in str(refusal.value)


def test_another_chain_is_refused(filled: Path, new_chain: NewChain) -> None:
    match = "belongs to chain 6133, not 6134; run with --chain-id 6133, or use another --datadir"
    refused(lambda: new_chain(6134, datadir=filled), filled, match)


def test_another_genesis_is_refused(filled: Path, accounts: tuple[DevAccount, ...]) -> None:
    other = pars_genesis(6133, [accounts[0].address])
    match = "its genesis is 0x[0-9a-f]{64}, not 0x[0-9a-f]{64}; run with the genesis"
    refused(lambda: LocalChain.open(other, datadir=filled), filled, match)


def test_a_directory_in_use_is_refused(
    filled: Path, new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(datadir=filled)
    pay(chain, accounts[0].address)
    refused(lambda: new_chain(datadir=filled), filled, "another process uses it; end that one")
    chain.close()
    assert new_chain(datadir=filled).head.number == 4


def test_a_directory_of_other_things_is_refused(datadir: Path, new_chain: NewChain) -> None:
    datadir.mkdir()
    (datadir / "letters.txt").write_text("dear")
    refused(lambda: new_chain(datadir=datadir), datadir, "holds other files and no chain")


def test_a_foreign_database_is_refused(datadir: Path, new_chain: NewChain) -> None:
    datadir.mkdir()
    environment = lmdb.open(str(datadir / FOLDER), max_dbs=3)
    with environment.begin(write=True) as transaction:
        transaction.put(b"somebody", b"else's")
    environment.close()
    refused(lambda: new_chain(datadir=datadir), datadir, "corrupt .* it was left as it is")


def test_another_format_is_refused(filled: Path, new_chain: NewChain) -> None:
    environment = lmdb.open(str(filled / FOLDER), max_dbs=8)
    with environment.begin(write=True, db=environment.open_db(b"meta")) as transaction:
        transaction.put(b"format", b"pars-9")
    environment.close()
    match = r"not written by this version \(format pars-9, expected pars-1\); move it away"
    refused(lambda: new_chain(datadir=filled), filled, match)


@pytest.mark.parametrize("keep", [0, 1, 100, 4096, 8192, 12_288, -4096, -1])
def test_a_truncated_file_is_refused(filled: Path, new_chain: NewChain, keep: int) -> None:
    """Reading behind the end of a mapped file would kill the process."""
    file = filled / FOLDER / "data.mdb"
    os.truncate(file, keep if keep >= 0 else file.stat().st_size + keep)
    refused(lambda: new_chain(datadir=filled), filled, "corrupt .* restore it from a copy")


def test_a_file_of_something_else_is_refused(filled: Path, new_chain: NewChain) -> None:
    (filled / FOLDER / "data.mdb").write_bytes(b"not a database " * 4000)
    refused(lambda: new_chain(datadir=filled), filled, "corrupt")


def test_a_missing_file_is_refused(filled: Path, new_chain: NewChain) -> None:
    (filled / FOLDER / "data.mdb").unlink()
    refused(lambda: new_chain(datadir=filled), filled, "corrupt")


@pytest.mark.parametrize("table", ["blocks", "nodes", "numbers"])
@pytest.mark.parametrize("content", [None, b"", b"\xff" * 40, b"\xc3\x80\x80\x80"])
def test_a_head_that_cannot_be_read_is_refused(
    filled: Path, new_chain: NewChain, table: str, content: bytes | None
) -> None:
    environment = lmdb.open(str(filled / FOLDER), max_dbs=8)
    with environment.begin(write=True) as transaction:
        meta = environment.open_db(b"meta", txn=transaction)
        head, state = (bytes(transaction.get(key, db=meta) or b"") for key in (b"head", b"root"))
        key = {"blocks": head, "nodes": state, "numbers": bytes(8)}[table]
        handle = environment.open_db(table.encode(), txn=transaction)
        if content is None:
            transaction.delete(key, db=handle)
        else:
            transaction.put(key, content, db=handle)
    environment.close()
    refused(lambda: new_chain(datadir=filled), filled, "corrupt")


def test_a_path_through_a_file_is_refused(tmp_path: Path, new_chain: NewChain) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "deeper"):
        refused(partial(new_chain, datadir=path), tmp_path, "datadir .*Not a directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="no permission is refused to the superuser")
@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_directory_without_permission_is_refused(
    filled: Path, new_chain: NewChain, mode: int
) -> None:
    filled.chmod(mode)
    try:
        with pytest.raises(StoreError, match="Permission denied"):
            new_chain(datadir=filled / "deeper" if mode == 0o500 else filled)
    finally:
        filled.chmod(0o700)


def test_a_database_that_does_not_open_for_writing_is_refused(
    filled: Path, new_chain: NewChain
) -> None:
    (filled / FOLDER / "lock.mdb").unlink()
    (filled / FOLDER / "lock.mdb").mkdir()
    refused(lambda: new_chain(datadir=filled), filled, "choose one that you may write")
    (filled / FOLDER / "lock.mdb").rmdir()
    assert new_chain(datadir=filled).head.number == 3  # Nothing was left locked.


def test_the_options_of_a_chain_do_not_hold_the_lock_when_they_are_wrong(
    filled: Path, accounts: tuple[DevAccount, ...], new_chain: NewChain
) -> None:
    with pytest.raises(TypeError):
        new_chain(datadir=filled, wrong=json)
    assert new_chain(datadir=filled).head.number == 3
