"""The conformance command without a node: what it lists, writes out, and says of failures."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from precompiles import abi
from precompiles.conformance import embedded, export, report
from precompiles.conformance.cli import main
from precompiles.conformance.suite import ask, chapters
from precompiles.conformance.vectors import Answer, Vector, load, path_of
from precompiles.precompile import Precompile
from precompiles.registry import find


def test_what_is_exported_reads_back_and_meets_the_schema(tmp_path: Path) -> None:
    selected = chapters(entries=["entity_store", "frost"])
    paths = export.write(tmp_path, selected)
    schema, *files = [json.loads(path.read_text("utf-8")) for path in paths]
    validator = jsonschema.Draft202012Validator(schema)
    for chapter, path, document in zip(selected, paths[1:], files, strict=True):
        assert next(validator.iter_errors(document), None) is None
        assert load(path) == chapter.vectors


def test_an_exported_vector_tells_the_storage_before_it(precompile: Precompile) -> None:
    for chapter in chapters(entries=[precompile.name], with_derived=False):
        for vector in chapter.vectors[:20]:
            written = export.written(vector)
            told = written.get("storageBefore", {}).items()
            found = embedded.words(embedded.prepared(vector), vector.address)
            assert {int(slot, 16): int(word, 16) for slot, word in told} == found


def test_the_choice_of_vectors() -> None:
    assert {each.entry.family for each in chapters(families=["zk"])} == {"zk"}
    assert [each.entry.name for each in chapters(entries=["frost"])] == ["frost"]
    (chosen,) = chapters(entries=["frost"], pattern="*/value")
    assert [each.value for each in chosen.vectors] == [1] * len(find("frost").methods)
    (given,) = chapters(entries=["frost"], with_derived=False)
    assert given.vectors == load(path_of(find("frost")))
    assert chapters(entries=["frost"], pattern="nothing") == []


def test_run_list_export_and_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--entry", "frost", "--name", "*/cut-*"]) == 0
    assert main(["list", "--entry", "frost", "--names"]) == 0
    names = capsys.readouterr().out
    assert "frost\t" in names
    assert main(["export", str(tmp_path / "out"), "--entry", "frost", "--given"]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"schema.json", "frost.json"}
    capsys.readouterr()
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--entry", "nobody"],
        ["run", "--rpc", "ftp://127.0.0.1"],
        ["run", "--rpc", "nowhere"],
        ["run", "--rpc", "http://127.0.0.1", "--target", "chain"],
        ["run", "--entry", "frost", "--name", "*/value", "--junit", "/nowhere/at/all.xml"],
        ["export", "/dev/null/x", "--entry", "frost"],
        ["dance"],
    ],
)
def test_a_wrong_command_line_is_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


# --- Failures -------------------------------------------------------------------------------


def wrong(vector: Vector) -> Answer:
    """A target that refuses what it should answer, and the other way round."""
    answer = embedded.answer(vector)
    if answer.output is not None:
        return replace(answer, output=None, error=abi.TRUNCATED(7).data)
    return replace(answer, output=b"\1" * 300, error=None)


def test_a_failure_is_told_in_full() -> None:
    (chapter,) = chapters(entries=["entity_store"], with_derived=False)
    results = list(ask(wrong, [chapter]))
    assert {each.status for each in results} == {"failed"}
    succeeding = next(each for each in results if each.vector.expected.output is not None)
    text = report.in_full(succeeding)
    assert "got: Truncated(7)" in text
    assert succeeding.vector.name in text
    refused = next(each for each in results if each.vector.expected.error is not None)
    assert "expected: " in report.in_full(refused)
    assert max(map(len, report.in_full(refused).splitlines())) < 1_000


def test_reports_count_what_failed() -> None:
    (chapter,) = chapters(entries=["frost"])
    results = list(ask(wrong, [chapter]))
    failed = sum(each.status == "failed" for each in results)
    assert failed > len(results) / 2
    assert report.as_json(results, "x")["totals"]["failed"] == failed
    root = ElementTree.fromstring(report.as_junit(results, "x"))
    assert root.attrib["failures"] == str(failed) == str(len(root.findall(".//failure")))


def test_a_malformed_payload_does_not_stop_a_report() -> None:
    frost = find("frost")
    assert "do not decode" in report.in_words(frost, abi.TRUNCATED(7).data[:-1])
    assert report.in_words(frost, b"\1\2\3") == "no error that the entry declares"
    assert report.in_words(frost, b"") == "no error that the entry declares"
