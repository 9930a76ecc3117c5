"""The first message of a link, and the answer that asks for it again.

A hello is hidden under a key made of the name of the node it calls: who does not know that name
sees random bytes, and a node drops what does not name it before it computes anything dear.
"""

import hashlib
from dataclasses import dataclass, field

from .. import codec, crypto
from ..codec import Reader, Refused
from ..crypto import HYBRID_PUBLIC, TAG, Random

# The name that an initiator calls who knows none; whoever answers tells its own.
NAMELESS = bytes(32)

NONCE = 16
COOKIE = 16
SOLUTION = 8
TICKET = 16
BINDER = 16
MARK = 32
BODY = HYBRID_PUBLIC + COOKIE + SOLUTION + TICKET + BINDER
HELLO = NONCE + BODY + MARK
RETRY_NONCE = 12
RETRY = RETRY_NONCE + COOKIE + 1 + TAG

HELLO_LABEL = b"pars/link-hello/v1"
RETRY_LABEL = b"pars/link-retry/v1"
PUZZLE_LABEL = b"pars/link-puzzle/v1"

# 65,536 hashes are 60 ms of Python on the machine of docs/link.md; a flood pays them each time.
DIFFICULTY_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What an initiator says first; absent fields are zero."""

    public: bytes
    cookie: bytes = bytes(COOKIE)
    solution: int = 0
    ticket: bytes = bytes(TICKET)
    binder: bytes = field(default=bytes(BINDER), repr=False)

    @property
    def resumes(self) -> bool:
        """Whether it presents a ticket."""
        return self.ticket != bytes(TICKET)


def seal_hello(hello: Hello, named: bytes, random: Random) -> bytes:
    """Return the bytes that go out: nonce, hidden fields, mark."""
    nonce = random(NONCE)
    body = hello.public + hello.cookie + codec.u64(hello.solution) + hello.ticket + hello.binder
    veil, mark_key = _hello_keys(named, nonce)
    hidden = nonce + exclusive_or(body, crypto.keystream(veil, len(body)))
    return hidden + crypto.mac(mark_key, hidden)


def open_hello(wire: bytes, named: bytes) -> Hello | None:
    """Return the fields, or None if it does not call this name."""
    hidden, mark = wire[:-MARK], wire[-MARK:]
    veil, mark_key = _hello_keys(named, wire[:NONCE])
    if not crypto.equal(crypto.mac(mark_key, hidden), mark):
        return None
    reader = Reader(exclusive_or(hidden[NONCE:], crypto.keystream(veil, BODY)))
    public, cookie, solution = reader.take(HYBRID_PUBLIC), reader.take(COOKIE), reader.u64()
    ticket, binder = reader.take(TICKET), reader.take(BINDER)
    hello = Hello(public=public, cookie=cookie, solution=solution, ticket=ticket, binder=binder)
    if (solution and cookie == bytes(COOKIE)) or (binder != bytes(BINDER) and not hello.resumes):
        raise Refused("link: field of a hello that has no use")
    return hello


def _hello_keys(named: bytes, nonce: bytes) -> tuple[bytes, bytes]:
    keys = crypto.hkdf(named, nonce, HELLO_LABEL, 64)
    return keys[:32], keys[32:]


# --- Retry ----------------------------------------------------------------------------------


def seal_retry(cookie: bytes, difficulty: int, named: bytes, wire: bytes, random: Random) -> bytes:
    """Ask for the hello again, with this cookie and a solved puzzle.

    The nonce is drawn: nothing is kept that would tell whether this hello was answered before.
    """
    nonce, plain = random(RETRY_NONCE), cookie + codec.u8(difficulty)
    return nonce + crypto.aead_seal(_retry_key(named, wire), nonce, plain)


def open_retry(data: bytes, named: bytes, wire: bytes) -> tuple[bytes, int] | None:
    """Return cookie and difficulty, or None if this is no retry."""
    try:
        nonce, sealed = data[:RETRY_NONCE], data[RETRY_NONCE:]
        plain = crypto.aead_open(_retry_key(named, wire), nonce, sealed)
    except Refused:
        return None
    return plain[:COOKIE], plain[COOKIE]


def _retry_key(named: bytes, wire: bytes) -> bytes:
    return crypto.hkdf(named, wire[-MARK:], RETRY_LABEL)


# --- Puzzle ---------------------------------------------------------------------------------


def solve(cookie: bytes, difficulty: int) -> int:
    """Return the first number that solves a puzzle; refuse one that takes too long."""
    if difficulty > DIFFICULTY_MAX:
        raise Refused("link: puzzle too hard")
    start, bound = hashlib.sha256(PUZZLE_LABEL + cookie), 1 << (256 - difficulty)
    solution = 0
    while True:
        attempt = start.copy()
        attempt.update(codec.u64(solution))
        if int.from_bytes(attempt.digest()) < bound:
            return solution
        solution += 1


def is_solved(cookie: bytes, difficulty: int, solution: int) -> bool:
    """Tell whether the hash begins with as many zero bits as were asked for."""
    digest = crypto.sha256(PUZZLE_LABEL, cookie, codec.u64(solution))
    return int.from_bytes(digest) < 1 << (256 - difficulty)


def exclusive_or(first: bytes, second: bytes) -> bytes:
    """Return the bitwise sum of two strings of one length."""
    return (int.from_bytes(first) ^ int.from_bytes(second)).to_bytes(len(first))
