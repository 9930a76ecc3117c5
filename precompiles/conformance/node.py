"""A node of any make as a target: asks it over JSON-RPC and tells what it can tell.

A call goes through the forwarder, which a state override puts at the caller's address, so that one
eth_call yields outcome and exact gas. What changes state is sent as a transaction where the node
lets a developer take back what was done, and traced where it does not. What neither shows stays
untold; a node that is silent or answers nonsense has failed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ..registry import PRECOMPILES, at
from . import embedded, forwarder
from .rpc import Client, RefusedError, SilentError
from .vectors import FRAME_GAS, Account, Answer, Logs, SecretOps, Step, Vector, hexed, unhex

SPONSOR = "0x" + "5e" * 20
"""Who pays where nothing is paid: the sender of an eth_call."""
PROBE = "0x" + "9e" * 20
PROBE_CODE = "0x602a60005260206000f3"  # Returns 42.
FORTY_TWO = "0x" + (42).to_bytes(32, "big").hex()
CALL_GAS = 45_000_000
"""Of an eth_call: a 63rd more than the gas of a frame, and what a large input costs beforehand."""
TRANSACTION_GAS = 16_777_216
"""The most that EIP-7825 lets a transaction have."""
RECEIPT_SECONDS = 20.0
POLL_SECONDS = 0.05

STANDARD_PRECOMPILES_MAX = 0x1FF
DEV_METHODS = ("anvil", "hardhat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a node can be asked to do beside a plain eth_call."""

    overrides: bool
    trace: bool
    developer: str | None
    """The prefix of the methods that set code and balance, where there are such."""
    account: str | None
    """An account whose transactions the node signs."""
    chain_id: int = 0


class NonsenseError(Exception):
    """The node answered what cannot be."""


def probe(client: Client) -> Abilities:
    """Find out what a node can do. Raises SilentError when it is none."""
    named = chain_id(client)
    request = {"from": SPONSOR, "to": PROBE, "data": "0x"}
    override = {PROBE: {"code": PROBE_CODE}}

    def overrides() -> bool:
        return bool(client("eth_call", request, "latest", override) == FORTY_TWO)

    def trace() -> bool:
        options = {"tracer": "callTracer", "stateOverrides": override}
        traced = client("debug_traceCall", request, "latest", options)
        return isinstance(traced, dict) and traced.get("output") == FORTY_TWO

    def developer() -> str | None:
        for prefix in DEV_METHODS:
            if client.offers(f"{prefix}_setBalance", SPONSOR, hex(embedded.RICH)):
                back = client("evm_revert", client("evm_snapshot"))
                return prefix if back is True else None
        return None

    def account() -> str | None:
        accounts = client("eth_accounts")
        return str(accounts[0]) if isinstance(accounts, list) and accounts else None

    return Abilities(
        overrides=possible(overrides) or False,
        trace=possible(trace) or False,
        developer=possible(developer),
        account=possible(account),
        chain_id=named,
    )


def chain_id(client: Client) -> int:
    """Return the chain id that a node names."""
    named = client("eth_chainId")
    try:
        return int(named, 16)
    except (TypeError, ValueError):
        raise SilentError(f"eth_chainId: {named!r} is not hex") from None


def possible(ask: Callable[[], Any]) -> Any:
    """Return an answer, or None where the node refuses."""
    try:
        return ask()
    except RefusedError:
        return None


def described(abilities: Abilities) -> list[str]:
    """Return in words what a node can do."""
    developer = abilities.developer is not None and abilities.account is not None
    words = (
        ("state overrides in eth_call", abilities.overrides),
        ("debug_traceCall", abilities.trace),
        ("transactions that can be taken back", developer),
    )
    return [name if able else f"no {name}" for name, able in words]


