"""A service node's side of the swarm: keeps blobs for who is offline, and what accounts publish.

One SQLite file. What is answered with `Done` is on the disk. The node holds no key that opens a
blob, and writes down neither who asked nor when: what lies here are names, blobs and the five
minutes in which each may be forgotten. It never raises on what comes from outside.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..codec import Refused, u64
from ..crypto import Random, equal, mac, sha256, verify
from . import work
from .mailboxes import (
    DAY_MS,
    NO_TOKEN,
    OPENING_CONTEXT,
    SKEW_MS,
    TERMS_DAYS,
    Inbox,
    channel_mailbox,
    day,
    inbox_address,
    is_bucket,
    opening,
)
from .requests import (
    ENTRIES_MAX,
    VALUES_MAX,
    Code,
    Done,
    Erase,
    Fetch,
    Lookup,
    Open,
    Page,
    Ping,
    Publish,
    Refusal,
    Reply,
    Request,
    Store,
    Terms,
    Token,
    decode_request,
    encode_reply,
)

CAPACITY = 10 << 30
ROW_COST = 512  # what a row weighs beside its blob
MAILBOX_BYTES_MAX = 64 << 20
MAILBOX_BLOBS_MAX = 1024
RECORDS_SHARE = 8  # published keys take at most this part of the capacity
RECORD_DAYS = 14
OPEN_DAYS = TERMS_DAYS[-1] + 1
STEP_MS = 300_000  # the finest time that is written down
CURSOR_BITS = 20  # of a cursor that count within these five minutes
PURGED_AT_ONCE = 1000
DAMAGED_KEPT = 3
INTEGER_MAX = 2**63 - 1  # of SQLite

SCHEMA = """
CREATE TABLE blobs (
    mailbox BLOB NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL,
    size INTEGER NOT NULL, expires INTEGER NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX blobs_by_id ON blobs (mailbox, id);
CREATE INDEX blobs_in_order ON blobs (mailbox, seq, size);
CREATE INDEX blobs_by_expiry ON blobs (expires, size);
CREATE TABLE records (
    name BLOB NOT NULL, tag BLOB NOT NULL, id BLOB NOT NULL, strength INTEGER NOT NULL,
    size INTEGER NOT NULL, expires INTEGER NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX records_by_tag ON records (name, tag);
CREATE INDEX records_by_expiry ON records (expires, size);
CREATE TABLE spent (work BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX spent_by_expiry ON spent (expires);
PRAGMA user_version = 1;
"""
SCHEMA_VERSION = 1
TABLES = {"blobs", "records", "spent"}
# What is deleted is overwritten; a second process is kept out; a commit waits for the disk.
SETTINGS = (
    *("auto_vacuum = INCREMENTAL", "locking_mode = EXCLUSIVE", "journal_mode = WAL"),
    *("synchronous = FULL", "secure_delete = ON", "cell_size_check = ON", "trusted_schema = OFF"),
)
_T = TypeVar("_T")


class _Refusal(Exception):
    """A request is refused by a rule; nothing has been changed."""

    def __init__(self, code: Code, bits: int = 0) -> None:
        super().__init__(code.name)
        self.code = code
        self.bits = bits


class _ForeignError(sqlite3.DatabaseError):
    """The file is a database, and none of ours."""


class SwarmStore:
    """What one service node keeps. One thread at a time may use it."""

    def __init__(
        self, path: Path, node_id: bytes, random: Random, *, capacity: int = CAPACITY
    ) -> None:
        self.refused: Counter[str] = Counter()
        self.damaged: list[str] = []  # the names that damaged files were moved to
        self._path = path
        self._node_id = node_id
        self._capacity = capacity
        self._secret = random(32)  # makes the tokens of inboxes; they die with the process
        self._used = self._records = 0
        self._database = self._open()

    def close(self) -> None:
        """Let go of the file; what is in its log goes into it."""
        self._database.close()

    def handle(self, request: bytes, now: int) -> bytes:
        """Answer a request; what is answered with `Done` is on the disk."""
        return self.handle_all([request], now)[0]

    def handle_all(self, requests: Sequence[bytes], now: int) -> list[bytes]:
        """Answer requests in order, with one wait for the disk."""
        try:
            replies = self._transact(lambda: [self._answer(data, now) for data in requests])
        except sqlite3.Error as error:
            if len(requests) > 1:  # so that one that cannot be stored spoils no other
                return [self.handle(request, now) for request in requests]
            self._recover(error)
            replies = [self._refusal(Code.FAILED, 0, now)]
        return [encode_reply(reply) for reply in replies]

    def tick(self, now: int) -> bool:
        """Forget what is due and clear the log; return whether more is due. Once a minute."""
        try:
            more = self._transact(lambda: self._purge(now))
            self._database.execute("PRAGMA incremental_vacuum(1000)").fetchall()
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            self._recover(error)
            return False
        return more

    def status(self) -> dict[str, int]:
        """Return what the operator may see: totals, and nothing about anybody."""
        return {"used": self._used, "capacity": self._capacity, "records": self._records}

    # Requests

    def _answer(self, data: bytes, now: int) -> Reply:
        try:
            request = decode_request(data)
        except Refused as refused:
            self.refused[refused.reason] += 1
            return Refusal(Code.MALFORMED, 0, work.hour(now))
        kept = self._used, self._records
        self._database.execute("SAVEPOINT request")
        try:
            reply = self._do(request, now)
        except _Refusal as refusal:
            self._used, self._records = kept
            self._database.execute("ROLLBACK TO request")
            reply = self._refusal(refusal.code, refusal.bits, now)
        self._database.execute("RELEASE request")
        return reply

    def _refusal(self, code: Code, bits: int, now: int) -> Refusal:
        self.refused[f"swarm: {code.name.lower().replace('_', ' ')}"] += 1
        return Refusal(code, bits, work.hour(now))

    def _do(self, request: Request, now: int) -> Reply:
        match request:
            case Ping():
                return Terms(work.hour(now), self._load())
            case Store():
                return self._store(request, now)
            case Fetch():
                return self._fetch(request, now)
            case Erase():
                return self._erase(request, now)
            case Open():
                return self._open_inbox(request, now)
            case Publish():
                return self._publish(request, now)
            case Lookup():
                return self._look_up(request, now)

    def _store(self, request: Store, now: int) -> Done:
        guarded = channel_mailbox(self._node_id, request.token) == request.mailbox
        if not guarded and request.token != NO_TOKEN:
            raise _Refusal(Code.NO_ACCESS)
        blob_id, work_id = self._check_work(
            request, request.mailbox, request.term, now, guarded=guarded
        )
        box = (request.mailbox,)
        if self._one("SELECT 1 FROM blobs WHERE mailbox = ? AND id = ?", *box, blob_id):
            return Done(1)  # a second try, whose first answer was lost
        self._spend(work_id, request.hour)
        size = len(request.blob)
        last, count, held = self._database.execute(
            "SELECT COALESCE(MAX(seq), 0), COUNT(*), COALESCE(SUM(size), 0)"
            " FROM blobs WHERE mailbox = ?",
            box,
        ).fetchone()
        if count >= MAILBOX_BLOBS_MAX or held + size > MAILBOX_BYTES_MAX:
            raise _Refusal(Code.MAILBOX_FULL)
        self._check_room(size, self._capacity - self._used)
        expires = _expiry(now + TERMS_DAYS[request.term] * DAY_MS)
        # A mailbox that was emptied does not count anew, or who kept a cursor would miss blobs.
        seq = max(last + 1, now // STEP_MS << CURSOR_BITS)
        self._database.execute(
            "INSERT INTO blobs VALUES (?, ?, ?, ?, ?, ?)",
            (*box, seq, blob_id, size, expires, request.blob),
        )
        self._used += size + ROW_COST
        return Done(1)

    def _fetch(self, request: Fetch, now: int) -> Page:
        self._check_access(request, now)
        rows = self._database.execute(
            "SELECT seq, id, data FROM blobs WHERE mailbox = ? AND seq > ? AND expires > ?"
            " ORDER BY seq",
            (request.mailbox, min(request.after, INTEGER_MAX), now),
        )
        return self._page(rows, request.limit)

    def _erase(self, request: Erase, now: int) -> Done:
        self._check_access(request, now)
        erased = 0
        for blob_id in request.blob_ids:
            found = self._one(
                "DELETE FROM blobs WHERE mailbox = ? AND id = ? RETURNING size",
                request.mailbox,
                blob_id,
            )
            if found is not None:
                self._used -= found + ROW_COST
                erased += 1
        return Done(erased)

    def _open_inbox(self, request: Open, now: int) -> Token:
        if not day(now) - OPEN_DAYS <= request.epoch <= day(now + SKEW_MS):
            raise _Refusal(Code.EPOCH)
        signed = opening(self._node_id, request.epoch)
        if not verify(request.public, signed, request.signature, OPENING_CONTEXT):
            raise _Refusal(Code.NO_ACCESS)
        inbox = Inbox(inbox_address(request.public)).name(request.epoch, self._node_id)
        return Token(self._inbox_token(inbox, day(now)))

    def _publish(self, request: Publish, now: int) -> Done:
        blob_id, work_id = self._check_work(request, request.name, 0, now, guarded=False)
        tag = sha256(b"pars/swarm-record-tag/v1", self._node_id, request.token)
        slot = (request.name, tag)
        found = self._one("SELECT id FROM records WHERE name = ? AND tag = ?", *slot)
        if found == blob_id and self._is_spent(work_id):
            return Done(1)  # a second try, whose first answer was lost
        self._spend(work_id, request.hour)
        shown = work.strength(work_id, request.nonce)
        if found is not None:
            self._drop_record(*slot)
        else:
            self._displace(request.name, shown)
        size = len(request.blob)
        share = self._capacity // RECORDS_SHARE - self._records
        self._check_room(size, min(share, self._capacity - self._used))
        self._database.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*slot, blob_id, shown, size, _expiry(now + RECORD_DAYS * DAY_MS), request.blob),
        )
        self._used += size + ROW_COST
        self._records += size + ROW_COST
        return Done(1)

    def _look_up(self, request: Lookup, now: int) -> Page:
        rows = self._database.execute(
            "SELECT ROW_NUMBER() OVER (ORDER BY strength DESC, tag) AS place, id, data"
            " FROM records WHERE name = ? AND expires > ? ORDER BY place LIMIT -1 OFFSET ?",
            (request.name, now, min(request.after, VALUES_MAX)),
        )
        return self._page(rows, request.limit)

    def _page(self, rows: sqlite3.Cursor, limit: int) -> Page:
        """Return rows up to a size, the first whatever its size; a blob that rotted is left out."""
        entries: list[tuple[int, bytes]] = []
        more, taken = False, 0
        for cursor, blob_id, blob in rows:
            if sha256(blob) != blob_id:
                self.refused["swarm: blob damaged"] += 1
                continue
            more = len(entries) == ENTRIES_MAX or (bool(entries) and taken + len(blob) > limit)
            if more:
                break
            taken += len(blob)
            entries.append((cursor, blob))
        rows.close()
        return Page(more, tuple(entries))

    # Rules

    def _check_work(
        self, request: Store | Publish, name: bytes, term: int, now: int, *, guarded: bool
    ) -> tuple[bytes, bytes]:
        """Return the blob's id and the work's, if the size and the work are as they must be."""
        size = len(request.blob)
        if not is_bucket(size):
            raise _Refusal(Code.NO_BUCKET)
        bits = work.required(size, term, self._load(), guarded=guarded)
        if abs(request.hour - work.hour(now)) > work.HOURS_APART_MAX:
            raise _Refusal(Code.WORK_TIME, min(bits, 255))
        blob_id = sha256(request.blob)
        given = work.challenge(self._node_id, name, blob_id, term, request.hour)
        if work.strength(given, request.nonce) < bits:
            raise _Refusal(Code.WORK_LOW, min(bits, 255))
        return blob_id, given

    def _is_spent(self, work_id: bytes) -> bool:
        return self._one("SELECT 1 FROM spent WHERE work = ?", work_id) is not None

    def _spend(self, work_id: bytes, at_hour: int) -> None:
        """Refuse work that has been shown before, and remember this for as long as it is taken."""
        if self._is_spent(work_id):
            raise _Refusal(Code.WORK_SPENT)
        expires = (at_hour + work.HOURS_APART_MAX + 1) * work.HOUR_MS
        self._database.execute("INSERT INTO spent VALUES (?, ?)", (work_id, expires))

    def _check_access(self, request: Fetch | Erase, now: int) -> None:
        if equal(channel_mailbox(self._node_id, request.token), request.mailbox):
            return
        today = day(now)
        opens = [self._inbox_token(request.mailbox, given) for given in (today, today - 1)]
        if not any(equal(request.token, token) for token in opens):
            raise _Refusal(Code.NO_ACCESS)

    def _inbox_token(self, inbox: bytes, given: int) -> bytes:
        return mac(self._secret, b"pars/swarm-inbox-token/v1" + u64(given) + inbox)

    def _load(self) -> int:
        return work.load_of(self._used, self._capacity)

    def _check_room(self, size: int, free: int) -> None:
        """Refuse what does not fit. What is due counts until `tick` forgets it."""
        if size + ROW_COST > free:
            raise _Refusal(Code.FULL)

    def _displace(self, name: bytes, shown: int) -> None:
        """Where a name has all its values, let the new one displace one that cost less."""
        rows = self._database.execute(
            "SELECT strength, tag FROM records WHERE name = ? ORDER BY strength, tag", (name,)
        ).fetchall()
        if len(rows) < VALUES_MAX:
            return
        weakest, tag = rows[0]
        if shown <= weakest:
            raise _Refusal(Code.RECORD_FULL, weakest + 1)
        self._drop_record(name, tag)

    def _drop_record(self, name: bytes, tag: bytes) -> None:
        size = self._one("DELETE FROM records WHERE name = ? AND tag = ? RETURNING size", name, tag)
        self._used -= size + ROW_COST
        self._records -= size + ROW_COST

    # The database

    def _one(self, statement: str, *values: object) -> Any:
        """Return the first column of the first row, or None."""
        row = self._database.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def _transact(self, act: Callable[[], _T]) -> _T:
        """Do everything or, where the database fails, nothing."""
        kept = self._used, self._records
        self._database.execute("BEGIN")
        try:
            result = act()
            self._database.execute("COMMIT")
        except BaseException:
            self._used, self._records = kept
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        return result

    def _purge(self, now: int) -> bool:
        """Forget what is due, as much as one transaction should take."""
        more = False
        for table in ("blobs", "records"):
            due = self._database.execute(
                f"SELECT rowid, size FROM {table} WHERE expires <= ? LIMIT ?",  # noqa: S608 - ours
                (now, PURGED_AT_ONCE),
            ).fetchall()
            self._database.executemany(
                f"DELETE FROM {table} WHERE rowid = ?",  # noqa: S608 - ours
                [(row,) for row, _ in due],
            )
            freed = sum(size + ROW_COST for _, size in due)
            self._used -= freed
            self._records -= freed if table == "records" else 0
            more = more or len(due) == PURGED_AT_ONCE
        self._database.execute("DELETE FROM spent WHERE expires <= ?", (now,))
        return more

    def _open(self) -> sqlite3.Connection:
        """Open the file and add up what is there; one that is damaged is moved aside, and named."""
        for _ in range(2):
            database = None
            try:
                database = _connect(self._path)
                blobs, records = _totals(database)
            except sqlite3.Error as error:
                if database is not None:
                    database.close()
                if not _is_damage(error):
                    raise OSError(f"{self._path.name}: {error}") from None
                self._set_aside()
            else:
                self._used, self._records = blobs + records, records
                return database
        raise OSError(f"{self._path.name}: a new file is damaged too")

    def _recover(self, error: sqlite3.Error) -> None:
        """After a failure: go on, and where the file itself is damaged, with a new one."""
        self.refused["swarm: database failed"] += 1
        if _is_damage(error):
            self._database.close()
            try:
                self._set_aside()
                self._database = self._open()
            except OSError:  # from now on every request fails, and says so
                self.refused["swarm: disk failed"] += 1

    def _set_aside(self) -> None:
        """Give a damaged file another name; no more than a few are kept."""
        names = [f"{self._path.name}.damaged-{number + 1}" for number in range(DAMAGED_KEPT)]
        free = [name for name in names if not self._path.with_name(name).exists()]
        name = (free or names)[0]
        for suffix in ("", "-wal"):
            file = self._path.with_name(self._path.name + suffix)
            if file.exists():
                file.replace(self._path.with_name(name + suffix))
        self.damaged.append(name)


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        for setting in SETTINGS:
            database.execute(f"PRAGMA {setting}").fetchall()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        listed = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        tables = {name for (name,) in listed}
        if version == 0 and not tables:
            database.executescript(f"BEGIN;{SCHEMA}COMMIT;")
        elif version != SCHEMA_VERSION or tables != TABLES:
            raise _ForeignError("another program's, or another version's")
    except BaseException:
        database.close()
        raise
    return database


def _totals(database: sqlite3.Connection) -> Iterator[int]:
    for table in ("blobs", "records"):
        weights = f"SELECT COALESCE(SUM(size + {ROW_COST}), 0) FROM {table}"  # noqa: S608 - ours
        yield int(database.execute(weights).fetchone()[0])


def _is_damage(error: sqlite3.Error) -> bool:
    """Return whether the file is to blame, and not the disk, the memory or another process."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, _ForeignError) or code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )


def _expiry(moment: int) -> int:
    """Return the end of these five minutes, so that no row tells when exactly it came."""
    return -(-moment // STEP_MS) * STEP_MS
