"""Vector files: what a call to a precompile must answer. README.md describes the format."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ..precompile import Precompile

PACKAGE = Path(__file__).parents[1]
DEFAULT_CALLER = bytes.fromhex("7e5f4552091a69125d5dfcb7b8c2659029395bdf")
"""The account of the private key 1: anybody can send its transactions."""
FRAME_GAS = 30_000_000

Mode = Literal["block", "call"]
SecretOps = Literal["call-only", "public-test"]


Logs = tuple[tuple[tuple[bytes, ...], bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account has at the start of a vector."""

    code: bytes
    balance: int
    storage: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The block that a call is in; None is the block of the context."""

    time: int | None = None
    number: int | None = None

    @property
    def given(self) -> bool:
        """Whether the vector chooses the block."""
        return self.time is not None or self.number is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A call that must succeed before the one a vector is about."""

    to: bytes
    input: bytes
    caller: bytes
    value: int
    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a call must do: return an output, revert with an error, or with neither run out of gas.

    `logs` are topics and data, in order; `storage` is every word that the call changes.
    """

    output: bytes | None
    error: bytes | None
    logs: Logs = ()
    storage: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One vector."""

    name: str
    address: bytes
    input: bytes
    gas: int
    gas_used: int
    caller: bytes
    value: int
    static: bool
    mode: Mode
    secret_ops: SecretOps
    before: tuple[Step, ...]
    expected: Expected
    source: str
    contextual: bool
    chain_id: int | None = None
    """The chain whose id the answer depends on, if it does."""
    delegated: bool = False
    frame_gas: int = FRAME_GAS
    accounts: Mapping[bytes, Account] = field(default_factory=dict)
    """Accounts that are there before the first call. That of the caller is the forwarder's."""
    moment: Moment = field(default_factory=Moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a target did. None is what it cannot tell.

    `skipped` says why it was not asked, `broken` why what it said is no answer.
    """

    output: bytes | None
    error: bytes | None
    logs: Logs | None = None
    storage: Mapping[int, int] | None = None
    gas: int | None = None
    gas_used: int | None = None
    skipped: str = ""
    broken: str = ""


Target = Callable[[Vector], Answer]
"""An implementation under test. It answers each vector from a state without earlier ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A vector that was not met."""

    vector: Vector
    answer: Answer
    reason: str


def path_of(precompile: Precompile) -> Path:
    """Return where the vectors of an entry are: its folder, or its family's."""
    folder = PACKAGE / precompile.family
    own = folder if precompile.name == precompile.family else folder / precompile.name
    return own / "vectors.json"


def load(path: Path) -> tuple[Vector, ...]:
    """Read one vector file; one that breaks the format is a ValueError that names the vector."""
    document = json.loads(path.read_text("utf-8"))
    address = unhex(document["address"])
    contracts = {name: unhex(code) for name, code in document.get("contracts", {}).items()}
    return tuple(parse(item, address, contracts) for item in document["vectors"])


def parse(
    item: dict[str, Any], address: bytes, contracts: Mapping[str, bytes] | None = None
) -> Vector:
    """Read one vector; `contracts` are the codes that the file names."""
    if [key in item for key in ("output", "error", "outOfGas")].count(True) != 1:
        raise ValueError(f"{item.get('name')}: needs an output, an error, or to run out of gas")
    caller = unhex(item["caller"]) if "caller" in item else DEFAULT_CALLER
    return Vector(
        name=item["name"],
        address=address,
        input=unhex(item["input"]),
        gas=item["gas"],
        gas_used=item.get("gasUsed", item["gas"]),
        caller=caller,
        value=item.get("value", 0),
        static=item.get("static", False),
        delegated=item.get("delegated", False),
        frame_gas=item.get("frameGas", FRAME_GAS),
        mode=one_of(item, "mode", get_args(Mode)),
        secret_ops=one_of(item, "secretOps", get_args(SecretOps)),
        before=tuple(parse_step(step, address, caller) for step in item.get("before", ())),
        expected=parse_expected(item),
        source=item.get("source", ""),
        contextual=item.get("contextual", False),
        chain_id=item.get("chainId"),
        accounts={
            unhex(at): parse_account(given, contracts or {})
            for at, given in item.get("accounts", {}).items()
        },
        moment=Moment(time=item.get("time"), number=item.get("block")),
    )


def parse_step(item: dict[str, Any], address: bytes, caller: bytes) -> Step:
    """Read a call that comes before; it is to the precompile, by the same caller, if not told."""
    return Step(
        to=unhex(item["to"]) if "to" in item else address,
        input=unhex(item["input"]),
        caller=unhex(item["caller"]) if "caller" in item else caller,
        value=item.get("value", 0),
        moment=Moment(time=item.get("time"), number=item.get("block")),
    )


def parse_account(item: dict[str, Any], contracts: Mapping[str, bytes]) -> Account:
    """Read an account; its code is hex, or the name of one of the file's contracts."""
    code = item.get("code", "0x")
    return Account(
        code=unhex(code) if code.startswith("0x") else contracts[code],
        balance=item.get("balance", 0),
        storage=parse_words(item.get("storage", {})),
    )


def parse_words(item: Mapping[str, str]) -> dict[int, int]:
    """Read words by their slots."""
    return {
        int.from_bytes(unhex(slot), "big"): int.from_bytes(unhex(word), "big")
        for slot, word in item.items()
    }


def parse_expected(item: dict[str, Any]) -> Expected:
    """Read what the call must do."""
    return Expected(
        output=unhex(item["output"]) if "output" in item else None,
        error=unhex(item["error"]) if "error" in item else None,
        logs=tuple(
            (tuple(unhex(topic) for topic in log["topics"]), unhex(log["data"]))
            for log in item.get("logs", ())
        ),
        storage=parse_words(item.get("storage", {})),
    )


def one_of(item: dict[str, Any], field: str, words: tuple[Any, ...]) -> Any:
    """Return a field that is one of these words, the first when absent."""
    word = item.get(field, words[0])
    if word not in words:
        raise ValueError(f"{item.get('name')}: {field} is {word!r}, not one of {words}")
    return word


def unhex(text: str) -> bytes:
    """Return the bytes of 0x-prefixed hex."""
    if not text.startswith("0x"):
        raise ValueError(f"{text[:20]!r} lacks 0x")
    return bytes.fromhex(text[2:])


def hexed(data: bytes) -> str:
    """Return bytes as files and JSON-RPC have them."""
    return f"0x{data.hex()}"


def run(target: Target, vectors: Iterable[Vector]) -> list[Failure]:
    """Ask the target every vector and return those it does not meet."""
    failures = []
    for vector in vectors:
        answer = target(vector)
        reasons = differences(vector, answer)
        if reasons:
            failures.append(Failure(vector=vector, answer=answer, reason="; ".join(reasons)))
    return failures


def differences(vector: Vector, answer: Answer) -> Sequence[str]:
    """Return what is wrong with an answer. What a target cannot tell is not held against it."""
    if answer.skipped or answer.broken:
        return [answer.broken] if answer.broken else []
    expected = vector.expected
    if (answer.output, answer.error) != (expected.output, expected.error):
        wanted = outcome(expected.output, expected.error)
        return [f"expected {wanted}, got {outcome(answer.output, answer.error)}"]
    checks = (
        ("logs", expected.logs, answer.logs),
        ("storage", expected.storage, answer.storage),
        ("gas", vector.gas, answer.gas),
        ("gas used", vector.gas_used, answer.gas_used),
    )
    return [
        f"{what}: expected {wanted}, got {found}"
        for what, wanted, found in checks
        if found is not None and wanted != found
    ]


def untold(vector: Vector, answer: Answer) -> Sequence[str]:
    """Return what the target could not tell of what the vector asks."""
    expected = vector.expected
    checks = (
        ("logs", answer.logs is None and bool(expected.logs)),
        ("storage", answer.storage is None and bool(expected.storage)),
        ("gas", answer.gas is None and answer.gas_used is None and runs_to_end(expected)),
    )
    return [] if answer.skipped else [what for what, missing in checks if missing]


def runs_to_end(expected: Expected) -> bool:
    """Return whether the call ends before its gas does."""
    return expected.output is not None or expected.error is not None


def outcome(output: bytes | None, error: bytes | None) -> str:
    """Return an outcome for a message."""
    if output is not None:
        return f"output 0x{output.hex()}"
    return "out of gas" if error is None else f"error 0x{error.hex()}"
