"""The parameters of a DAO, read from one TOML file and checked before anything is sent.

What a contract checks of its own arguments is its business, and tried before anything is sent too.
Here is what no contract sees alone: that the parts agree, and that nobody was forgotten.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from ..errors import ChainError

EXAMPLE = Path(__file__).with_name("devnet.toml")
PARS = 10**18
USD = 10**8
"""The unit of account of the treasury has eight decimals, as feeds of prices have."""
FILE_BYTES_MAX = 2**20
KEY_SIZE = 2592
OWNERS = 5
ACCOUNTS_MIN = OWNERS + 1
TIERS = 3
FEES = 10_000
TABLES = (
    *("safe", "escrow", "charter", "governor", "timelock", "guard", "treasury"),
    *("ballots", "session", "bridge", "validators"),
)

CLASSES = ("standard", "extended", "major", "emergency")
CLASS_KEYS = (
    *("voting_delay", "voting_period", "quorum", "approval"),
    *("timelock_delay", "execution_window", "late_quorum_extension", "proposal_threshold"),
)


class ParameterError(ChainError):
    """A file that describes no DAO; the text names the place and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardian:
    """One who signs for the bridge: an account, and the hash of an ML-DSA-87 key."""

    account: bytes
    key_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Committee:
    """A committee, how long its first members sit, and its part of the fees."""

    name: str
    members: tuple[bytes, ...]
    term_seconds: int
    fee_share: int
    """In hundredths of a percent. What no committee gets goes to the gauges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """All that a deployment may choose."""

    label: str
    """Part of every salt: another label, other addresses."""
    owners: tuple[bytes, ...]
    threshold: int
    curve: Literal["linear", "tiers"]
    signers: tuple[int, ...]
    """How many owners endorse a payment of each tier."""
    monthly_burn: int
    committees: "tuple[Committee, ...]"
    constitution: bytes
    classes: tuple[tuple[int, ...], ...]
    """Of each class, its parameters in the charter's order."""
    timelock_delay_min: int
    veto_guardian: bytes
    submission_votes: int
    ballot_depth: int
    ballot_unit: int
    freeze_share: int
    freeze_round: int
    freeze_seconds: int
    seats_min: int
    committee: tuple[bytes, ...]
    """The ML-DSA-87 keys that sign the session layer's roots."""
    oracle_fee: int
    guardians: tuple[Guardian, ...]
    guardian_threshold: int
    lattice_threshold: int
    per_transfer: int
    daily: int
    bridge_fee: int
    validators_min: int
    stake_min: int


