"""The committee: who signed for which seat, and a development committee that signs from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from node.crypto import SigningKey, verify
from node.session.attestations import Statement

from .chain_client import ChainClient, Contract, keccak
from .errors import SourceError
from .source import NUMBER_MAX, Asked, Epoch, integer, listed, parsed, read_epoch, unhexed

MAINNET = 6133
SEATS_MAX = 21
EPOCHS_MAX = 2**16
FILE_BYTES_MAX = 2**28
SEED_SIZE = 32
NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Certificate:
    """A quorum's signatures, as contracts take them."""

    bitmap: int
    signatures: bytes


@dataclass(frozen=True, slots=True)
class TooFew:
    """Not enough have signed yet."""

    signed: int
    needed: int
    wrong: int
    """Signatures that are not of a seat that counts, or do not hold."""

    def __str__(self) -> str:
        return f"{self.signed} of {self.needed}, and {self.wrong} that do not count"


class Committee:
    """The seats of the anchor's committee."""

    def __init__(self, client: ChainClient, anchor: Contract) -> None:
        self._client = client
        self._anchor = anchor
        self._accounts: dict[bytes, str] = {}
        """By the hash of a key, the account that keeps it. That never changes."""

    def certificate(
        self, block: int, statement: Statement, signatures: Mapping[bytes, bytes]
    ) -> Certificate | TooFew:
        """Choose as many signatures as a quorum has, in the order of seats.

        Seats that have equivocated do not count, nor does a signature that does not hold.
        """
        _, seats, marked = self._client.call(block, self._anchor, "committeeSeats")
        needed = self._client.call(block, self._anchor, "quorum")
        seat_of = {account: seat for seat, account in enumerate(seats) if not marked >> seat & 1}
        signers = {}
        for public in signatures:
            seat = seat_of.get(self._account(block, public))
            if seat is not None:
                signers[seat] = public
        message = statement.payload()
        bitmap, joined, signed = 0, b"", 0
        for seat, public in sorted(signers.items()):
            if signed < needed and verify(public, message, signatures[public]):
                bitmap, joined, signed = bitmap | 1 << seat, joined + signatures[public], signed + 1
        if signed < needed or not needed:
            return TooFew(signed, needed, len(signatures) - signed)
        return Certificate(bitmap, joined)

    def forget(self) -> None:
        """Ask again for what was known: the chain has been another one for a while."""
        self._accounts.clear()

    def _account(self, block: int, public: bytes) -> str:
        key_hash = keccak(public)
        if key_hash not in self._accounts:
            account = self._client.call(block, self._anchor, "keyBlob", key_hash)
            if account == NOBODY or len(self._accounts) >= 4 * SEATS_MAX:
                return str(account)
            self._accounts[key_hash] = account
        return self._accounts[key_hash]


class FileSource:
    """Epochs and a whole committee's secret keys in one file: for development only.

    `{"committee": [seed, ...], "epochs": [{"epoch": 1, "leaves": [...], "events": [...]}, ...]}`
    """

    def __init__(self, path: Path, chain_id: int) -> None:
        if chain_id == MAINNET:
            raise SourceError(
                f"a file that has all keys of the committee is no source for chain {MAINNET}"
            )
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._keys: list[SigningKey] = []
        self._epochs: dict[int, object] = {}

    def epoch(self, number: int) -> Epoch | None:
        """Return an epoch of the file as it is now."""
        self._read()
        found = self._epochs.get(number)
        return None if found is None else read_epoch(found, number)

    def signatures(self, asked: Asked) -> Mapping[bytes, bytes]:
        """Sign with all keys."""
        self._read()
        message = asked.statement.payload()
        return {key.public: key.sign(message) for key in self._keys}

    def _read(self) -> None:
        try:
            known = self._path.stat()
            stamp = (known.st_mtime_ns, known.st_size)
            if stamp == self._stamp:
                return
            if known.st_size > FILE_BYTES_MAX:
                raise SourceError(f"{self._path} is too long")
            held = parsed(self._path.read_bytes())
        except OSError as error:
            raise SourceError(f"{self._path}: {error.strerror}") from None
        seeds = [unhexed(each, "committee") for each in listed(held, "committee", SEATS_MAX)]
        if any(len(seed) != SEED_SIZE for seed in seeds):
            raise SourceError(f"{self._path}: a seed has {SEED_SIZE} bytes")
        told = listed(held, "epochs", EPOCHS_MAX)
        epochs = {integer(each, "epoch", NUMBER_MAX): each for each in told}
        self._keys = [SigningKey.from_seed(seed) for seed in seeds]
        self._epochs, self._stamp = epochs, stamp
