"""Calls of contracts on proved state: what to prove, what to run, until nothing is missing.

The machine runs in a process of its own (execution.py). It is given what is proved so far and says
what else the call looked at; that is proved too, and the call begins again. A full node may name
beforehand what a call touches, which saves rounds and is believed no more than anything else.
"""

from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..codec import Reader, Refused, u64
from .answers import FAILED
from .client import LightClient, Question, Run, Unanswered, Unreachable
from .header import Header
from .questions import (
    ANSWER_MAX,
    SLOTS_MAX,
    TARGETS_MAX,
    Call,
    Kind,
    Target,
    read_nodes,
    read_targets,
)
from .reads import State, cached_state, code_of, head, keep_state, prove_targets, state
from .state import Account

ROUNDS_MAX = 24
FOOTPRINTS_MAX = 256
BLOCKS_TRIED_MAX = 8
PRICED = ("gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "maxFeePerBlobGas")
Footprint = tuple[Target, ...]


class Unverified(Unanswered):
    """The call cannot be proved within bounds. `claimed` is what a full node says it returns."""

    def __init__(self, claimed: bytes | None) -> None:
        super().__init__("the call needs more state than can be proved here")
        self.claimed = claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A call with what is proved of the state that it runs on."""

    method: str
    """eth_call or eth_estimateGas."""
    params: Sequence[Any]
    """The transaction and, where there are some, overrides, as JSON-RPC has them."""
    chain_id: int
    header: Header
    accounts: Mapping[bytes, Account]
    slots: Mapping[tuple[bytes, int], int]
    codes: Mapping[bytes, bytes]
    alone: bool = False
    """Whether to take a precompile to need nothing of the state: what it reads is missing then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a job. With anything missing, `reply` says nothing."""

    reply: dict[str, Any]
    """`result`, or `error`, as JSON-RPC has them."""
    missing: Footprint
    codes: tuple[bytes, ...]
    """Hashes of code that was missing."""
    touched: Footprint


class Footprints:
    """What calls touched when they last ran, so that it is proved at once the next time."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, ...], Footprint] = OrderedDict()

    def get(self, call: Call) -> Footprint | None:
        """Return what such a call touched."""
        return self._known.get(_like(call))

    def keep(self, call: Call, touched: Footprint) -> None:
        """Remember it."""
        self._known[_like(call)] = touched
        self._known.move_to_end(_like(call))
        while len(self._known) > FOOTPRINTS_MAX:
            self._known.popitem(last=False)


def _like(call: Call) -> tuple[bytes, ...]:
    return call.sender, call.to, call.data[:4]


def run(
    client: LightClient, footprints: Footprints, method: str, params: Sequence[Any], header: Header
) -> Generator[Question | Run, Any, dict[str, Any]]:
    """Run a call on the state after a block, all of it proved."""
    call = hint_of(params[0])
    job = _job(client, method, params, header)
    if _may_stand_alone(call, params):
        ran = yield Run(replace(job, alone=True))
        if not ran.missing and not ran.codes:
            return dict(ran.reply)
    claimed = None
    known = footprints.get(call)
    if known is None:
        claimed, found = yield _ask(header, call)
        keep_state(client, found)
    else:
        found = yield from state(client, header, known)
    for _ in range(ROUNDS_MAX):
        ran = yield Run(_with(client, job, found))
        if not ran.missing and not ran.codes:
            footprints.keep(call, ran.touched)
            return dict(ran.reply)
        try:
            found = yield from _complete(client, header, found, ran)
        except Unreachable:
            raise
        except Unanswered:
            break
    raise Unverified(claimed)


def run_offline(
    client: LightClient, method: str, params: Sequence[Any]
) -> Generator[Question | Run, Any, tuple[Header, dict[str, Any]]]:
    """Run a call on the newest block for which all that it needs was proved before."""
    call = hint_of(params[0])
    if _may_stand_alone(call, params):
        ran = yield Run(replace(_job(client, method, params, head(client)), alone=True))
        if not ran.missing and not ran.codes:
            return head(client), dict(ran.reply)
    for number in client.cache.numbers(call.to)[:BLOCKS_TRIED_MAX]:
        header = client.cache.header(number)
        if header is None:
            continue
        job = _job(client, method, params, header)
        found = State(header, {}, {})
        for _ in range(ROUNDS_MAX):
            ran = yield Run(_with(client, job, found))
            if not ran.missing and not ran.codes:
                return header, dict(ran.reply)
            more, missing = cached_state(client, header, ran.missing)
            if missing or any(client.cache.code(each) is None for each in ran.codes):
                break
            found = _joined(found, more)
    raise Unreachable("no server answers, and not all that the call needs was proved here")


def _job(client: LightClient, method: str, params: Sequence[Any], header: Header) -> Job:
    return Job(
        method=method,
        params=params,
        chain_id=client.trust.checkpoint.chain_id,
        header=header,
        accounts={},
        slots={},
        codes={},
    )


def _with(client: LightClient, job: Job, found: State) -> Job:
    """Return the job with all that is proved for it."""
    codes = {}
    for account in found.accounts.values():
        code = client.cache.code(account.code_hash)
        if code is not None:
            codes[account.code_hash] = code
    return replace(job, accounts=found.accounts, slots=found.slots, codes=codes)


def _joined(first: State, second: State) -> State:
    accounts = {**first.accounts, **second.accounts}
    return State(first.header, accounts, {**first.slots, **second.slots})


def _complete(
    client: LightClient, header: Header, found: State, ran: Ran
) -> Generator[Question | Run, Any, State]:
    """Prove what a run missed."""
    if ran.missing:
        found = _joined(found, (yield from state(client, header, ran.missing)))
    owners = {account.code_hash: address for address, account in found.accounts.items()}
    for code_hash in ran.codes:
        if code_hash in owners:
            yield from code_of(client, header, owners[code_hash], code_hash)
    return found


def _ask(header: Header, call: Call) -> Question:
    """Ask what a call returns and touches; the check proves what it touches."""

    def check(body: bytes) -> tuple[bytes | None, State]:
        reader = Reader(body)
        status, output = reader.u8(), reader.sized(ANSWER_MAX)
        if status > FAILED:
            raise Refused("light: malformed claim")
        targets = read_targets(reader)
        proof = read_nodes(reader)
        found = prove_targets(proof, header, targets)
        proof.end()
        return None if status == FAILED else output, found

    return Question(kind=Kind.CALL, body=u64(header.number) + call.encode(), check=check)


def _may_stand_alone(call: Call, params: Sequence[Any]) -> bool:
    """Return whether a call is of a precompile, with nothing that the state has a say in."""
    if len(call.to) != 20 or call.value or len(params) > 1:
        return False
    if any(params[0].get(name) is not None for name in (*PRICED, "authorizationList")):
        return False
    place = int.from_bytes(call.to, "big")
    return 0x01 <= place <= 0x11 or place == 0x100 or 0x300 <= place <= 0x9FF


def hint_of(request: Any) -> Call:
    """Return a transaction object as far as it tells what is touched; the machine reads it all."""
    if not isinstance(request, dict):
        return Call()
    data = _hex(request.get("input")) or _hex(request.get("data"))
    to, sender = _hex(request.get("to")), _hex(request.get("from"))
    value, gas = (int.from_bytes(_hex(request.get(name)), "big") for name in ("value", "gas"))
    return Call(
        sender=sender if len(sender) == 20 else bytes(20),
        to=to if len(to) == 20 else b"",
        value=value if value < 2**256 else 0,
        gas=gas if 0 < gas < 2**64 else None,
        data=data,
    )


def _hex(value: Any) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        return b""
    try:
        return bytes.fromhex("0" * (len(value) % 2) + value[2:])
    except ValueError:
        return b""


def cut(accounts: Sequence[bytes], slots: Sequence[tuple[bytes, int]]) -> Footprint:
    """Return accounts and slots as one question may ask for them; the rest waits for another."""
    held: dict[bytes, list[int]] = {address: [] for address in accounts[:TARGETS_MAX]}
    for address, slot in slots[:SLOTS_MAX]:
        if address in held or len(held) < TARGETS_MAX:
            held.setdefault(address, []).append(slot)
    return tuple(Target(address, tuple(found)) for address, found in held.items())
