"""What the session bridge costs: gas of epochs, proofs, answers and events, and its own speed.

Run as `python -m benchmarks.bridge`; a minute. The chain is one of this process, with the DAO's
contracts. Beside it stands what a session would cost that is put on the chain by itself: a plain
transaction that stores its outcome's hash, which nobody has vouched for, and an epoch of its own.
Speed is beside the twin in `chain/dao/anchors.py`, which makes a tree for each proof. The exit
status is 1 where a goal is missed.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chain.accounts import dev_accounts
from chain.dao import anchors
from chain.dao.development import SEATS
from chain.dao.genesis import with_contracts
from chain.dao.parameters import development
from chain.dao.plan import plan
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.inside import transport
from node.session.anchoring import SessionLeaf
from node.session.states import SessionState
from session_bridge.chain_client import ChainClient, Signer, hexed
from session_bridge.committee import FileSource
from session_bridge.contracts import load_contracts
from session_bridge.epochs import BuiltEpoch, leaf_fields
from session_bridge.journal import Journal
from session_bridge.ledger import cursor_record
from session_bridge.service import Bridge, Manner, scope_of
from session_bridge.source import Epoch

from .chain import show
from .scenes import call_data

CHAIN_ID = 6134
SIZES = (1, 10, 100, 1_000, 10_000)
EVENTS = 32
ROUNDS = 5
PROOF_GAS_GOAL = 60_000
TARGET = bytes.fromhex("7a" * 20)
STORE = bytes.fromhex("6020356000355500")
"""Stores the second word of its input under the first."""


def leaf(name: bytes) -> dict[str, Any]:
    """Return a session as a source tells it."""
    told = {"sessionId": anchors.sha256(name).hex(), "state": 3}
    for field in ("outputHash", "oracleRoot", "receiptsRoot"):
        told[field] = anchors.sha256(name, field.encode()).hex()
    return told


def epoch(number: int, count: int, events: int = 0) -> dict[str, Any]:
    """Return an epoch as a source tells it."""
    leaves = [leaf(f"{number} {each}".encode()) for each in range(count)]
    leaves.sort(key=lambda each: each["sessionId"])
    told = [
        {
            "number": each,
            "sessionId": leaves[0]["sessionId"],
            "kind": 1,
            "target": TARGET.hex(),
            "payload": "00" * 64,
        }
        for each in range(events)
    ]
    return {"epoch": number, "leaves": leaves, "events": told}


class Scene:
    """A chain with the DAO, a committee's file, and a bridge."""

    def __init__(self, folder: Path) -> None:
        accounts = dev_accounts()
        addresses = [account.address for account in accounts]
        made = plan(development(addresses), CHAIN_ID, addresses[0])
        genesis = with_contracts(pars_genesis(CHAIN_ID, addresses), made, addresses[0])
        self.chain = LocalChain.open(genesis, accounts=accounts, mining="auto")
        self.client = ChainClient(transport(self.chain))
        self.contracts = load_contracts(None, CHAIN_ID)
        self.dao = made.addresses["Safe"]
        self.sender = addresses[1]
        self.client.ask("anvil_setCode", hexed(TARGET), "0x00")
        self._path = folder / "committee.json"
        self._epochs: list[dict[str, Any]] = []
        self.tell()
        signer = Signer(accounts[5].private_key)
        self.journal = Journal(folder / "journal", scope_of(self.contracts, signer.address))
        self.said: list[str] = []
        self.bridge = Bridge(
            self.client,
            self.contracts,
            FileSource(self._path, CHAIN_ID),
            self.journal,
            signer,
            Manner(fee_max=10**12, at_a_loss=True),
            time.monotonic,
            self.said.append,
        )

    def tell(self, *epochs: dict[str, Any]) -> None:
        """Have more epochs in the committee's file."""
        self._epochs += epochs
        seeds = [
            anchors.sha256(f"pars development committee {seat}".encode()).hex()
            for seat in range(SEATS)
        ]
        text = json.dumps({"committee": seeds, "epochs": self._epochs})
        self._path.write_text(text, "utf-8")

    def passes(self, count: int) -> dict[str, int]:
        """Make passes, and return the gas of each transaction by its purpose."""
        self.said.clear()
        for _ in range(count):
            self.bridge.once()
        done = (line.split() for line in self.said if "succeeded" in line)
        return {words[0][:-1]: int(words[-2].replace(",", "")) for words in done}

    def send(self, sender: bytes, to: bytes, data: bytes, value: int = 0) -> int:
        """Send a transaction of any account, and return its gas."""
        self.client.ask("anvil_impersonateAccount", hexed(sender))
        self.client.ask("anvil_setBalance", hexed(sender), hex(10**21))
        request = {"from": hexed(sender), "to": hexed(to), "data": hexed(data)}
        request |= {"value": hex(value), "gas": hex(8_000_000)}
        sent = self.client.ask("eth_sendTransaction", request)
        receipt = self.client.receipt(bytes.fromhex(sent[2:]))
        assert receipt is not None
        assert receipt.succeeded, "the scene was set up"
        return receipt.gas_used


