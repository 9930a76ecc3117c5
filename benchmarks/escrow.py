"""What the escrow costs beside its peers: gas of whole transactions, on our chain, in one run.

Run as `python -m benchmarks.escrow`, with `OPENZEPPELIN` naming the node_modules folder into
which npm installed what benchmarks/solidity/package.json asks for; a minute. The packed escrow is
ours, in Solidity, by the method that is usual (a point of the total for each week). Both lock the
same WPARS. The published columns are of other compilations and tokens, on another chain: Curve's
VotingEscrow, veYFI and a packed escrow. The exit status is 1 where a lock takes more than in the
cheapest published column, or one holder's delegation more than OpenZeppelin's.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chain.accounts import DevAccount, dev_accounts
from chain.blocks import Receipt
from chain.calls import CallRequest
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain

from .chain import show
from .scenes import call_data

ROOT = Path(__file__).parents[1]
SOLIDITY = Path(__file__).parent / "solidity"
PARS = 10**18
DAY = 86_400
WEEK = 7 * DAY
YEAR = 365 * DAY
FOUR_YEARS = 4 * YEAR
HOLDERS = 40
ENOUGH_GAS = 12_000_000

PUBLISHED = {
    "lock, the first": (276_763, 404_543, 405_292),
    "lock, another's in that week": (225_463, 341_839, 362_583),
    "increase, in that week": (172_135, 268_422, 274_998),
    "increase, a week later": (219_692, 360_012, 366_772),
    "checkpoint, 10 weeks behind": (552_356, 1_038_593, 1_043_402),
    "lock, 52 weeks behind": (2_698_415, 5_094_817, 5_125_129),
}
"""Gas of a packed escrow, Curve's and veYFI, measured alike on an EVM of Cancun's rules."""


@dataclass(kw_only=True)
class Bench:
    """A chain, its accounts, and the second of the next transaction."""

    chain: LocalChain
    accounts: tuple[DevAccount, ...]
    time: int

    @classmethod
    def open(cls) -> "Bench":
        accounts = dev_accounts(count=HOLDERS)
        genesis = pars_genesis(6133, [account.address for account in accounts])
        chain = LocalChain.open(genesis, accounts=accounts)
        return cls(chain=chain, accounts=accounts, time=chain.head.header.timestamp + DAY)

    def send(self, to: bytes | None, data: bytes, *, holder: int = 0, value: int = 0) -> Receipt:
        """Send a transaction that must succeed, at `time`."""
        self.chain.set_next_timestamp(self.time)
        sender = self.accounts[holder].address
        request = CallRequest(sender=sender, to=to, data=data, value=value, gas=ENOUGH_GAS)
        self.chain.send(request)
        (receipt,) = self.chain.receipts(self.chain.head.hash) or ()
        if receipt.status != 1:
            raise SystemExit(f"a transaction of the benchmark failed: 0x{data[:4].hex()}")
        return receipt

    def create(self, code: bytes, *arguments: bytes) -> bytes:
        receipt = self.send(None, code + b"".join(bytes(12) + each for each in arguments))
        assert receipt.contract_address is not None
        return receipt.contract_address

    def gas(self, to: bytes, data: bytes, *, holder: int = 0, after: int = 3) -> int:
        """Return the gas of a transaction some seconds after the one before."""
        self.time += after
        return self.send(to, data, holder=holder).gas_used

    def gas_of_read(self, to: bytes, data: bytes) -> int:
        """Return the gas of a call, without what every transaction costs."""
        sender = self.accounts[0].address
        result = self.chain.call(CallRequest(sender=sender, to=to, data=data))
        assert result.success
        calldata = sum(16 if byte else 4 for byte in data)
        return result.gas_used - 21_000 - calldata


def vyper(name: str) -> bytes:
    """Compile one of our contracts as Ape does."""
    command = [sys.executable, "-m", "vyper.cli.vyper_compile", "-p", str(ROOT / "contracts")]
    source = str(ROOT / "contracts" / "escrow" / f"{name}.vy")
    done = subprocess.run([*command, source], check=True, capture_output=True, text=True)
    return bytes.fromhex(done.stdout.strip().removeprefix("0x"))


def solidity(modules: str) -> dict[str, bytes]:
    """Compile the peers."""
    command = ["node", str(SOLIDITY / "compile.mjs"), modules]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {name: bytes.fromhex(code) for name, code in json.loads(done.stdout).items()}


# --- Locks ------------------------------------------------------------------------------------


def locking(bench: Bench, escrow: bytes, *, ours: bool) -> dict[str, int]:
    """Return the gas of each operation on an escrow, in the order of the published figures."""

    def lock(duration: int) -> bytes:
        return call_data("lock(uint256,uint256)", 1_000 * PARS, duration)

    def increase(holder: int) -> bytes:
        if not ours:
            return call_data("increase(uint256)", PARS)
        lock_id = int.from_bytes(bench.accounts[holder].address) << 96
        return call_data("increase(uint256,uint256)", lock_id, PARS)

    checkpoint = call_data("checkpoint(address)", escrow) if ours else call_data("checkpoint()")
    first = bench.gas(escrow, lock(FOUR_YEARS))
    second = bench.gas(escrow, lock(FOUR_YEARS), holder=1)
    # Others, whose locks end one by one: the first of them in five weeks.
    for holder in range(2, 20):
        bench.gas(escrow, lock(YEAR // 12 + (holder - 2) * 73 * DAY), holder=holder)
    return {
        "lock, the first": first,
        "lock, another's in that week": second,
        "increase, in that week": bench.gas(escrow, increase(0)),
        "increase, a week later": bench.gas(escrow, increase(0), after=WEEK),
        "checkpoint, 10 weeks behind": bench.gas(escrow, checkpoint, after=10 * WEEK),
        "lock, 52 weeks behind": bench.gas(escrow, lock(FOUR_YEARS), holder=20, after=52 * WEEK),
    }


def compare_locks(peers: dict[str, bytes]) -> bool:
    """Print the table of locks; return whether we are no dearer than what is published."""
    columns = []
    for ours in (True, False):
        bench = Bench.open()
        token = bench.create(vyper("WPARS"))
        if ours:
            curve = bench.create(vyper("LinearCurve"))
            escrow = bench.create(vyper("VePARS"), token, curve)
        else:
            escrow = bench.create(peers["PackedEscrow"], token)
        approve = call_data("approve(address,uint256)", escrow, 2**256 - 1)
        for holder in range(HOLDERS):
            deposit = call_data("deposit()")
            bench.send(token, deposit, holder=holder, value=2_000 * PARS)
            bench.send(token, approve, holder=holder)
        columns.append(locking(bench, escrow, ours=ours))

    mine, packed = columns
    rows = [
        [name, *(f"{gas:,}" for gas in (mine[name], packed[name], *PUBLISHED[name]))]
        for name in mine
    ]
    show(
        "Gas of locks",
        ["operation", "VePARS", "packed", "packed, published", "Curve, p.", "veYFI, p."],
        rows,
    )
    return all(mine[name] <= min(PUBLISHED[name]) for name in mine)


# --- Delegation -------------------------------------------------------------------------------


READ = "read past votes of 5 days ago, 10 changes"


def delegating(bench: Bench, contract: bytes, *, reads: bool) -> dict[str, int]:
    """Return the gas of delegation, of holder 0 whose power is already their own."""

    def to(holder: int) -> bytes:
        return call_data("delegate(address)", bench.accounts[holder].address)

    def past(holder: int) -> bytes:
        account = bench.accounts[holder].address
        return call_data("getPastVotes(address,uint256)", account, bench.time - 5 * DAY)

    bench.time += DAY
    gas = {"delegate, the first time": bench.gas(contract, to(30), after=DAY)}
    gas["again in that second, to one who has been a delegate"] = bench.gas(
        contract, to(0), after=0
    )
    gas["a day later, to one who has been a delegate"] = bench.gas(contract, to(30), after=DAY)
    gas["a day later, to one who never was"] = bench.gas(contract, to(31), after=DAY)
    for day in range(10):
        bench.gas(contract, to(30 + day % 2), after=DAY)
    if reads:
        gas[READ] = bench.gas_of_read(contract, past(30))
    return gas


def crowd(bench: Bench, contract: bytes) -> int:
    """Return the gas of a move between two delegates with ten others each."""
    for holder in range(1, 21):
        target = bench.accounts[32 + holder % 2].address
        bench.gas(contract, call_data("delegate(address)", target), holder=holder)
    for target in (32, 33):
        data = call_data("delegate(address)", bench.accounts[target].address)
        gas = bench.gas(contract, data, after=DAY)
    return gas


def locked(bench: Bench, code: bytes, *more: bytes) -> bytes:
    """Make an escrow in which 21 holders have locked for different times; return its address."""
    token = bench.create(vyper("WPARS"))
    escrow = bench.create(code, token, *more)
    approve = call_data("approve(address,uint256)", escrow, 2**256 - 1)
    for holder in range(21):
        bench.send(token, call_data("deposit()"), holder=holder, value=1_000 * PARS)
        bench.send(token, approve, holder=holder)
        duration = FOUR_YEARS - holder * 30 * DAY
        lock = call_data("lock(uint256,uint256)", 1_000 * PARS, duration)
        bench.gas(escrow, lock, holder=holder)
    return escrow


def minted(bench: Bench, code: bytes) -> bytes:
    """Make a token of which 21 holders have some, and vote themselves; return its address."""
    token = bench.create(code)
    for holder in range(21):
        account = bench.accounts[holder].address
        bench.gas(token, call_data("mint(address,uint256)", account, 1_000 * PARS))
        bench.gas(token, call_data("delegate(address)", account), holder=holder)
    return token


def compare_delegation(peers: dict[str, bytes]) -> bool:
    """Print the table of delegation; return whether one holder's is no dearer than the token's."""
    ours, packed, plain = Bench.open(), Bench.open(), Bench.open()
    escrow = locked(ours, vyper("VePARS"), ours.create(vyper("LinearCurve")))
    other = locked(packed, peers["PackedEscrow"])
    token = minted(plain, peers["VotesToken"])
    mine = delegating(ours, escrow, reads=True)
    decaying = delegating(packed, other, reads=False)
    steady = delegating(plain, token, reads=True)
    cheaper = all(mine[name] <= steady[name] for name in mine if name != READ)
    name = "a day later, between delegates of ten others each"
    mine[name] = crowd(ours, escrow)
    decaying[name] = crowd(packed, other)
    steady[name] = crowd(plain, token)
    rows = [
        [name, *(f"{column[name]:,}" if name in column else "-" for column in columns)]
        for columns in [(mine, decaying, steady)]
        for name in mine
    ]
    show("Gas of delegation", ["operation", "VePARS", "packed", "ERC20Votes 5.7 (no decay)"], rows)
    return cheaper


def main() -> int:
    modules = os.environ.get("OPENZEPPELIN")
    if modules is None:
        raise SystemExit("OPENZEPPELIN must name a node_modules folder with @openzeppelin and solc")
    peers = solidity(modules)
    cheapest = compare_locks(peers)
    return 0 if compare_delegation(peers) and cheapest else 1


if __name__ == "__main__":
    sys.exit(main())