class Table:
    """One table of the file. What nobody asked for by the end is refused."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._left = dict(data)
        self._where = where

    def take(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """Return a value of this kind."""
        if key not in self._left:
            raise ParameterError(f"{self._where}{key}: missing")
        value = self._left.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise ParameterError(f"{self._where}{key}: {value!r} is of another kind")
        return value

    def table(self, key: str) -> "Table":
        """Return a table in this one."""
        return Table(self.take(key, dict), f"{self._where}{key}.")

    def tables(self, key: str) -> "list[Table]":
        """Return a list of tables in this one."""
        found = self.take(key, list)
        if not all(isinstance(each, dict) for each in found):
            raise ParameterError(f"{self._where}{key}: not a list of tables")
        return [Table(each, f"{self._where}{key}[{i}].") for i, each in enumerate(found)]

    def number(self, key: str) -> int:
        """Return a number that is not negative."""
        value: int = self.take(key, int)
        if value < 0:
            raise ParameterError(f"{self._where}{key}: {value} is negative")
        return value

    def pars(self, key: str) -> int:
        """Return an amount of whole PARS, in its smallest unit."""
        return self.number(key) * PARS

    def data(self, key: str, size: int) -> bytes:
        """Return bytes of this size."""
        return self._data(key, self.take(key, str), size)

    def many_data(self, key: str, size: int) -> tuple[bytes, ...]:
        """Return a list of different bytes of this size."""
        found = tuple(self._data(key, each, size) for each in self.take(key, list))
        if len(set(found)) != len(found):
            raise ParameterError(f"{self._where}{key}: one stands there twice")
        return found

    def _data(self, key: str, text: Any, size: int) -> bytes:
        try:
            value = bytes.fromhex(text.removeprefix("0x"))
        except (AttributeError, ValueError):
            raise ParameterError(f"{self._where}{key}: {text!r} is not hex") from None
        if len(value) != size or not any(value):
            raise ParameterError(f"{self._where}{key}: {text!r} is not {size} bytes, or is zero")
        return value

    def end(self) -> None:
        """Refuse what is left."""
        if self._left:
            raise ParameterError(f"{self._where}{next(iter(self._left))}: no such parameter")


def load(path: Path) -> Parameters:
    """Read a parameter file. Files that it names are beside it."""
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX).decode()
        return read(tomllib.loads(text), path.parent)
    except OSError as error:
        raise ParameterError(f"{error.filename or path}: {error.strerror}") from None
    except ValueError as error:  # of TOML, and of text that is none
        raise ParameterError(f"{path}: {error}") from None
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from None


def development(accounts: Sequence[bytes]) -> Parameters:
    """Return the parameters of a development chain with these accounts."""
    if len(accounts) < ACCOUNTS_MIN:
        raise ParameterError(f"a DAO needs {ACCOUNTS_MIN} accounts, and there are {len(accounts)}")
    sample = load(EXAMPLE)
    owners = tuple(accounts[:OWNERS])
    return replace(
        sample,
        owners=owners,
        veto_guardian=accounts[OWNERS],
        committees=tuple(replace(each, members=owners[:3]) for each in sample.committees),
        guardians=tuple(
            replace(each, account=account)
            for each, account in zip(sample.guardians, owners, strict=True)
        ),
    )


def read(data: Mapping[str, Any], folder: Path) -> Parameters:
    """Read the file's tables, and refuse what does not agree."""
    top = Table(data, "")
    tables = {name: top.table(name) for name in TABLES}
    safe, bridge, session = tables["safe"], tables["bridge"], tables["session"]
    governor, held, ballots = tables["governor"], tables["treasury"], tables["ballots"]
    parameters = Parameters(
        label=top.take("label", str),
        owners=safe.many_data("owners", 20),
        threshold=safe.number("threshold"),
        curve=curve(tables["escrow"]),
        signers=tuple(held.take("signers", list)),
        monthly_burn=held.number("monthly_burn") * USD,
        committees=tuple(committee(each) for each in held.tables("committees")),
        constitution=tables["charter"].data("constitution", 32),
        classes=tuple(class_of(tables["charter"], name) for name in CLASSES),
        timelock_delay_min=tables["timelock"].number("delay_min"),
        veto_guardian=governor.data("veto_guardian", 20),
        submission_votes=governor.pars("submission_votes"),
        ballot_depth=ballots.number("depth"),
        ballot_unit=ballots.pars("unit"),
        freeze_share=tables["guard"].number("freeze_share"),
        freeze_round=tables["guard"].number("round_seconds"),
        freeze_seconds=tables["guard"].number("freeze_seconds"),
        seats_min=session.number("seats_min"),
        committee=seats(session.take("committee", (str, list)), folder),
        oracle_fee=session.number("oracle_fee"),
        guardians=tuple(guardian(each) for each in bridge.tables("guardians")),
        guardian_threshold=bridge.number("threshold"),
        lattice_threshold=bridge.number("lattice_threshold"),
        per_transfer=bridge.pars("per_transfer"),
        daily=bridge.pars("daily"),
        bridge_fee=bridge.number("fee"),
        validators_min=tables["validators"].number("minimum"),
        stake_min=tables["validators"].pars("stake"),
    )
    for table in (*tables.values(), top):
        table.end()
    check(parameters)
    return parameters


