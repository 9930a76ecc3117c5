"""`pars doctor`: what it says of a machine, and its exit status."""

import json
from pathlib import Path

import pytest

from precompiles import kernels
from precompiles.doctor import cli, report
from precompiles.kernels import jit
from precompiles.registry import PRECOMPILES


def test_it_tells_who_computes_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    by = {each["name"]: each["computedBy"] for each in found["precompiles"]}
    assert by["ml_kem"] == by["ml_dsa"] == by["slh_dsa"] == by["poseidon"] == ["own kernel"]
    assert "secp256k1" in by["frost"]
    assert by["entity_store"] == ["Python"]
    assert set(by) == {entry.name for entry in PRECOMPILES if entry.name != entry.family}
    assert [each["name"] for each in found["kernels"]] == list(kernels.MODULES)
    assert all(each["passed"] for each in found["kernels"])
    assert found["libraries"]["numba"]
    assert found["kernelCache"] == str(jit.CACHE)


def test_it_says_why_liboqs_is_passed_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report.liboqs, "obstacle", lambda: "it rains")
    assert cli.main([]) == 0
    assert "passed over: liboqs: it rains" in capsys.readouterr().out


def test_a_kernel_that_computes_wrongly_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from precompiles.pq.ml_kem import kernel

    monkeypatch.setattr(kernel, "KNOWN_ANSWER", b"")
    assert cli.main([]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_a_wrong_line_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--cure"]) == 2
    assert cli.main(["--help"]) == 0
    capsys.readouterr()


def test_a_machine_without_a_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path(report.cache_folder()).is_dir()
    monkeypatch.setattr(jit, "CACHE", None)
    assert report.cache_folder() == ""
