"""`pars zk`: from a sample to a proof that the precompile believes, and what is refused."""

import json
from pathlib import Path

import pytest

from precompiles import abi
from precompiles.conformance.embedded import World, call_precompile
from precompiles.zk.cli import main
from precompiles.zk.stark.contract import PRECOMPILE
from precompiles.zk.stark.examples.catalogue import EXAMPLES

REGISTER = next(m for m in PRECOMPILE.methods if m.signature.name == "registerAir").signature


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def sampled(capsys: pytest.CaptureFixture[str], folder: Path, name: str) -> tuple[str, str]:
    _, text, _ = run(capsys, "sample", name)
    given = folder / "input.json"
    given.write_text(text)
    return str(given), str(folder / "proof.json")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_sample_becomes_a_proof_that_the_precompile_believes(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given, out = sampled(capsys, tmp_path, name)
    status, _, errors = run(capsys, "prove", name, "--input", given, "--out", out)
    assert (status, "bytes of proof" in errors) == (0, True)
    status, text, _ = run(capsys, "verify", out, "--air", name)
    assert status == 0
    assert text.startswith("valid: ")

    world = World()
    _, air, _ = run(capsys, "air", name)
    data = REGISTER.selector + abi.encode(REGISTER.inputs, [bytes.fromhex(air.strip()[2:])])
    assert call_precompile(world, PRECOMPILE.address, data).status == "success"
    _, calldata, _ = run(capsys, "calldata", out)
    outcome = call_precompile(world, PRECOMPILE.address, bytes.fromhex(calldata.strip()[2:]))
    assert int.from_bytes(outcome.data, "big") == 1


def test_a_statement_of_ones_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, air, errors = run(capsys, "air", "fibonacci")
    assert "100 bits proven" in errors
    (tmp_path / "air").write_text(air)
    columns = [[1], [1]]
    for _ in range(63):
        columns[0].append(columns[1][-1])
        columns[1].append(columns[0][-2] + columns[1][-1])
    trace, out = tmp_path / "trace.json", str(tmp_path / "proof.json")
    trace.write_text(json.dumps({"columns": columns, "public": [1, 1, columns[0][-1]]}))
    arguments = ("prove", str(tmp_path / "air"), "--trace", str(trace), "--out", out)
    assert run(capsys, *arguments)[0] == 0
    assert run(capsys, "verify", out)[0] == 0
    status, _, errors = run(capsys, "verify", out, "--air", "poseidon")
    assert (status, errors) == (1, "pars zk: the proof is of another statement\n")

    columns[1][5] += 1
    trace.write_text(json.dumps({"columns": columns, "public": [1, 1, columns[0][-1]]}))
    status, _, errors = run(capsys, *arguments)
    assert status == 1
    assert "constraint 1 on row 4; constraint 0 on row 5" in errors


def test_a_changed_proof_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given, out = sampled(capsys, tmp_path, "fibonacci")
    run(capsys, "prove", "fibonacci", "--input", given, "--out", out)
    document = json.loads(Path(out).read_text())
    for changes, expected in (
        ({"public": ["1", "2", "3"]}, "the proof does not hold"),
        ({"public": ["1"]}, "refused: InvalidLength(3, 1)"),
        ({"proof": document["proof"][:-2]}, "refused: ProofTruncated"),
        ({"proof": document["proof"] + "00"}, "refused: ProofTooLong"),
        ({"proof": "0x"}, "refused: InvalidRows(0)"),
        ({"air": "0x02"}, "refused: MalformedAir(0)"),
    ):
        Path(out).write_text(json.dumps(document | changes))
        status, text, errors = run(capsys, "verify", out)
        assert (status, text) == (1, "")
        assert errors.startswith(f"pars zk: {expected}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON"),
        ("{}", "KeyError"),
        ('{"logRows": 3, "first": 1, "second": 1}', "logRows must be from 6 to 20"),
        ('{"logRows": 6, "first": "x", "second": 1}', "TypeError"),
    ],
)
def test_a_wrong_input_is_named(
    content: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    given = tmp_path / "input.json"
    given.write_text(content)
    arguments = ("prove", "fibonacci", "--input", str(given), "--out", str(tmp_path / "proof"))
    status, _, errors = run(capsys, *arguments)
    assert status == 2
    assert message in errors


def test_a_wrong_command_line_is_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = str(tmp_path / "missing")
    assert run(capsys)[0] == 2
    assert run(capsys, "verify", missing)[0] == 2
    assert run(capsys, "prove", missing, "--trace", missing, "--out", missing)[0] == 2
    assert run(capsys, "list")[0] == 0
    shape = tmp_path / "trace.json"
    shape.write_text('{"columns": [[1, 2, 3], [1, 2, 3]], "public": [1, 1, 1]}')
    status, _, errors = run(capsys, "prove", "fibonacci", "--trace", str(shape), "--out", missing)
    assert (status, "power of two" in errors) == (2, True)