class Node:
    """A node as a target."""

    def __init__(self, client: Client, abilities: Abilities, secret_ops: SecretOps) -> None:
        self._client = client
        self._abilities = abilities
        self._secret_ops = secret_ops

    def answer(self, vector: Vector) -> Answer:
        """Answer one vector."""
        reason = self._reason_to_skip(vector)
        if reason:
            return Answer(output=None, error=None, skipped=reason)
        try:
            if self._wants_transaction(vector):
                return self._by_transaction(vector)
            if self._abilities.overrides:
                return self._by_call(vector)
            return self._by_plain_call(vector)
        except (SilentError, RefusedError, NonsenseError) as error:
            return Answer(output=None, error=None, broken=str(error))

    # What can be asked in which way.

    def _reason_to_skip(self, vector: Vector) -> str:
        abilities = self._abilities
        if vector.contextual or vector.moment.given:
            return "the answer depends on the block, which a node chooses"
        callers = (vector.caller, *(step.caller for step in vector.before))
        if any(int.from_bytes(caller, "big") <= STANDARD_PRECOMPILES_MAX for caller in callers):
            return "the caller is a precompile, so that no forwarder can stand there"
        if vector.chain_id not in (None, abilities.chain_id):
            return f"the answer is that of chain {vector.chain_id}"
        if needs_block(vector) or vector.mode == "call":
            entry = at(vector.address)
            method = entry and entry.by_selector.get(vector.input[:4])
            if method and method.secret and vector.secret_ops != self._secret_ops:
                return f"the vector is for secretOps {vector.secret_ops}, the node for the other"
        if self._wants_transaction(vector):
            if vector.gas_used > TRANSACTION_GAS // 2:
                return "needs more gas than a transaction may have"
            return ""
        if needs_block(vector):
            return "needs a transaction that can be taken back"
        if not abilities.overrides:
            special = vector.static or vector.delegated or vector.frame_gas != FRAME_GAS
            if special or vector.before or vector.value or vector.accounts:
                return "needs state overrides"
        return ""

    def _wants_transaction(self, vector: Vector) -> bool:
        changes = vector.expected.logs or vector.expected.storage
        able = self._abilities.developer and self._abilities.account
        return bool(able and vector.mode == "block" and (changes or needs_block(vector)))

    # The ways.

    def _by_call(self, vector: Vector) -> Answer:
        kind = kind_of(vector)
        data = forwarder.request(kind, vector.address, vector.frame_gas, vector.value, vector.input)
        request = {
            "from": SPONSOR,
            "to": hexed(vector.caller),
            "gas": hex(CALL_GAS),
            "data": hexed(data),
        }
        overrides = overriding(vector)
        output = as_bytes(self._client("eth_call", request, "latest", overrides))
        answer = reported(vector, forwarder.read(output, kind, vector.value))
        if self._abilities.trace and (vector.expected.logs or vector.expected.storage):
            logs, storage = self._traced(vector, request, overrides)
            answer = replace(answer, logs=logs, storage=storage)
        return answer

    def _traced(
        self, vector: Vector, request: Mapping[str, Any], overrides: Mapping[str, Any]
    ) -> tuple[Logs | None, dict[int, int] | None]:
        """Return logs and changed words of a call, where the node's tracers show them."""

        def trace(tracer: str, config: Mapping[str, bool]) -> Any:
            options = {"tracer": tracer, "tracerConfig": config, "stateOverrides": overrides}
            return possible(lambda: self._client("debug_traceCall", request, "latest", options))

        calls = trace("callTracer", {"withLog": True})
        change = trace("prestateTracer", {"diffMode": True})
        try:
            logs = None if calls is None else logs_of(logs_below(calls["calls"][0]), vector)
            storage = None if change is None else changed_words(change, hexed(vector.address))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise NonsenseError(f"debug_traceCall: {error!r} in the trace") from None
        return logs, storage

    def _by_plain_call(self, vector: Vector) -> Answer:
        """Ask without the forwarder; the gas stays untold."""
        request = {
            "from": hexed(vector.caller),
            "to": hexed(vector.address),
            "gas": hex(CALL_GAS),
            "data": hexed(vector.input),
        }
        try:
            return Answer(output=as_bytes(self._client("eth_call", request, "latest")), error=None)
        except RefusedError as refused:
            if refused.data is None and vector.expected.output is None:
                reason = "the node does not tell what a call reverts with"
                return Answer(output=None, error=None, skipped=reason)
            return Answer(output=None, error=refused.data)

    def _by_transaction(self, vector: Vector) -> Answer:
        snapshot = self._client("evm_snapshot")
        try:
            self._set_up(vector)
            for step in vector.before:
                report, _ = self._send(vector, step, forwarder.CALL, FRAME_GAS)
                if not report.success:
                    raise NonsenseError(f"a call before it failed: {hexed(report.data)}")
            report, logs = self._send(
                vector,
                Step(
                    to=vector.address,
                    input=vector.input,
                    caller=vector.caller,
                    value=vector.value,
                    moment=vector.moment,
                ),
                kind_of(vector),
                vector.frame_gas,
            )
            storage = {slot: self._word(vector.address, slot) for slot in vector.expected.storage}
            return replace(reported(vector, report), logs=logs, storage=storage)
        finally:
            self._client("evm_revert", snapshot)

    def _set_up(self, vector: Vector) -> None:
        """Put the vector's accounts there."""
        prefix = self._abilities.developer
        for address, account in {**emptied(), **vector.accounts}.items():
            at = hexed(address)
            if account.code:
                self._client(f"{prefix}_setCode", at, hexed(account.code))
            self._client(f"{prefix}_setBalance", at, hex(account.balance))
            zeros = emptied().get(address, account).storage
            for slot, word in {**dict.fromkeys(zeros, 0), **account.storage}.items():
                self._client(f"{prefix}_setStorageAt", at, f"0x{slot:064x}", f"0x{word:064x}")

    def _send(
        self, vector: Vector, step: Step, kind: int, gas: int
    ) -> tuple[forwarder.Report, Logs]:
        """Have a caller make a call in a transaction; return how it went and what it logged."""
        prefix = self._abilities.developer
        caller = hexed(step.caller)
        self._client(f"{prefix}_setCode", caller, hexed(forwarder.CODE))
        self._client(f"{prefix}_setBalance", caller, hex(embedded.RICH))
        data = forwarder.request(kind, step.to, gas, step.value, step.input)
        transaction = {
            "from": self._abilities.account,
            "to": caller,
            "gas": hex(TRANSACTION_GAS),
            "data": hexed(data),
        }
        receipt = self._receipt(self._client("eth_sendTransaction", transaction))
        try:
            logs = receipt["logs"]
            own = [log for log in logs if log["address"] == caller and not log["topics"]]
            report = forwarder.read(as_bytes(own[-1]["data"]), kind, step.value)
            emitted = logs_of(logs, vector)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise NonsenseError(f"eth_getTransactionReceipt: {error!r} in the receipt") from None
        if report is None:
            raise NonsenseError("the forwarder's log is not its own")
        return report, emitted

    def _receipt(self, transaction_hash: Any) -> Any:
        """Wait for a transaction to be mined."""
        last = time.monotonic() + RECEIPT_SECONDS
        while time.monotonic() < last:
            receipt = self._client("eth_getTransactionReceipt", transaction_hash)
            if receipt is not None:
                return receipt
            possible(lambda: self._client("evm_mine"))
            time.sleep(POLL_SECONDS)
        raise SilentError(f"no receipt in {RECEIPT_SECONDS:.0f} seconds")

    def _word(self, address: bytes, slot: int) -> int:
        found = self._client("eth_getStorageAt", hexed(address), f"0x{slot:064x}", "latest")
        return int.from_bytes(as_bytes(found), "big")


