"""What follows from the declarations is what is committed, and compilers accept it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from eth_utils import keccak
from vyper.compiler import compile_code
from vyper.compiler.input_bundle import FilesystemInputBundle

from precompiles import generate
from precompiles.precompile import Method, method
from precompiles.registry import PRECOMPILES

ROOT = Path(__file__).parents[2]
INTERFACES = ROOT / generate.INTERFACES
PRODUCTS = generate.products()


@pytest.mark.parametrize("path", sorted(PRODUCTS), ids=str)
def test_committed_files_are_current(path: Path) -> None:
    assert (ROOT / path).read_text("utf-8") == PRODUCTS[path], f"run `{generate.COMMAND}`"


def test_no_interface_is_left_over() -> None:
    found = {path.relative_to(ROOT) for path in INTERFACES.glob("I*")}
    assert found == {path for path in PRODUCTS if path.is_relative_to(generate.INTERFACES)}


def test_an_overload_gets_an_interface_of_its_own() -> None:
    """Vyper has no overloads: the n-th method of a name stands in the n-th interface."""

    def declare(signature: str) -> Method:
        return method(signature, mutability="pure", gas=(), handler=print, summary="")

    methods = [declare(f"{text} returns (bool ok)") for text in ("f()", "g()", "f(uint8 a)")]
    methods.append(declare("f(uint8 a, uint8 b) returns (bool ok)"))
    grouped = generate.overloads(methods)
    assert [[each.signature.canonical for each in group] for group in grouped] == [
        ["f()", "g()"],
        ["f(uint8)"],
        ["f(uint8,uint8)"],
    ]


BUILDER = ROOT / "tests" / "precompiles" / "vectors" / "build.py"


def test_vectors_are_current() -> None:
    """In a process of its own: a builder may be named like a module that somebody else imports."""
    script = (
        "import build, json; print(json.dumps({str(k): v for k, v in build.products().items()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=BUILDER.parent, capture_output=True, check=True
    )
    for path, text in json.loads(done.stdout).items():
        assert Path(path).read_text() == text, f"run {BUILDER.relative_to(ROOT)}"


def test_generating_writes_only_what_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate.main(tmp_path)
    first = capsys.readouterr().out.split()
    generate.main(tmp_path)
    second = capsys.readouterr().out
    assert sorted(first) == sorted(str(path) for path in PRODUCTS)
    assert second == ""


USER = """
# pragma version ~=0.4.3
import IPoseidon
import IFROST
import IEntityStore
import IPrecompileFamily

POSEIDON: constant(address) = 0x0000000000000000000000000000000000000901
FROST: constant(address) = 0x0000000000000000000000000000000000000801
STORE: constant(address) = 0x0000000000000000000000000000000000000501
ZK: constant(address) = 0x0000000000000000000000000000000000000900

@external
@view
def digest(a: uint256, b: uint256) -> uint256:
    return staticcall IPoseidon(POSEIDON).hash(1, [a, b])

@external
@view
def permuted(a: uint256, b: uint256) -> DynArray[uint256, 17]:
    return staticcall IPoseidon(POSEIDON).permute(1, [a, b])

@external
@view
def signed(key: Bytes[33], message: Bytes[100], signature: Bytes[65]) -> bool:
    return staticcall IFROST(FROST).verify(1, key, message, signature)

@external
def write(t: bytes32, price: uint256, who: address) -> uint256:
    return extcall IEntityStore(STORE).append(t, abi_encode(price, who), [])

@external
def erase(t: bytes32, row: uint256):
    extcall IEntityStore(STORE).remove(t, row)

@external
@view
def read(t: bytes32, row: uint256) -> (uint256, address):
    encoded: Bytes[5120] = staticcall IEntityStore(STORE).get(t, row)
    return abi_decode(encoded, (uint256, address))

@external
@view
def version() -> uint256:
    return staticcall IPrecompileFamily(ZK).version()
"""


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_vyper_contract_compiles_against_every_interface() -> None:
    bundle = FilesystemInputBundle([INTERFACES])
    compiled = compile_code(USER, input_bundle=bundle, output_formats=["bytecode", "opcodes"])
    assert len(compiled["bytecode"]) > 100


@pytest.mark.parametrize("name", sorted(generate.by_interface()))
def test_vyper_sees_the_declared_selectors(name: str) -> None:
    """Vyper computes the selectors itself from the text of the interface."""
    methods = generate.by_interface()[name][0].methods
    bundle = FilesystemInputBundle([INTERFACES])
    selectors = set()
    for number, _ in enumerate(generate.overloads(methods), start=1):
        file = f"{name}{number if number > 1 else ''}"
        text = (INTERFACES / f"{file}.vyi").read_text()
        body = re.sub(r"^event .*?(?=\n\n)", "", text, flags=re.M | re.S)
        functions = body[body.index("@external") :].replace(": ...\n", ":\n    raise\n")
        for struct in re.findall(r"^struct (\w+):", text, flags=re.M):
            functions = re.sub(rf"\b{struct}\b", f"{file}.{struct}", functions)
        source = f"import {file}\nimplements: {file}\n{functions}"
        found = compile_code(source, input_bundle=bundle, output_formats=["method_identifiers"])
        selectors |= {int(each, 16) for each in found["method_identifiers"].values()}
    assert selectors == {int.from_bytes(each.signature.selector, "big") for each in methods}


def test_docs_name_every_entry_method_and_error() -> None:
    text = PRODUCTS[generate.DOCS]
    for entry in PRECOMPILES:
        assert f"`0x{entry.address[-2:].hex()}`" in text
        for each in entry.methods:
            assert f"`0x{keccak(text=each.signature.canonical)[:4].hex()}`" in text
        for error in entry.errors:
            assert f"`0x{error.signature.selector.hex()}`" in text


def test_the_gas_table_has_every_method() -> None:
    """Whoever adds a method measures it: `python -m benchmarks.gas --write`."""
    text = (ROOT / "docs" / "gas.md").read_text("utf-8")
    for entry in PRECOMPILES:
        for each in entry.methods:
            assert f"| {entry.name} | {each.signature.canonical} |" in text


def test_entries_of_one_interface_must_speak_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    poseidon = PRECOMPILES[-1]
    wrong = (*PRECOMPILES[:-1], replace(poseidon, interface="IFROST"))
    monkeypatch.setattr(generate, "PRECOMPILES", wrong)
    with pytest.raises(ValueError, match="different methods"):
        generate.by_interface()
