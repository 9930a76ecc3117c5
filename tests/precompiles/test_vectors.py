"""The vector format: what the reader refuses, and that the runner sees every difference."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from precompiles.conformance import embedded
from precompiles.conformance.vectors import (
    DEFAULT_CALLER,
    Answer,
    Vector,
    load,
    parse,
    path_of,
    run,
)
from precompiles.precompile import Precompile
from precompiles.registry import PRECOMPILES, find

GOOD = {"name": "a", "source": "a test", "input": "0x01", "output": "0x02", "gas": 1}
ADDRESS = bytes(20)


def test_every_file_is_met_by_the_embedded_target() -> None:
    vectors = [vector for entry in PRECOMPILES for vector in load(path_of(entry))]
    assert run(embedded.answer, vectors) == []


def wrong_output(vector: Vector, answer: Answer) -> Answer:
    return replace(answer, output=b"\0" if answer.output is None else None)


def wrong_error(vector: Vector, answer: Answer) -> Answer:
    return replace(answer, error=(answer.error or b"") + b"\0")


def wrong_gas(vector: Vector, answer: Answer) -> Answer:
    return replace(answer, gas=vector.gas - 1)


def wrong_logs(vector: Vector, answer: Answer) -> Answer:
    return replace(answer, logs=((*(answer.logs or ()), ((), b""))))


@pytest.mark.parametrize("spoil", [wrong_output, wrong_error, wrong_gas, wrong_logs])
def test_a_wrong_target_is_caught_on_every_vector(spoil: object) -> None:
    vectors = load(path_of(find("entity_store")))
    failures = run(lambda vector: spoil(vector, embedded.answer(vector)), vectors)  # type: ignore[operator]
    assert [failure.vector for failure in failures] == list(vectors)
    assert all(failure.reason for failure in failures)


def test_what_a_target_cannot_tell_is_not_held_against_it() -> None:
    vectors = load(path_of(find("entity_store")))
    partial = run(lambda v: replace(embedded.answer(v), logs=None, gas=None), vectors)
    assert partial == []


@pytest.mark.parametrize(
    "change",
    [
        {"error": "0x"},
        {"output": None},
        {"input": "01"},
        {"input": "0x1"},
        {"input": "0xzz"},
        {"gas": None},
        {"name": None},
        {"mode": "trace"},
        {"secretOps": "always"},
    ],
)
def test_a_vector_that_breaks_the_format_is_refused(change: dict[str, str | None]) -> None:
    item = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises((ValueError, KeyError)):
        parse(item, ADDRESS)


def test_defaults() -> None:
    vector = parse(GOOD, ADDRESS)
    assert vector.caller == DEFAULT_CALLER
    assert (vector.value, vector.static, vector.before) == (0, False, ())
    assert (vector.mode, vector.secret_ops) == ("block", "call-only")


def test_a_step_that_fails_is_an_error_of_the_vector(tmp_path: Path) -> None:
    item = {**GOOD, "before": [{"input": "0x"}]}
    path = tmp_path / "vectors.json"
    address = f"0x{find('entity_store').address.hex()}"
    path.write_text(json.dumps({"precompile": "x", "address": address, "vectors": [item]}))
    with pytest.raises(ValueError, match="a call before it failed"):
        embedded.answer(load(path)[0])


# --- The published schema -------------------------------------------------------------------

SCHEMA = json.loads((Path(embedded.__file__).parent / "schema.json").read_text("utf-8"))


def mistakes(document: object) -> list[str]:
    return [
        error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)
    ]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_file_meets_the_schema(precompile: Precompile) -> None:
    assert mistakes(json.loads(path_of(precompile).read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"error": "0x"},
        {"output": None},
        {"outOfGas": True},
        {"input": "0x1"},
        {"input": "0xAB"},
        {"gas": -1},
        {"gas": None},
        {"mode": "static"},
        {"colour": "red"},
        {"storage": {"0x01": "0x02"}},
    ],
)
def test_the_schema_refuses_what_the_reader_must_not_see(change: dict[str, Any]) -> None:
    item = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    document = {"precompile": "x", "address": "0x" + "00" * 20, "vectors": [item]}
    assert mistakes({**document, "vectors": [GOOD]}) == []
    assert mistakes(document)