def needs_block(vector: Vector) -> bool:
    """Return whether an eth_call would be another question: only secrets know the difference."""
    entry = at(vector.address)
    method = entry.by_selector.get(vector.input[:4]) if entry is not None else None
    return vector.mode == "block" and method is not None and method.secret


def kind_of(vector: Vector) -> int:
    """Return the forwarder's number for the kind of call."""
    if vector.delegated:
        return forwarder.DELEGATECALL
    return forwarder.STATICCALL if vector.static else forwarder.CALL


def overriding(vector: Vector) -> dict[str, Any]:
    """Return the state overrides that make what the calls before a vector leave."""
    world = embedded.prepared(vector)
    storage = {(at, slot): 0 for at, each in emptied().items() for slot in each.storage}
    balances = {address: each.balance for address, each in emptied().items()}
    overrides: dict[str, Any] = {}
    for address, code in world.codes.items():
        assert isinstance(code, bytes), "a vector's accounts have byte-code"
        overrides.setdefault(hexed(address), {})["code"] = hexed(code)
    for address, balance in {**balances, **world.balances}.items():
        overrides.setdefault(hexed(address), {})["balance"] = hex(balance)
    for (address, slot), word in {**storage, **world.storage}.items():
        words = overrides.setdefault(hexed(address), {}).setdefault("stateDiff", {})
        words[f"0x{slot:064x}"] = f"0x{word:064x}"
    return overrides


@cache
def emptied() -> Mapping[bytes, Account]:
    """Return the entries that a genesis gives something, with nothing: as a vector begins."""
    settings = {"admin": SPONSOR}
    return {
        entry.address: Account(
            code=b"", balance=0, storage=dict.fromkeys(entry.genesis(settings).storage, 0)
        )
        for entry in PRECOMPILES
        if entry.genesis is not None
    }


def reported(vector: Vector, report: forwarder.Report | None) -> Answer:
    """Return a forwarded call as an answer."""
    if report is None:
        raise NonsenseError("eth_call: the forwarder's answer is not its own")
    if not report.success and not report.data and report.gas >= vector.frame_gas:
        return Answer(output=None, error=None, gas_used=report.gas)
    return Answer(
        output=report.data if report.success else None,
        error=None if report.success else report.data,
        gas_used=report.gas,
    )


def logs_of(logs: Sequence[Mapping[str, Any]], vector: Vector) -> Logs:
    """Return the logs that the precompile emitted."""
    return tuple(
        (tuple(as_bytes(topic) for topic in log["topics"]), as_bytes(log["data"]))
        for log in logs
        if log["address"].lower() == hexed(vector.address)
    )


def logs_below(call: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the logs of a traced call and of those it made, in their order."""
    found: list[Mapping[str, Any]] = list(call.get("logs", []))
    for each in call.get("calls", []):
        found += logs_below(each)
    # Not all nodes number their logs; without it, those of a call come before those below it.
    return sorted(found, key=lambda log: int(log.get("index", "0x0"), 16))


def changed_words(change: Mapping[str, Any], address: str) -> dict[int, int]:
    """Return the words that a prestate trace shows as changed; one only in `pre` became zero."""
    before = change["pre"].get(address, {}).get("storage", {})
    after = change["post"].get(address, {}).get("storage", {})
    return {int(slot, 16): int(after.get(slot, "0x0"), 16) for slot in {**before, **after}}


def as_bytes(value: Any) -> bytes:
    """Return the bytes of hex that a node sent."""
    if not isinstance(value, str):
        raise NonsenseError(f"{str(value)[:60]!r} is not hex")
    try:
        return unhex(value)
    except ValueError:
        raise NonsenseError(f"{value[:60]!r} is not hex") from None
