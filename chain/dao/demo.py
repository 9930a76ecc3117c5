"""`pars demo dao`: a decision of the DAO, from the first locked token to the last of a stream.

Every step is a transaction of an ordinary account to the deployed contracts. Only time is made to
pass, and accounts get the PARS that they would have to buy: a development chain does both.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode

from precompiles.backends.keccak import keccak256
from precompiles.conformance.rpc import Client
from precompiles.conformance.vectors import hexed

from .. import signatures
from ..accounts import DevAccount
from ..remote import Receipt, Remote
from . import anchors, ballots
from .development import key_pair
from .steps import Plan

PARS = 10**18
DAY = 86_400
YEARS_4 = 4 * 365 * DAY
OWNERS = range(3)
ALICE, BOB, CAROL, COURIER, WORKER = 6, 7, 8, 9, 5
"""Accounts by number. Carol votes in secret, the courier sends for her, the worker is paid."""

NUMBER, CATEGORY = 7042, 7
TEXT = "Pay the maintainer of the mesh for half a year."
GRANTS, KIND_PARS, NATIVE = 2, 3, bytes(20)
PRICE_USD = 5_000_000  # 0.05, with 8 decimals
WAGE = 90_000 * PARS
FOR = 1
DENOMINATION = 2  # of a hundred units a leaf
DOMAIN = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
POSSESSION = keccak256(b"Possession(address account,uint256 nonce)")
PQ_BALLOT = keccak256(b"PQBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce)")


@dataclass(slots=True, kw_only=True)
class Stage:
    """The chain, who acts on it, and who is told."""

    client: Client
    plan: Plan
    depth: int
    """Of the trees of anonymous leaves."""
    accounts: tuple[DevAccount, ...]
    say: Callable[[str], None]
    remotes: dict[int, Remote] = field(default_factory=dict)

    def address(self, who: int) -> bytes:
        """Return an account's address."""
        return self.accounts[who].address

    def remote(self, who: int) -> Remote:
        """Return the chain as an account sees it."""
        if who not in self.remotes:
            # A lock costs more in the next second than in that of the lock before: the escrow
            # writes a line for each. So an estimate may be too low by more than a little.
            self.remotes[who] = Remote(
                self.client, key=self.accounts[who].private_key, gas_margin=1
            )
        return self.remotes[who]

    def send(
        self, what: str, who: int, name: str, function: str, *arguments: Any, value: int = 0
    ) -> Receipt:
        """Call a function in a transaction, and tell its hash."""
        data = self.plan.artifacts[name].call_data(function, arguments)
        receipt = self.remote(who).send(self.plan.addresses[name], data, value)
        self.say(f"  {what:<58} {receipt.hash}  {receipt.gas_used:>9,} gas")
        return receipt

    def ask(self, name: str, function: str, *arguments: Any) -> Any:
        """Ask a function."""
        artifact = self.plan.artifacts[name]
        data = artifact.call_data(function, arguments)
        return artifact.output(function, self.remote(0).ask(self.plan.addresses[name], data))

    def data(self, name: str, function: str, *arguments: Any) -> bytes:
        """Return the call data of a function."""
        return self.plan.artifacts[name].call_data(function, arguments)

    def now(self) -> int:
        """Return the time of the newest block."""
        return int(self.client("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def wait_until(self, moment: int, why: str) -> None:
        """Let time pass."""
        seconds = max(moment - self.now(), 0)
        self.client("evm_increaseTime", hex(seconds))
        self.client("evm_mine")
        self.say(f"  ... {seconds / DAY:.1f} days later: {why}")

    def typed(self, name: str, title: str, kind: bytes, *values: Any) -> bytes:
        """Return the EIP-712 digest of a struct of words for one of the contracts."""
        domain = encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [
                *(DOMAIN, keccak256(title.encode()), keccak256(b"1")),
                *(self.plan.chain_id, self.plan.addresses[name]),
            ],
        )
        words = [
            each.rjust(32, b"\0") if isinstance(each, bytes) else each.to_bytes(32, "big")
            for each in values
        ]
        return keccak256(b"\x19\x01" + keccak256(domain) + keccak256(kind + b"".join(words)))


def run(stage: Stage) -> None:
    """Play all of it."""
    lock(stage)
    review(stage)
    key = lattice_key(stage)
    start, end = stream_times(stage)
    reference = keccak256(TEXT.encode())
    actions = spending(stage, start, end, reference)
    proposal = propose(stage, actions)
    secret, leaves = take_part_unseen(stage, proposal)
    vote(stage, proposal, key)
    vote_unseen(stage, proposal, secret, leaves)
    execute(stage, proposal, actions, start, end, reference)
    be_paid(stage, end)


def lock(stage: Stage) -> None:
    """Three holders lock PARS and have votes for it."""
    stage.say("1. PARS is locked, and votes")
    escrow = stage.plan.addresses["VePARS"]
    for who, amount in ((ALICE, 400_000), (BOB, 300_000), (CAROL, 100_000)):
        stage.client("anvil_setBalance", hexed(stage.address(who)), hex((amount + 100) * PARS))
        stage.send(f"wraps {amount:,} PARS", who, "WPARS", "deposit", value=amount * PARS)
        stage.send("allows the escrow to take them", who, "WPARS", "approve", escrow, amount * PARS)
        stage.send("locks them for four years", who, "VePARS", "lock", amount * PARS, YEARS_4)
    treasury = stage.plan.addresses["Treasury"]
    stage.client("anvil_setBalance", hexed(treasury), hex(1_000_000 * PARS))
    total = stage.ask("VePARS", "totalSupply")
    stage.say(f"  all votes: {total / PARS:,.0f}; the treasury holds 1,000,000 PARS")


def review(stage: Stage) -> None:
    """A text is submitted and reviewed for a week."""
    stage.say(f"2. PIP-{NUMBER}: {TEXT}")
    stage.wait_until(stage.now() + 60, "votes count from the past only")
    digest = keccak256(TEXT.encode())
    stage.send("submits the text's hash", ALICE, "PIPRegistry", "submit", NUMBER, CATEGORY, digest)
    stage.send("starts the review", ALICE, "PIPRegistry", "startReview", NUMBER)
    stage.wait_until(stage.now() + 7 * DAY, "the review is over")


def lattice_key(stage: Stage) -> bytes:
    """Bob registers an ML-DSA-87 key; return the secret one."""
    stage.say("3. Bob registers a post-quantum key")
    public, secret = key_pair("voter", BOB)
    bob = stage.address(BOB)
    nonce = stage.ask("PQKeyRegistry", "nonces", bob)
    digest = stage.typed("PQKeyRegistry", "Pars PQ Keys", POSSESSION, bob, nonce)
    proof = anchors.sign(secret, digest)
    stage.send("shows that he holds it", BOB, "PQKeyRegistry", "register", public, proof)
    return secret


def stream_times(stage: Stage) -> tuple[int, int]:
    """Return when the wage begins, after the vote, and ends."""
    start = stage.now() + 20 * DAY
    return start, start + 180 * DAY


Actions = tuple[list[bytes], list[int], list[bytes]]


def spending(stage: Stage, start: int, end: int, reference: bytes) -> Actions:
    """Return the calls that the Safe is to make: list PARS, set grants aside, open a stream."""
    treasury = stage.plan.addresses["Treasury"]
    worker = stage.address(WORKER)
    calls = [
        stage.data("Treasury", "setAsset", NATIVE, KIND_PARS, NATIVE, 0, PRICE_USD),
        stage.data("Treasury", "allot", GRANTS, NATIVE, WAGE),
        stage.data(
            *("Treasury", "openStream", NATIVE, worker, WAGE), *(start, start, end, reference)
        ),
    ]
    return [treasury] * len(calls), [0] * len(calls), calls


def propose(stage: Stage, actions: Actions) -> int:
    """Alice proposes the calls, and the PIP names the proposal."""
    stage.say("4. The proposal")
    description = stage.ask("PIPRegistry", "description", NUMBER)
    receipt = stage.send(
        "proposes three calls", ALICE, "Governor", "propose", *actions, description
    )
    governor = stage.plan.addresses["Governor"]
    (log,) = [log for log in receipt.logs if log[0] == governor]
    proposal = int.from_bytes(log[2][:32], "big")
    digest = stage.ask("Governor", "hashActions", *actions)
    stage.send(
        "the PIP goes to the vote", ALICE, "PIPRegistry", "startVoting", NUMBER, proposal, digest
    )
    return proposal


def take_part_unseen(stage: Stage, proposal: int) -> tuple[int, list[int]]:
    """Carol lends her votes to the anonymous ballots, for one leaf in a tree of many."""
    stage.say("5. Carol takes part in the anonymous ballot")
    contract = stage.plan.addresses["PrivateBallots"]
    (held,) = stage.ask("VePARS", "locksOf", stage.address(CAROL))
    until = stage.ask("Governor", "proposalDeadline", proposal)
    stage.send("pledges her lock", CAROL, "VePARS", "pledge", held, contract, until)
    mine = [ballots.draw_secret(lambda: secrets.token_bytes(32)) for _ in range(4)]
    leaves = [ballots.leaf_of(secret) for secret in mine]
    stage.send(
        *("registers four leaves", CAROL, "PrivateBallots", "register"),
        *(proposal, held, DENOMINATION, leaves),
    )
    return mine[0], leaves


def vote(stage: Stage, proposal: int, key: bytes) -> None:
    """Alice votes by a transaction, Bob by a post-quantum signature that somebody else brings."""
    stage.say("6. The vote")
    stage.wait_until(stage.ask("Governor", "proposalSnapshot", proposal) + 1, "voting is open")
    stage.send("Alice votes for", ALICE, "Governor", "castVote", proposal, FOR)
    bob = stage.address(BOB)
    nonce = stage.ask("Governor", "nonces", bob)
    digest = stage.typed("Governor", "Pars Governor", PQ_BALLOT, proposal, FOR, bob, nonce)
    stage.send(
        *("Bob's ML-DSA-87 signature votes for", COURIER, "Governor", "castVotePQ"),
        *(proposal, FOR, bob, anchors.sign(key, digest)),
    )


def vote_unseen(stage: Stage, proposal: int, secret: int, leaves: list[int]) -> None:
    """Carol is made to vote against, and overrides it in secret."""
    stage.say("7. The anonymous ballot")
    poll = ballots.Poll(
        chain_id=stage.plan.chain_id,
        contract=stage.plan.addresses["PrivateBallots"],
        proposal=proposal,
        denomination=DENOMINATION,
    )

    def chance() -> bytes:
        return secrets.token_bytes(32)

    nullifier = ballots.nullifier_of(secret, poll)
    forced = ballots.ballot(nullifier, ballots.AGAINST, 0, chance)
    free = ballots.ballot(nullifier, ballots.FOR, 1, chance)
    shown = ballots.decoy(ballots.AGAINST, 2, chance)
    for what, made in (
        ("a ballot that she was made to cast", forced),
        ("her own, in its place", free),
        ("a decoy, to have a receipt", shown),
    ):
        stage.send(
            *(f"commits to {what}", COURIER, "PrivateBallots", "commit"),
            *(proposal, [poll.commitment(made)]),
        )
    _, commits_end, reveals_end = stage.ask("PrivateBallots", "phases", proposal)
    stage.wait_until(commits_end, "commitments are over")
    proof = ballots.prove(poll, free, secret, leaves, stage.depth, chance)
    stage.send(
        *("opens her own, with a STARK proof", COURIER, "PrivateBallots", "reveal"),
        *(proposal, DENOMINATION, free.choice, free.sequence, free.salt, nullifier, proof),
    )
    stage.wait_until(reveals_end, "openings are over")
    stage.send("the sums vote as one", COURIER, "PrivateBallots", "castVote", proposal)
    against, in_favour, abstained = stage.ask("Governor", "proposalVotes", proposal)
    stage.say(
        f"  for {in_favour / PARS:,.0f}, against {against / PARS:,.0f},"
        f" abstained {abstained / PARS:,.0f}"
    )


def execute(
    stage: Stage, proposal: int, actions: Actions, start: int, end: int, reference: bytes
) -> None:
    """What passed waits in the timelock, signers endorse the payment, and the Safe makes it."""
    stage.say("8. The timelock, and the Safe")
    stage.wait_until(stage.ask("Governor", "proposalDeadline", proposal) + 1, "the vote is over")
    description = stage.ask("PIPRegistry", "description", NUMBER)
    stage.send("the PIP is approved", COURIER, "PIPRegistry", "resolve", NUMBER)
    stage.send(
        *("queues the calls", COURIER, "Governor", "queue", proposal, *actions),
        keccak256(description.encode()),
    )
    streams = stage.plan.addresses["Streams"]
    told = stage.ask(
        *("Treasury", "streamReference", stage.address(WORKER), start, start, end, reference)
    )
    payment = stage.ask("Treasury", "paymentId", GRANTS, NATIVE, streams, WAGE, told)
    for owner in OWNERS:
        stage.send(f"signer {owner} endorses the payment", owner, "Treasury", "endorse", payment)
    stage.wait_until(stage.ask("Governor", "proposalEta", proposal), "the delay is over")
    stage.send("the Safe makes them", COURIER, "Governor", "execute", proposal, *actions)
    stage.send("the PIP is implemented", COURIER, "PIPRegistry", "implement", NUMBER)
    pay_directly(stage)


def pay_directly(stage: Stage) -> None:
    """Three signers move what is the Safe's own, without a vote."""
    safe = stage.plan.addresses["Safe"]
    stage.client("anvil_setBalance", hexed(safe), hex(10 * PARS))
    nonce = stage.ask("Safe", "nonce")
    request = (stage.address(WORKER), PARS, b"", 0, 0, 0, 0, NATIVE, NATIVE)
    digest = stage.ask("Safe", "getTransactionHash", *request, nonce)
    owners = sorted((stage.accounts[owner] for owner in OWNERS), key=lambda each: each.address)
    signed = b"".join(signature_of(digest, each.private_key) for each in owners)
    stage.send(
        *("three signers send 1 PARS of the Safe's own", COURIER, "Safe", "execTransaction"),
        *(*request, signed),
    )


def signature_of(digest: bytes, key: bytes) -> bytes:
    """Return an account's signature as the Safe takes it: r, s, v."""
    y_parity, r, s = signatures.sign(digest, key)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + y_parity])


def be_paid(stage: Stage, end: int) -> None:
    """The worker takes what is due, in the middle and at the end."""
    stage.say("9. The stream")
    for moment, why in ((end - 90 * DAY, "half of it is due"), (end, "all of it is due")):
        stage.wait_until(moment, why)
        due = stage.ask("Streams", "claimable", 1)
        stage.send(f"claims {due / PARS:,.0f} PARS", WORKER, "Streams", "claim", 1)