def seats(given: str | list[Any], folder: Path) -> tuple[bytes, ...]:
    """Return the keys of the session layer's committee: of files, or those of development."""
    if given == "development":
        from .development import SEATS, key_pair

        return tuple(key_pair("committee", number)[0] for number in range(SEATS))
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ParameterError("session.committee: neither key files nor 'development'")
    keys = []
    for name in given:
        try:
            keys.append(bytes.fromhex((folder / name).read_text("ascii")))
        except ValueError:
            raise ParameterError(f"session.committee: {name} is not hexadecimal") from None
        if len(keys[-1]) != KEY_SIZE:
            raise ParameterError(f"session.committee: {name} is not of {KEY_SIZE} bytes")
    if len(set(keys)) != len(keys):
        raise ParameterError("session.committee: a key stands there twice")
    return tuple(keys)


def committee(table: Table) -> Committee:
    """Read a committee."""
    found = Committee(
        name=table.take("name", str),
        members=table.many_data("members", 20),
        term_seconds=table.number("term_seconds"),
        fee_share=table.number("fee_share"),
    )
    table.end()
    return found


def curve(table: Table) -> Literal["linear", "tiers"]:
    """Read which curve the escrow goes by."""
    name = table.take("curve", str)
    if name not in ("linear", "tiers"):
        raise ParameterError(f"escrow.curve: {name!r} is neither linear nor tiers")
    return cast(Literal["linear", "tiers"], name)


def class_of(charter: Table, name: str) -> tuple[int, ...]:
    """Read the parameters of a class of proposals."""
    table = charter.table(name)
    values = [
        table.pars(key) if key.endswith("threshold") else table.number(key) for key in CLASS_KEYS
    ]
    table.end()
    return tuple(values)


def guardian(table: Table) -> Guardian:
    """Read a guardian of the bridge."""
    found = Guardian(account=table.data("account", 20), key_hash=table.data("key_hash", 32))
    table.end()
    return found


def check(parameters: Parameters) -> None:
    """Refuse what is inconsistent."""
    rules: Sequence[tuple[bool, str]] = (
        (bool(parameters.label), "label: empty"),
        (
            1 <= parameters.threshold <= len(parameters.owners),
            "safe.threshold: more than there are owners, or none",
        ),
        (
            2 * parameters.threshold > len(parameters.owners),
            "safe.threshold: two different sets of owners could decide against each other",
        ),
        (
            parameters.veto_guardian not in parameters.owners,
            "governor.veto_guardian: an owner of the safe; whoever vetoes must not execute",
        ),
        (
            all(c[4] >= parameters.timelock_delay_min for c in parameters.classes),
            "charter: a timelock_delay is below timelock.delay_min",
        ),
        (
            all(c[6] < c[1] for c in parameters.classes),
            "charter: a late_quorum_extension is as long as its voting_period",
        ),
        (
            _rising(parameters, 2) and _rising(parameters, 4),
            "charter: a larger class asks for less quorum or delay than a smaller one",
        ),
        (
            parameters.seats_min <= len(parameters.committee),
            "session.committee: fewer than seats_min",
        ),
        (
            3 * parameters.guardian_threshold > 2 * len(parameters.guardians),
            "bridge.threshold: not above two thirds of the guardians",
        ),
        (
            parameters.guardian_threshold <= len(parameters.guardians),
            "bridge.threshold: more than there are guardians",
        ),
        (
            0 < 2 * parameters.per_transfer <= parameters.daily,
            "bridge.per_transfer: none, or over half of daily",
        ),
        (
            list(parameters.signers) == sorted(parameters.signers)
            and len(parameters.signers) == TIERS
            and parameters.signers[-1] <= len(parameters.owners),
            "treasury.signers: not three rising numbers of owners",
        ),
        (
            len({each.name for each in parameters.committees}) == len(parameters.committees),
            "treasury.committees: a name stands there twice",
        ),
        (
            sum(each.fee_share for each in parameters.committees) <= FEES,
            "treasury.committees: a fee_share of more than all together",
        ),
    )
    for holds, rule in rules:
        if not holds:
            raise ParameterError(rule)


def _rising(parameters: Parameters, index: int) -> bool:
    values = [each[index] for each in parameters.classes[:3]]
    return values == sorted(values)
