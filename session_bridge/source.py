"""Where the bridge hears of sessions: from a daemon's control socket, or from a development file.

Whatever a source says is checked: leaves stand in their order, events have their numbers, and what
is signed is what the bridge has computed itself from the leaves.
"""

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from node.codec import read_json
from node.session.anchoring import ADDRESS_SIZE, PAYLOAD_MAX, Event, SessionLeaf
from node.session.attestations import Statement
from node.session.states import SessionState

from .errors import SourceError

ID_SIZE = 32
NUMBER_MAX = 2**64 - 1
LEAVES_MAX = 2**20
EVENTS_MAX = 2**16
SIGNATURES_MAX = 64
ANSWER_BYTES_MAX = 2**29
SECONDS = 20.0
TOKEN_BYTES_MAX = 1024
PIECE_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Epoch:
    """What happened in an epoch that is over: sessions by their ids, events by their numbers."""

    number: int
    leaves: tuple[SessionLeaf, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a certificate is wanted for."""

    kind: str
    """`anchor` or `events`."""
    chain_id: int
    contract: bytes
    statement: Statement


class Source(Protocol):
    """Tells of epochs, and who signed what."""

    def epoch(self, number: int) -> Epoch | None:
        """Return an epoch; None while it is not over."""

    def signatures(self, asked: Asked) -> Mapping[bytes, bytes]:
        """Return signatures of a statement by public key, as many as there are; unchecked."""


class DaemonSource:
    """A daemon, by JSON-RPC in lines over its control socket."""

    def __init__(self, datadir: Path, seconds: float = SECONDS) -> None:
        """Use the daemon that keeps its files in a folder, and runs now."""
        self._path = datadir / "control.sock"
        self._token = datadir / "control.token"
        read_token(self._token)
        self._seconds = seconds
        self._id = 0
        self._socket: socket.socket | None = None
        self._rest = b""

    def epoch(self, number: int) -> Epoch | None:
        """Ask for an epoch."""
        answer = self._ask("GetEpoch", {"epoch": number})
        return read_epoch(answer, number)

    def signatures(self, asked: Asked) -> Mapping[bytes, bytes]:
        """Ask for a certificate."""
        answer = self._ask(
            "GetCertificate",
            {
                "kind": asked.kind,
                "chainId": asked.chain_id,
                "contract": asked.contract.hex(),
                "epoch": asked.statement.epoch,
            },
        )
        return read_signatures(answer, asked.statement)

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._rest = None, b""

    def _ask(self, method: str, params: Mapping[str, Any]) -> Any:
        last = time.monotonic() + self._seconds
        try:
            if self._socket is None:
                self._connect(last)
            return self._exchange(method, params, last)
        except OSError as error:
            self.close()
            raise SourceError(f"daemon: {self._path}: {error.strerror or error}") from None
        except SourceError:
            self.close()
            raise

    def _connect(self, last: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(self._seconds)
        self._socket.connect(str(self._path))
        # A daemon that was started again has another one.
        self._exchange("Authenticate", {"token": read_token(self._token)}, last)

    def _exchange(self, method: str, params: Mapping[str, Any], last: float) -> Any:
        self._id += 1
        message = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        connection = self._connected(last)
        connection.sendall(json.dumps(message).encode() + b"\n")
        while True:
            answer = parsed(self._line(last))
            if not isinstance(answer, dict):
                raise SourceError(f"daemon: {method}: the answer is no object")
            if answer.get("id") != self._id:  # what the daemon tells everybody
                continue
            if "error" in answer:
                raise SourceError(f"daemon: {method}: {told(answer['error'])}")
            return answer.get("result")

    def _line(self, last: float) -> bytes:
        pieces, size = [self._rest], len(self._rest)
        while b"\n" not in pieces[-1]:
            piece = self._connected(last).recv(PIECE_BYTES)
            size += len(piece)
            if not piece:
                raise SourceError("daemon: it ended the connection")
            if size > ANSWER_BYTES_MAX:
                raise SourceError("daemon: its answer has no end")
            pieces.append(piece)
        line, _, self._rest = b"".join(pieces).partition(b"\n")
        return line

    def _connected(self, last: float) -> socket.socket:
        left = last - time.monotonic()
        if self._socket is None or left <= 0:
            raise SourceError("daemon: its answer takes too long")
        self._socket.settimeout(left)
        return self._socket


def read_token(path: Path) -> str:
    """Read what a daemon that runs lets its user in by."""
    try:
        return path.read_bytes()[:TOKEN_BYTES_MAX].decode("ascii").strip()
    except OSError as error:
        raise SourceError(f"daemon: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SourceError(f"daemon: {path} is no token") from None


# --- Reading what a source says -------------------------------------------------------------


def parsed(data: bytes) -> Any:
    """Read JSON."""
    try:
        return read_json(data)
    except ValueError:
        raise SourceError("source: not JSON") from None


def read_epoch(answer: Any, number: int) -> Epoch | None:
    """Read an epoch, and check that it is what it says."""
    if not isinstance(answer, dict):
        raise SourceError(f"source: epoch {number} is no object")
    if answer.get("closed", True) is not True:
        return None
    if answer.get("epoch") != number:
        raise SourceError(f"source: it is not epoch {number}")
    leaves = tuple(map(read_leaf, listed(answer, "leaves", LEAVES_MAX)))
    events = tuple(map(read_event, listed(answer, "events", EVENTS_MAX)))
    ids = [leaf.session_id for leaf in leaves]
    if any(left >= right for left, right in pairwise(ids)):
        raise SourceError(f"source: epoch {number}: sessions are not in order")
    if any(event.number != events[0].number + at for at, event in enumerate(events)):
        raise SourceError(f"source: epoch {number}: events are not numbered one by one")
    return Epoch(number, leaves, events)


def read_leaf(found: Any) -> SessionLeaf:
    """Read a session."""
    state = integer(found, "state", 255)
    try:
        known = SessionState(state)
    except ValueError:
        raise SourceError(f"source: a session has no state {state}") from None
    return SessionLeaf(
        session_id=sized(found, "sessionId", ID_SIZE),
        state=known,
        output_hash=sized(found, "outputHash", ID_SIZE),
        oracle_root=sized(found, "oracleRoot", ID_SIZE),
        receipts_root=sized(found, "receiptsRoot", ID_SIZE),
    )


def read_event(found: Any) -> Event:
    """Read an event."""
    payload = unhexed(field(found, "payload"), "payload")
    if len(payload) > PAYLOAD_MAX:
        raise SourceError(f"source: a payload has more than {PAYLOAD_MAX:,} bytes")
    return Event(
        number=integer(found, "number", NUMBER_MAX),
        session_id=sized(found, "sessionId", ID_SIZE),
        kind=integer(found, "kind", 255),
        target=sized(found, "target", ADDRESS_SIZE),
        payload=payload,
    )


def read_signatures(answer: Any, statement: Statement) -> Mapping[bytes, bytes]:
    """Read a certificate of what the bridge wants signed, and of nothing else."""
    if sized(answer, "subject", ID_SIZE) != statement.subject:
        raise SourceError("source: the certificate is of another contract, chain or epoch")
    if sized(answer, "commitment", ID_SIZE) != statement.commitment:
        raise SourceError("source: what is signed does not follow from the leaves")
    return {
        unhexed(field(each, "publicKey"), "publicKey"): unhexed(
            field(each, "signature"), "signature"
        )
        for each in listed(answer, "signatures", SIGNATURES_MAX)
    }


def listed(found: Any, name: str, limit: int) -> Sequence[Any]:
    """Return a list of an object, of at most so many."""
    value = field(found, name)
    if not isinstance(value, list) or len(value) > limit:
        raise SourceError(f"source: {name} is no list of at most {limit:,}")
    return value


def integer(found: Any, name: str, limit: int) -> int:
    """Return a number of an object."""
    value = field(found, name)
    if type(value) is not int or not 0 <= value <= limit:
        raise SourceError(f"source: {name} is no number from 0 to {limit}")
    return value


def sized(found: Any, name: str, size: int) -> bytes:
    """Return bytes of a known number of an object."""
    value = unhexed(field(found, name), name)
    if len(value) != size:
        raise SourceError(f"source: {name} has {len(value)} bytes, not {size}")
    return value


def field(found: Any, name: str) -> Any:
    """Return a field of an object."""
    if not isinstance(found, dict) or name not in found:
        raise SourceError(f"source: {name} is missing")
    return found[name]


def unhexed(value: Any, name: str) -> bytes:
    """Return bytes from hex, with or without 0x."""
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise SourceError(f"source: {name} is not hex") from None


def told(error: Any) -> str:
    """Return an error object's message in one line."""
    message = error.get("message") if isinstance(error, dict) else error
    return " ".join(str(message)[:200].split())
