"""What a proposal costs from submission to execution beside OpenZeppelin's governor, in one run.

Run as `python -m benchmarks.governance`, with `GOVERNORS` naming the JSON that `.governors` in the
Makefile compiles. Both governors go the same way on chains of their own, on OpenZeppelin's ERC-20
with votes and on our escrow; ours executes through its Safe besides. The figures are the gas of
whole transactions; published ones stand beside as a check. The exit status is 1 where ours on the
escrow takes more gas than the best of the others.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_utils import keccak
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle

from chain.accounts import dev_accounts
from chain.calls import CallRequest
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted

from .chain import show

CONTRACTS = Path(__file__).parents[1] / "contracts"
GAS = 15_000_000
DAY = 86_400
VOTES = 10**18
TEXT = "A proposal"
REASON = "twenty-five bytes of text"
NOBODY = bytes(20)
CLASSES = [
    (7 * DAY, 7 * DAY, 1000, 5000, 2 * DAY, 14 * DAY, 2 * DAY, 100_000 * VOTES),
    (7 * DAY, 14 * DAY, 1500, 5000, 7 * DAY, 14 * DAY, 2 * DAY, 100_000 * VOTES),
    (7 * DAY, 21 * DAY, 2000, 6700, 30 * DAY, 14 * DAY, 2 * DAY, 100_000 * VOTES),
    (3600, 3 * DAY, 2000, 6000, DAY, 3 * DAY, 0, 100_000 * VOTES),
]
BALLOT = "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"

# Rows, with the published gas of OpenZeppelin 5.7 on an ERC-20 and of Azorius 1 with Safe 1.5.0.
PUBLISHED: dict[str, tuple[int | None, int | None]] = {
    "propose, 1 action": (75_428, 180_296),
    "propose, 5 actions": (96_146, 293_279),
    "vote, first for": (122_836, 118_562),
    "vote, second for": (70_782, 103_811),
    "vote, first against": (85_489, 118_573),
    "vote with reason, first for": (124_216, None),
    "vote by ECDSA, relayed": (100_123, None),
    "queue, 1 action": (146_761, None),
    "queue, 5 actions": (182_479, None),
    "execute, 1 action": (111_877, 117_286),
    "execute, 5 actions": (132_087, 183_749),
    "cancel while pending": (43_872, None),
}
OURS_ONLY: dict[str, tuple[int | None, int | None]] = {
    "register an ML-DSA-87 key": (None, None),
    "vote by ML-DSA-87, relayed": (None, None),
}


def types(parameters: list[dict[str, Any]]) -> list[str]:
    """Return the canonical types of a list of ABI parameters."""
    return [
        each["type"].replace("tuple", f"({','.join(types(each['components']))})")
        if each["type"].startswith("tuple")
        else each["type"]
        for each in parameters
    ]


class Contract:
    """A deployed contract, of whose functions none is overloaded in what we call."""

    def __init__(self, chain: LocalChain, address: bytes, abi: list[dict[str, Any]]) -> None:
        self.chain = chain
        self.address = address
        self._abi = abi

    def data(self, function: str, *arguments: Any) -> bytes:
        (inputs,) = (
            types(each["inputs"])
            for each in self._abi
            if each["type"] == "function"
            and each["name"] == function
            and len(each["inputs"]) == len(arguments)
        )
        return keccak(text=f"{function}({','.join(inputs)})")[:4] + encode(inputs, arguments)

    def send(self, function: str, *arguments: Any, by: int = 0, value: int = 0) -> Any:
        """Send a transaction that must succeed, and return its receipt."""
        data, sender = self.data(function, *arguments), self.chain.accounts[by]
        return sent(self.chain, sender=sender, to=self.address, data=data, value=value)


def sent(chain: LocalChain, **request: Any) -> Any:
    """Send a transaction that must succeed, and return its receipt."""
    chain.send(CallRequest(gas=GAS, **request))
    (receipt,) = chain.receipts(chain.head.hash) or ()
    assert receipt.status == 1, "the scene was set up"
    return receipt


class Side:
    """A chain with one governor on one kind of votes; five accounts have a million each."""

    def __init__(self, peers: dict[str, Any], *, ours: bool, escrow: bool) -> None:
        accounts = dev_accounts(count=6)
        addresses = [account.address for account in accounts]
        self.keys = [account.private_key for account in accounts]
        self.chain = LocalChain.open(pars_genesis(6133, addresses), accounts=accounts)
        self.accounts = addresses
        self.ours = ours
        self._peers = peers
        self._bundle = FilesystemInputBundle([CONTRACTS])
        self.votes = self._escrow() if escrow else self._token()
        self.target = self.peer("Counter")
        self.governor = self._our_governor() if ours else self._their_governor()
        self.later(10)

    def create(self, abi: list[dict[str, Any]], code: bytes, *arguments: Any) -> Contract:
        inputs = [types(each["inputs"]) for each in abi if each["type"] == "constructor"]
        data = code + (encode(inputs[0], arguments) if inputs else b"")
        receipt = sent(self.chain, sender=self.accounts[0], to=None, data=data)
        return Contract(self.chain, receipt.contract_address, abi)

    def peer(self, name: str, *arguments: Any) -> Contract:
        """Deploy what solc compiled."""
        made = self._peers[name]
        return self.create(made["abi"], bytes.fromhex(made["bytecode"]), *arguments)

    def vyper(self, place: str, *arguments: Any) -> Contract:
        """Deploy a contract of contracts/."""
        file = self._bundle.load_file(place)
        made = compile_from_file_input(
            file, input_bundle=self._bundle, output_formats=["abi", "bytecode"]
        )
        return self.create(made["abi"], bytes.fromhex(made["bytecode"][2:]), *arguments)

    def _token(self) -> Contract:
        votes = self.peer("VotesToken")
        for number, account in enumerate(self.accounts):
            votes.send("mint", account, 10**6 * VOTES)
            votes.send("delegate", account, by=number)
        return votes

    def _escrow(self) -> Contract:
        wrapped = self.vyper("escrow/WPARS.vy")
        curve = self.vyper("escrow/LinearCurve.vy").address
        escrow = self.vyper("escrow/VePARS.vy", wrapped.address, curve)
        for number, account in enumerate(self.accounts):
            self.chain.set_balance(account, 10**7 * VOTES)
            wrapped.send("deposit", by=number, value=10**6 * VOTES)
            wrapped.send("approve", escrow.address, 2**256 - 1, by=number)
            escrow.send("lock", 10**6 * VOTES, 4 * 365 * DAY, by=number)
        return escrow

    def _their_governor(self) -> Contract:
        timelock = self.peer("OzTimelock", self.accounts[0])
        governor = self.peer("OzGovernor", self.votes.address, timelock.address)
        for role in ("PROPOSER_ROLE", "CANCELLER_ROLE"):
            timelock.send("grantRole", keccak(text=role), governor.address)
        timelock.send("grantRole", keccak(text="EXECUTOR_ROLE"), NOBODY)
        return governor

    def _our_governor(self) -> Contract:
        deployer = self.accounts[0]
        safe = self.vyper("safe/Safe.vy", deployer)
        charter = self.vyper("governance/Charter.vy", safe.address, bytes(32), CLASSES)
        timelock = self.vyper("governance/Timelock.vy", safe.address, deployer, DAY)
        self.registry = self.vyper("governance/PQKeyRegistry.vy")
        parts = (safe, charter, self.votes, timelock, self.registry)
        governor = self.vyper("governance/Governor.vy", *(part.address for part in parts), deployer)
        timelock.send("setup", governor.address)
        modules = [timelock.address]
        safe.send("setup", self.accounts[:5], 3, modules, NOBODY, NOBODY, True)
        return governor

    def later(self, seconds: int) -> None:
        self.chain.increase_time(seconds)
        self.chain.mine()

    def actions(self, count: int, first: int) -> tuple[list[bytes], list[int], list[bytes]]:
        calls = [self.target.data("set", first + number) for number in range(count)]
        return [self.target.address] * count, [0] * count, calls

    def propose(self, actions: Any) -> tuple[int, int]:
        """Return the gas of a proposal and its id."""
        receipt = self.governor.send("propose", *actions, TEXT)
        return receipt.gas_used, int.from_bytes(receipt.logs[0].data[:32], "big")

    def step(self, name: str, proposal: int, actions: Any) -> int:
        """Return the gas of queueing or executing."""
        text = [keccak(text=TEXT)]
        if not self.ours:
            arguments = [*actions, *text]
        elif name == "queue":
            arguments = [proposal, *actions, *text]
        else:
            arguments = [proposal, *actions]
        return int(self.governor.send(name, *arguments).gas_used)

    def cancel(self, proposal: int, actions: Any) -> int:
        arguments = [proposal] if self.ours else [*actions, keccak(text=TEXT)]
        return int(self.governor.send("cancel", *arguments).gas_used)

    def ballot(self, kind: str, proposal: int, voter: int, nonce: int) -> bytes:
        """Return the digest of a vote for."""
        name = b"Pars Governor" if self.ours else b"OzGovernor"
        domain = (
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        )
        separator = encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [keccak(text=domain), keccak(name), keccak(b"1"), 6133, self.governor.address],
        )
        struct = encode(
            ["bytes32", "uint256", "uint8", "address", "uint256"],
            [keccak(text=kind), proposal, 1, self.accounts[voter], nonce],
        )
        return keccak(b"\x19\x01" + keccak(separator) + keccak(struct))

    def vote(self, function: str, *arguments: Any, by: int) -> int:
        return int(self.governor.send(function, *arguments, by=by).gas_used)


def run(side: Side) -> Iterator[tuple[str, int]]:
    """Go the whole way, and give the gas of each step."""
    one, five, spare = side.actions(1, 1), side.actions(5, 1), side.actions(1, 90)
    gas, first = side.propose(one)
    yield "propose, 1 action", gas
    gas, second = side.propose(five)
    yield "propose, 5 actions", gas
    _, third = side.propose(spare)
    gas, unwanted = side.propose(side.actions(1, 91))
    yield "cancel while pending", side.cancel(unwanted, side.actions(1, 91))
    side.later(7 * DAY + 1)
    yield "vote, first for", side.vote("castVote", first, 1, by=1)
    yield "vote, second for", side.vote("castVote", first, 1, by=2)
    yield "vote, first against", side.vote("castVote", first, 0, by=3)
    digest = side.ballot(BALLOT, first, 4, 0)
    signature = bytes(Account.unsafe_sign_hash(digest, side.keys[4]).signature)
    arguments = (first, 1, side.accounts[4], signature)
    yield "vote by ECDSA, relayed", side.vote("castVoteBySig", *arguments, by=5)
    yield "vote with reason, first for", side.vote("castVoteWithReason", second, 1, REASON, by=1)
    if side.ours:
        yield from quantum(side, third)
    side.later(7 * DAY + 10)
    yield "queue, 1 action", side.step("queue", first, one)
    yield "queue, 5 actions", side.step("queue", second, five)
    side.later(2 * DAY + 10)
    yield "execute, 1 action", side.step("execute", first, one)
    yield "execute, 5 actions", side.step("execute", second, five)


def quantum(side: Side, proposal: int) -> Iterator[tuple[str, int]]:
    """Give the gas of registering an ML-DSA-87 key and of voting with it."""
    public, secret = ml_dsa.keygen(BY_NUMBER[5], b"\1" * 32)

    def sign(digest: bytes) -> bytes:
        return bytes(ml_dsa.sign(secret, formatted(digest, b""), bytes(32), 814)[0])

    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
            keccak(
                text="EIP712Domain(string name,string version,uint256 chainId,"
                "address verifyingContract)"
            ),
            *(keccak(b"Pars PQ Keys"), keccak(b"1"), 6133, side.registry.address),
        ],
    )
    kind = keccak(text="Possession(address account,uint256 nonce)")
    struct = encode(["bytes32", "address", "uint256"], [kind, side.accounts[2], 0])
    proof = sign(keccak(b"\x19\x01" + keccak(domain) + keccak(struct)))
    yield "register an ML-DSA-87 key", side.registry.send("register", public, proof, by=2).gas_used
    side.vote("castVote", proposal, 1, by=1)
    digest = side.ballot("PQ" + BALLOT, proposal, 2, 0)
    arguments = (proposal, 1, side.accounts[2], sign(digest))
    yield "vote by ML-DSA-87, relayed", side.vote("castVotePQ", *arguments, by=5)


def main() -> int:
    """Print the table, and say whether the goal is met."""
    place = os.environ.get("GOVERNORS")
    if place is None:
        print("GOVERNORS names no compiled peers: nothing to measure beside", file=sys.stderr)
        return 0
    peers = json.loads(Path(place).read_text())
    columns = {
        "ours, vePARS": dict(run(Side(peers, ours=True, escrow=True))),
        "ours, ERC-20": dict(run(Side(peers, ours=True, escrow=False))),
        "OZ, vePARS": dict(run(Side(peers, ours=False, escrow=True))),
        "OZ, ERC-20": dict(run(Side(peers, ours=False, escrow=False))),
    }
    rows, worse = [], []
    for row, published in {**PUBLISHED, **OURS_ONLY}.items():
        here = [column.get(row) for column in columns.values()]
        rows.append([row, *(f"{each:,}" if each else "" for each in (*here, *published))])
        others = [each for each in (*here[2:], *published) if each]
        if others and here[0] > min(others):
            worse.append(row)
    published_names = ["OZ, published", "Azorius, published"]
    show("gas of a transaction", ["", *columns, *published_names], rows, 120)
    print("goal missed: " + ", ".join(worse) if worse else "goal met")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
