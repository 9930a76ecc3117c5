"""Chains made by stock py-evm, and the official genesis: imported, or refused with a reason."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth.chains.base import MiningChain
from eth.consensus.noproof import NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.vm.forks.byzantium import ByzantiumVM
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.homestead import HomesteadVM
from eth.vm.forks.london import LondonVM
from eth.vm.forks.paris import ParisVM
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.shanghai import ShanghaiVM
from eth.vm.forks.shanghai.withdrawals import Withdrawal as StockWithdrawal

from chain.accounts import DevAccount
from chain.blocks import Block, Header, decode_block
from chain.errors import InvalidBlock, InvalidGenesis
from chain.forks import PRAGUE
from chain.genesis import genesis_from_json, load_genesis
from chain.headers import next_excess_blob_gas
from chain.importing import import_chain, read_blocks
from chain.local_chain import LocalChain
from chain import signatures
from chain.system import SYSTEM_CONTRACTS
from chain.transactions import (
    GAS_PER_BLOB,
    SET_CODE,
    Authorization,
    Fields,
    authorization_digest,
    decode_transaction,
    sign_transaction,
)

# Stock py-evm warns of an instruction that its own blocks hold.
pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT:DeprecationWarning")

CHAIN_ID = 61_330
START = 1_000_000
SPACING = 7
VM_BY_BLOCK = [
    (0, HomesteadVM.configure(consensus_class=NoProofConsensus, support_dao_fork=False)),
    (5, ByzantiumVM.configure(consensus_class=NoProofConsensus)),
    (8, LondonVM.configure(consensus_class=NoProofConsensus)),
    (11, ParisVM),
    (13, ShanghaiVM),
    (15, CancunVM),
    (18, PragueVM),
]
LAST = 21

# Stores and logs the call's first word; destroys itself where that is 0xdead.
KEEPER = bytes.fromhex("60003580600055806000526020" "6000a061dead14601857005b33ff")
REFUSAL = bytes.fromhex("60006000fd")
LOOP = bytes.fromhex("5b600056")
DEAD = (0xDEAD).to_bytes(32, "big")
MINER, OTHER_MINER, NOBODY = (bytes((n,)) * 20 for n in (0xC0, 0xC1, 0xEE))
WITHDRAWALS = next(at for at in SYSTEM_CONTRACTS if at.hex().startswith("00000961"))


def deploy(code: bytes) -> bytes:
    """Init code that returns a contract's code."""
    size = bytes((len(code),))
    return bytes.fromhex("60") + size + bytes.fromhex("600c600039") + bytes((0x60,)) + size + bytes.fromhex("6000f3") + code


def at(number: int) -> int:
    return START + SPACING * number


def genesis_json(accounts: tuple[DevAccount, ...], total_difficulty: int) -> dict[str, Any]:
    alloc: dict[str, Any] = {
        "0x" + account.address.hex(): {"balance": hex(10**22)} for account in accounts
    }
    alloc |= {
        "0x" + address.hex(): {"balance": "0x0", "nonce": "0x1", "code": "0x" + code.hex()}
        for address, code in SYSTEM_CONTRACTS.items()
    }
    return {
        "config": {
            "chainId": CHAIN_ID,
            "homesteadBlock": 0,
            "eip150Block": 5,
            "eip155Block": 5,
            "eip158Block": 5,
            "byzantiumBlock": 5,
            **{f"{name}Block": 8 for name in ("constantinople", "petersburg", "istanbul")},
            **{f"{name}Block": 8 for name in ("muirGlacier", "berlin", "london")},
            "terminalTotalDifficulty": total_difficulty,
            "shanghaiTime": at(13),
            "cancunTime": at(15),
            "pragueTime": at(18),
        },
        "timestamp": hex(START),
        "difficulty": "0x20000",
        "gasLimit": "0x1c9c380",
        "extraData": "0x6d616465",
        "nonce": "0x42",
        "alloc": alloc,
    }


