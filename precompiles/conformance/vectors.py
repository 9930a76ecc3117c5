"""Vector files: what a call to a precompile must answer. README.md describes the format."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..precompile import Precompile

PACKAGE = Path(__file__).parents[1]
DEFAULT_CALLER = bytes(19) + b"\1"

Mode = Literal["block", "call"]
SecretOps = Literal["call-only", "public-test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A call that must succeed before the one a vector is about."""

    input: bytes
    caller: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a call must do. `error` is a revert payload; `logs` are topics and data, in order."""

    output: bytes | None
    error: bytes | None
    logs: tuple[tuple[tuple[bytes, ...], bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One vector."""

    name: str
    address: bytes
    input: bytes
    gas: int
    caller: bytes
    value: int
    static: bool
    mode: Mode
    secret_ops: SecretOps
    before: tuple[Step, ...]
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a target did. `gas` is the price without state, where the target can tell."""

    output: bytes | None
    error: bytes | None
    logs: tuple[tuple[tuple[bytes, ...], bytes], ...] | None = None
    gas: int | None = None


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
    return tuple(parse(item, address) for item in document["vectors"])


def parse(item: dict[str, Any], address: bytes) -> Vector:
    """Read one vector."""
    if ("output" in item) == ("error" in item):
        raise ValueError(f"{item.get('name')}: needs either an output or an error")
    caller = unhex(item["caller"]) if "caller" in item else DEFAULT_CALLER
    return Vector(
        name=item["name"],
        address=address,
        input=unhex(item["input"]),
        gas=item["gas"],
        caller=caller,
        value=item.get("value", 0),
        static=item.get("static", False),
        mode=one_of(item, "mode", get_args(Mode)),
        secret_ops=one_of(item, "secretOps", get_args(SecretOps)),
        before=tuple(
            Step(
                input=unhex(step["input"]),
                caller=unhex(step["caller"]) if "caller" in step else caller,
            )
            for step in item.get("before", ())
        ),
        expected=Expected(
            output=unhex(item["output"]) if "output" in item else None,
            error=unhex(item["error"]) if "error" in item else None,
            logs=tuple(
                (tuple(unhex(topic) for topic in log["topics"]), unhex(log["data"]))
                for log in item.get("logs", ())
            ),
        ),
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
    expected = vector.expected
    checks = (
        ("output", expected.output, answer.output, True),
        ("error", expected.error, answer.error, True),
        ("logs", expected.logs, answer.logs, answer.logs is not None),
        ("gas", vector.gas, answer.gas, answer.gas is not None),
    )
    return [
        f"{what}: expected {shown(wanted)}, got {shown(found)}"
        for what, wanted, found, told in checks
        if told and wanted != found
    ]


def shown(value: object) -> str:
    """Return a value for a message."""
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
