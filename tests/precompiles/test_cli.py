"""`pars precompile` as a user types it: output, complaint and exit status."""

import json

import pytest

from precompiles.cli import main
from precompiles.registry import PRECOMPILES

DIGEST = "0x115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a"
CLEAN = pytest.CaptureFixture[str]


def run(capsys: CLEAN, *argv: str) -> tuple[int, str, str]:
    status = main(argv)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_call_decodes_its_output(capsys: CLEAN) -> None:
    status, out, err = run(capsys, "call", "0x0901", "hash(uint8,uint256[])", "1", "[1,2]")
    assert (status, out) == (0, DIGEST + "\n")
    assert err == "gas: 1915\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("poseidon", "hash", "1", "[1, 2]"),
        ("poseidon", "hash(uint8, uint256[])", "0x1", '["0x1", "2"]'),
        ("0x" + "00" * 18 + "0901", "hash", "1", "[1,2]"),
        (
            "poseidon",
            "0x93f801d3" + f"{1:064x}{64:064x}{2:064x}{1:064x}{2:064x}",
        ),
    ],
)
def test_ways_to_write_one_call(capsys: CLEAN, arguments: tuple[str, ...]) -> None:
    status, out, _ = run(capsys, "call", *arguments)
    assert (status, out) == (0, DIGEST + "\n")


def test_call_as_json(capsys: CLEAN) -> None:
    _, out, _ = run(capsys, "call", "poseidon", "hash", "1", "[1,2]", "--json")
    assert json.loads(out) == {
        "output": DIGEST,
        "values": {"digest": DIGEST},
        "gas": 1915,
        "price": 1915,
    }


def test_several_outputs_are_named(capsys: CLEAN) -> None:
    status, out, _ = run(capsys, "call", "zk", "info")
    assert status == 0
    assert out.splitlines()[0] == "family: zk"
    assert 'names: ["zk", "poseidon", ' in out


def test_a_string_and_an_address(capsys: CLEAN) -> None:
    caller = "0x" + "aa" * 20
    status, out, _ = run(capsys, "call", "entity_store", "typeIdOf", caller, "a name")
    assert status == 0
    assert len(out) == 67


def test_a_write_in_the_empty_world(capsys: CLEAN) -> None:
    arguments = ("defineType", "trade", '["price"]', "[0]", "1", "--caller", "0x" + "07" * 20)
    status, out, _ = run(capsys, "call", "entity_store", *arguments)
    assert status == 0
    assert out.startswith("0x")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("poseidon", "hash", "9", "[1]"), "poseidon reverted with InvalidInstance(9)"),
        (("poseidon", "hash", "1", "[]"), "poseidon reverted with InvalidLength(1, 0)"),
        (("poseidon", "0x"), 'poseidon reverted with UnknownSelector("0x00000000")'),
        (("poseidon", "hash", "1", "[1]", "--value", "3"), "ValueRefused(3)"),
        (("poseidon", "hash", "1", "[1]", "--gas", "10"), "out of gas; give more with --gas"),
        (("entity_store", "count", "0x" + "11" * 32), "UnknownType"),
    ],
)
def test_a_refused_call(capsys: CLEAN, arguments: tuple[str, ...], complaint: str) -> None:
    status, out, err = run(capsys, "call", *arguments)
    assert (status, out) == (1, "")
    assert complaint in err
    assert err.count("\n") == 1


def test_a_refused_call_as_json(capsys: CLEAN) -> None:
    status, out, _ = run(capsys, "call", "poseidon", "hash", "9", "[1]", "--json")
    assert status == 1
    assert json.loads(out)["status"] == "reverted"
    assert json.loads(out)["error"].startswith("0x")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("call", "nothing", "f"), "no precompile 'nothing'; `pars precompile list` shows all"),
        (("show", "0x0a00"), "no precompile"),
        (("call", "poseidon", "hsah", "1"), "it has hash(uint8,uint256[]), compress"),
        (("call", "poseidon", "hash", "1"), "takes 2 arguments"),
        (("call", "poseidon", "hash", "one", "[1]"), "instance: 'one' is not a number"),
        (("call", "poseidon", "hash", "1", "1"), "elements: '1' is not a list"),
        (("call", "poseidon", "hash", "1", "[1.5]"), "'1.5' is not a number"),
        (("call", "poseidon", "hash", "256", "[1]"), "256 is not a uint8"),
        (("call", "poseidon", "permute", "1", "[" + "1," * 17 + "1]"), "at most 17"),
        (("call", "poseidon", "0x12345"), "is not hex"),
        (("call", "poseidon", "0x12", "3"), "no further arguments"),
        (("call", "frost", "verify", "1", "abcd", "0x", "0x"), "publicKey: 'abcd' is not 0x"),
        (("call", "entity_store", "count", "0x11"), "is not bytes32"),
        (("call", "poseidon", "hash", "1", "[1]", "--caller", "0x11"), "--caller"),
        (("call", "poseidon", "hash", "1", "[1]", "--value", "-1"), "--value is negative"),
        (("call", "poseidon", "hash", "1", "[1]", "--gas", "much"), "--gas: 'much'"),
    ],
)
def test_a_wrong_command_line(capsys: CLEAN, arguments: tuple[str, ...], complaint: str) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert complaint in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [(), ("nonsense",), ("call",), ("list", "more")])
def test_argparse_complains_with_status_2(capsys: CLEAN, arguments: tuple[str, ...]) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "usage" in err


def test_help_fits_a_screen(capsys: CLEAN) -> None:
    for arguments in ((), ("list",), ("show",), ("call",)):
        status, out, _ = run(capsys, *arguments, "--help")
        assert status == 0
        assert len(out.splitlines()) <= 24


def test_list_names_every_entry(capsys: CLEAN) -> None:
    status, out, _ = run(capsys, "list")
    assert status == 0
    assert all(entry.name in out for entry in PRECOMPILES)
    status, out, _ = run(capsys, "list", "--json")
    assert [each["name"] for each in json.loads(out)] == [entry.name for entry in PRECOMPILES]


@pytest.mark.parametrize("name", [entry.name for entry in PRECOMPILES])
def test_show(capsys: CLEAN, name: str) -> None:
    status, out, _ = run(capsys, "show", name)
    assert status == 0
    assert name in out
    _, shown, _ = run(capsys, "show", name, "--json")
    assert json.loads(shown)["name"] == name


def test_brackets_survive_the_table(capsys: CLEAN) -> None:
    """Rich reads square brackets as markup unless told otherwise."""
    _, out, _ = run(capsys, "show", "poseidon")
    assert "len(elements)]" in out.replace("\n", "")
