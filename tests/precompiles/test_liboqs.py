"""liboqs: looked for without touching it, and a second opinion where it is installed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from precompiles.backends import liboqs
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import SETS as ML_DSA_SETS
from precompiles.pq.ml_dsa.parameters import Parameters as SignatureParameters
from precompiles.pq.ml_dsa.parameters import formatted
from precompiles.pq.ml_kem import kernel as ml_kem
from precompiles.pq.ml_kem.parameters import SETS as ML_KEM_SETS
from precompiles.pq.ml_kem.parameters import Parameters

here = pytest.mark.skipif(bool(liboqs.obstacle()), reason=liboqs.obstacle() or "liboqs is here")


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    liboqs.load.cache_clear()
    yield
    liboqs.load.cache_clear()


def test_a_missing_distribution_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liboqs, "installed", lambda _: False)
    assert liboqs.obstacle() == "liboqs-python is not installed"
    with pytest.raises(liboqs.Unavailable, match="not installed"):
        liboqs.load()


def test_a_distribution_of_the_same_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liboqs, "installed", lambda _: True)
    assert "hides" in liboqs.obstacle()


def test_without_the_native_library_nothing_is_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its import would clone and build."""
    monkeypatch.setattr(liboqs, "installed", lambda name: name == "liboqs-python")
    monkeypatch.setattr(liboqs.ctypes.util, "find_library", lambda _: None)
    monkeypatch.setenv("OQS_INSTALL_PATH", str(tmp_path))
    monkeypatch.setattr(liboqs, "import_module", pytest.fail)
    with pytest.raises(liboqs.Unavailable, match="no native library"):
        liboqs.load()
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "liboqs.so").write_bytes(b"not a library")
    with pytest.raises(liboqs.Unavailable, match="no native library"):
        liboqs.load()


def test_an_import_that_ends_the_process_is_caught(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "oqs.py").write_text("raise SystemExit(1)")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "oqs", raising=False)
    monkeypatch.setattr(liboqs, "obstacle", lambda: "")
    with pytest.raises(liboqs.Unavailable, match="cannot be imported"):
        liboqs.load()


@here
@pytest.mark.parametrize("chosen", ML_KEM_SETS, ids=lambda each: each.name)
def test_ml_kem_agrees(chosen: Parameters) -> None:
    d, z = b"\1" * 32, b"\2" * 32
    keys = ml_kem.keygen(chosen.k, d, z)
    assert liboqs.key_pair(chosen.name, d + z) == keys
    ciphertext, secret = liboqs.encapsulate(chosen.name, keys[0])
    assert ml_kem.decapsulate(keys[1], ciphertext) == secret
    ciphertext, secret = ml_kem.encapsulate(keys[0], b"\3" * 32)
    assert liboqs.decapsulate(chosen.name, keys[1], ciphertext) == secret
    wrong = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
    assert liboqs.decapsulate(chosen.name, keys[1], wrong) == ml_kem.decapsulate(keys[1], wrong)


@here
@pytest.mark.parametrize("chosen", ML_DSA_SETS, ids=lambda each: each.name)
def test_ml_dsa_agrees(chosen: SignatureParameters) -> None:
    pk, sk = ml_dsa.keygen(chosen, b"\1" * 32)
    message, context = b"message", b"context"
    ours, _ = ml_dsa.sign(sk, formatted(message, context), bytes(32), 814)
    assert liboqs.verify(chosen.name, pk, message, ours, context)
    assert not liboqs.verify(chosen.name, pk, message, ours, b"")
    theirs = liboqs.sign(chosen.name, sk, message, context)
    assert ml_dsa.verify(pk, formatted(message, context), theirs)