@dataclass
class Maker:
    """Makes blocks with stock py-evm, from transactions of ours."""

    accounts: tuple[DevAccount, ...]
    chain: MiningChain
    head: Any
    nonces: dict[bytes, int] = field(default_factory=dict)
    blocks: list[bytes] = field(default_factory=list)
    receipts: list[tuple[Any, ...]] = field(default_factory=list)
    total_difficulty: int = 0

    def sign(self, header: Any, sender: int = 0, **fields: Any) -> bytes:
        """A signed transaction, with what this header's fork needs filled in."""
        account = self.accounts[sender]
        nonce = self.nonces.get(account.address, 0)
        self.nonces[account.address] = nonce + 1
        price = 10**10 if fields.get("type", 0) < 2 else 0
        values = {"type": 0, "chain_id": CHAIN_ID, "nonce": nonce, "gas": 200_000, "to": NOBODY}
        values |= {"gas_price": price or 10**10, "max_fee_per_gas": 10**10}
        values |= {"max_priority_fee_per_gas": price or 3} | fields
        if header.block_number < 5:
            values["chain_id"] = None
        return sign_transaction(Fields(**values), account.private_key).raw

    def add(
        self,
        *transactions: dict[str, Any],
        uncles: tuple[Any, ...] = (),
        withdrawals: tuple[Any, ...] = (),
    ) -> None:
        number = self.head.block_number + 1
        header = self.chain.create_header_from_parent(
            self.head, timestamp=at(number), coinbase=MINER
        )
        if number >= 15:
            header = header.copy(parent_beacon_block_root=bytes((number,)) * 32)
        if number >= 11:
            header = header.copy(mix_hash=bytes((number,)) * 32)
        vm = self.chain.get_vm(header)
        decode = vm.get_transaction_builder().decode
        signed = tuple(decode(self.sign(header, **fields)) for fields in transactions)
        extra: dict[str, Any] = {"uncles": uncles} if uncles else {}
        if number >= 13:
            extra["withdrawals"] = withdrawals
        block = vm.get_block().copy(transactions=signed, **extra)
        made = vm.import_block(block).block
        self.chain.persist_block(made)
        self.head = made.header
        self.total_difficulty += made.header.difficulty
        self.blocks.append(rlp.encode(made))
        self.receipts.append(made.get_receipts(vm.chaindb))


def authorization(account: DevAccount, nonce: int, code_at: bytes) -> Authorization:
    digest = authorization_digest(CHAIN_ID, code_at, nonce)
    y_parity, r, s = signatures.sign(digest, account.private_key)
    return Authorization(
        chain_id=CHAIN_ID, address=code_at, nonce=nonce, y_parity=y_parity, r=r, s=s
    )


def created(account: DevAccount, nonce: int) -> bytes:
    return signatures.keccak(rlp.encode([account.address, nonce]))[12:]


@dataclass(frozen=True)
class Made:
    genesis: dict[str, Any]
    blocks: list[bytes]
    receipts: list[tuple[Any, ...]]
    head_hash: bytes