def anchoring(scene: Scene) -> bool:
    """Print what an epoch costs, and a proof by it."""
    rows, worst, fits, limit = [], 0, True, scene.client.head().gas_limit
    scene.client.ask("anvil_setCode", hexed(bytes.fromhex("7b" * 20)), hexed(STORE))
    plain = statistics.median(
        scene.send(scene.sender, bytes.fromhex("7b" * 20), anchors.sha256(b"%d" % each) * 2)
        for each in range(ROUNDS)
    )
    alone = 0
    for number, count in enumerate(SIZES, start=1):
        told = epoch(number, count)
        scene.tell(told)
        gas = scene.passes(2)[f"anchor/{number}"]
        alone = alone or gas
        proof = proof_gas(scene, told)
        worst = max(worst, proof)
        rows.append(
            [
                f"{count:,}",
                f"{gas:,}",
                f"{gas / count:,.0f}",
                f"{plain:,.0f}",
                f"{alone:,}",
                f"{proof:,}",
            ]
        )
        fits = fits and gas <= limit
    show(
        f"Gas of an epoch (goals: within a block's {limit:,}; a proof below {PROOF_GAS_GOAL:,})",
        ["sessions", "epoch", "a session", "alone, plain", "alone, anchored", "proof checked"],
        rows,
    )
    return fits and worst < PROOF_GAS_GOAL


def proof_gas(scene: Scene, told: dict[str, Any]) -> int:
    """Return the gas of a transaction that checks the proof of a session in the middle."""
    built = BuiltEpoch(read(told), CHAIN_ID)
    index = len(built.leaves) // 2
    fields, proof = leaf_fields(built.leaves[index]), built.session_proof(index)
    anchor = scene.contracts.anchor
    data = anchor.data("verifySession", built.number, fields, index, proof)
    return scene.send(scene.sender, anchor.address, data)


def read(told: dict[str, Any]) -> Epoch:
    """Return an epoch as the bridge has it."""
    leaves = tuple(
        SessionLeaf(
            session_id=bytes.fromhex(each["sessionId"]),
            state=SessionState(each["state"]),
            output_hash=bytes.fromhex(each["outputHash"]),
            oracle_root=bytes.fromhex(each["oracleRoot"]),
            receipts_root=bytes.fromhex(each["receiptsRoot"]),
        )
        for each in told["leaves"]
    )
    return Epoch(told["epoch"], leaves, ())


def answering(scene: Scene) -> None:
    """Print what answers and events cost."""
    oracle, relay = scene.contracts.oracle.address, scene.contracts.relay.address
    listing = call_data("setTarget(address,uint256)", TARGET, 100_000)
    scene.send(scene.dao, relay, listing)
    last = len(SIZES) + 1
    scene.tell(epoch(last, 1_000, EVENTS))
    found = scene.passes(8)
    relayed = [gas for purpose, gas in found.items() if purpose.startswith("relay/")]
    asked = "requestSession(bytes32,address,uint256,uint256,uint256)"
    session = bytes.fromhex(leaf(f"{last} 7".encode())["sessionId"])
    rows = []
    for name, callback in (("without a callback", bytes(20)), ("with an empty callback", TARGET)):
        data = call_data(asked, session, callback, 100_000, 10**6, 3_600)
        cost = scene.send(scene.sender, oracle, data, 10**18)
        found = scene.passes(2)
        (gas,) = (each for purpose, each in found.items() if purpose.startswith("answer/"))
        rows.append([f"answer {name}", f"{gas:,}", f"the question costs {cost:,}"])
    rows.append(
        [
            "event to an empty target, median",
            f"{statistics.median(relayed):,.0f}",
            f"{len(relayed)} events of one certificate",
        ]
    )
    show("Gas of answers and events, in a tree of 1,000", ["transaction", "gas", ""], rows)


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that something takes, the median of some times."""
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def speed(scene: Scene) -> None:
    """Print how fast trees, proofs and the journal are."""
    told = epoch(1, 10_000)
    held = read(told)
    built = BuiltEpoch(held, CHAIN_ID)
    hashes = [each.hash() for each in held.leaves]
    some = range(0, 10_000, 100)
    ours = timed(lambda: [built.session_proof(index) for index in some])
    twin = timed(lambda: [anchors.proof_of(hashes, index) for index in some[:3]])
    tree = timed(lambda: BuiltEpoch(held, CHAIN_ID))
    plain = timed(lambda: anchors.session_root(CHAIN_ID, 1, [each.hash() for each in held.leaves]))
    kept = timed(lambda: [scene.journal.write(cursor_record("speed", each)) for each in some])
    show(
        "Speed",
        ["what", "ours /s", "twin /s"],
        [
            ["sessions put into a tree, 10,000", f"{1e4 / tree:,.0f}", f"{1e4 / plain:,.0f}"],
            ["proofs in a tree of 10,000", f"{len(some) / ours:,.0f}", f"{3 / twin:,.0f}"],
            ["records written and synced", f"{len(some) / kept:,.0f}", ""],
        ],
    )


def main() -> int:
    """Print all tables."""
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(Path(folder))
        try:
            reached = anchoring(scene)
            answering(scene)
            speed(scene)
        finally:
            scene.journal.close()
            scene.chain.close()
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