@pytest.fixture(scope="module")
def made(accounts: tuple[DevAccount, ...]) -> Made:
    """Blocks of seven forks, with the kinds of transactions that each brought."""
    genesis = genesis_json(accounts, 0)
    stock: Any = MiningChain.configure(vm_configuration=tuple(VM_BY_BLOCK), chain_id=CHAIN_ID)
    chain = stock.from_genesis(
        AtomicDB(),
        {
            "difficulty": 0x20000,
            "gas_limit": 30_000_000,
            "timestamp": START,
            "extra_data": b"made",
            "nonce": bytes(7) + b"\x42",
        },
        {
            bytes.fromhex(address[2:]): {
                "balance": int(entry["balance"], 16),
                "nonce": int(entry.get("nonce", "0x0"), 16),
                "code": bytes.fromhex(entry.get("code", "0x")[2:]),
                "storage": {},
            }
            for address, entry in genesis["alloc"].items()
        },
    )
    first = chain.get_canonical_head()
    maker = Maker(accounts, chain, first, total_difficulty=first.difficulty)
    keeper, keeper_2 = created(accounts[0], 0), created(accounts[0], 7)
    # Homestead
    maker.add({"to": b"", "data": deploy(KEEPER)}, {"value": 10**18, "sender": 1})
    maker.add({"to": keeper, "data": b"\x07" * 32}, {"to": b"", "data": LOOP})
    ommer = chain.create_header_from_parent(first, timestamp=at(1) + 2, coinbase=OTHER_MINER)
    maker.add({"value": 1, "to": bytes(19) + b"\x04"}, uncles=(ommer,))
    maker.add({"to": keeper, "data": DEAD, "value": 5})
    # Byzantium
    maker.add({"to": b"", "data": REFUSAL}, {"sender": 1, "to": keeper, "value": 1})
    maker.add({"to": b"", "data": deploy(REFUSAL)}, {"to": b"", "data": deploy(KEEPER)})
    maker.add({"to": created(accounts[0], 6)}, {"to": keeper_2, "data": b"\x09" * 32})
    # London
    listed = ((keeper_2, (0, 1)), (NOBODY, ()))
    maker.add({"type": 1, "to": keeper_2, "access_list": listed}, {"type": 2, "value": 3})
    maker.add({"type": 2, "to": b"", "data": deploy(b"\xef\x00")}, {"to": b"", "data": deploy(LOOP)})
    maker.add({"type": 2, "to": keeper_2, "data": DEAD})
    terminal = maker.total_difficulty
    # Paris
    maker.add({"type": 2, "to": b"", "data": bytes.fromhex("44600055")})
    maker.add()
    # Shanghai
    maker.add(
        {"type": 2, "to": b"", "data": deploy(bytes.fromhex("5f5f5d5f54"))},
        withdrawals=(StockWithdrawal(0, 5, NOBODY, 32 * 10**9),),
    )
    maker.add(withdrawals=(StockWithdrawal(1, 6, b"\x55" * 20, 0), StockWithdrawal(2, 7, MINER, 9)))
    # Cancun
    blobs = tuple(b"\x01" + bytes((n,)) * 31 for n in range(6))
    maker.add({"type": 3, "max_fee_per_blob_gas": 9, "blob_versioned_hashes": blobs})
    maker.add(
        {"type": 3, "max_fee_per_blob_gas": 9, "blob_versioned_hashes": blobs[:2], "sender": 2},
        {"type": 2, "to": b"", "data": bytes.fromhex("5f4960005533ff")},
    )
    maker.add()
    # Prague
    own = (authorization(accounts[3], 0, created(accounts[0], 14)), authorization(accounts[4], 9, NOBODY))
    maker.add({"type": SET_CODE, "to": accounts[3].address, "authorization_list": own})
    maker.add({"type": 2, "to": WITHDRAWALS, "data": b"\x11" * 48 + bytes(8), "value": 1})
    maker.add({"type": 2, "to": NOBODY, "data": b"\xff" * 1000}, {"type": 3, "max_fee_per_blob_gas": 9, "blob_versioned_hashes": blobs})
    maker.add()
    assert maker.head.block_number == LAST
    genesis["config"]["terminalTotalDifficulty"] = terminal
    return Made(genesis, maker.blocks, maker.receipts, maker.head.hash)


@pytest.fixture
def files(made: Made, tmp_path: Path) -> tuple[Path, Path]:
    """The genesis and the blocks as files."""
    genesis, blocks = tmp_path / "genesis.json", tmp_path / "chain.rlp"
    genesis.write_text(json.dumps(made.genesis))
    blocks.write_bytes(b"".join(made.blocks))
    return genesis, blocks


def test_a_chain_of_seven_forks(made: Made, files: tuple[Path, Path]) -> None:
    seen: list[tuple[int, int]] = []
    chain = import_chain(*files, progress=lambda done, total: seen.append((done, total)))
    assert chain.head.hash == made.head_hash
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1][0] == seen[-1][1] == files[1].stat().st_size
    statuses = set()
    for number, theirs in enumerate(made.receipts, 1):
        block = chain.block(number)
        assert block is not None
        ours = chain.receipts(block.hash)
        assert ours is not None
        assert [receipt.encode() for receipt in ours] == [receipt.encode() for receipt in theirs]
        statuses |= {(chain.fork_of(block.header).name, receipt.status) for receipt in ours}
    assert {("homestead", None), ("byzantium", 0), ("byzantium", 1), ("prague", 1)} <= statuses
    # What was exported imports again, also compressed.
    again = files[1].with_suffix(".gz")
    again.write_bytes(gzip.compress(b"".join(chain.export_blocks())))
    assert import_chain(files[0], again).head.hash == made.head_hash
