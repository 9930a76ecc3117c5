"""`pars chain`, as people and scripts meet it: words in; stdout, stderr and a status out."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest

from chain import cli
from chain.accounts import TEST_MNEMONIC
from chain.blocks import Block
from chain.frames import Engine
from chain.genesis import genesis_to_json, pars_genesis
from chain.local_chain import LocalChain

FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
START_SECONDS_MAX = 60
COMMANDS = ("run", "export", "import", "accounts", "warm")


def refused(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    """Run a command that fails; return its status and the one line that it says."""
    status = cli.main([str(word) for word in words])
    out, err = capsys.readouterr()

    assert out == ""
    assert err.count("\n") == 1, err
    assert err.startswith("pars chain"), err
    return status, err


@contextmanager
def running(
    *words: str | Path, command: str = "run"
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run a chain on a free port; give the process and what it says when it is ready."""
    line = [sys.executable, "-m", "pars", "chain", command, "--json", "--port", "0"]
    with subprocess.Popen(
        [*line, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline() or "{}")
        finally:
            process.kill()


def ask(url: str, method: str, *parameters: object) -> Any:
    """Return the result of a JSON-RPC request."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    message = urllib.request.Request(
        url, json.dumps(request).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(message, timeout=START_SECONDS_MAX) as answer:
        return json.load(answer)["result"]


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Interrupt a chain as Ctrl-C does; return its status and stderr."""
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=START_SECONDS_MAX)
    return process.returncode, err


# --- The command line -----------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_screen(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert cli.main([command, "--help"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0

    out = capsys.readouterr().out
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "COMMAND"),
        (["walk"], "walk"),
        (["run", "--port", "65536"], "--port: '65536' is not a port"),
        (["run", "--port", "-1"], "--port"),
        (["run", "--port", "http"], "'http' is not a port"),
        (["run", "--port", "²"], "'²' is not a port"),
        (["run", "--chain-id", "1"], "6133, 6134"),
        (["run", "--block-time", "0"], "--block-time: '0' is not a time"),
        (["run", "--block-time", "-1"], "--block-time"),
        (["run", "--block-time", "nan"], "'nan' is not a time"),
        (["run", "--block-time", "soon"], "'soon' is not a time"),
        (["run", "--auto", "--manual"], "not allowed with"),
        (["run", "--auto", "--block-time", "1"], "not allowed with"),
        (["run", "--accounts", "ten"], "--accounts"),
        (["run", "extra"], "extra"),
        (["accounts", "--accounts", "-1"], "cannot derive -1"),
        (["accounts", "--accounts", "1000001"], "cannot derive 1000001"),
        (["accounts", "--mnemonic", ""], "mnemonic"),
        (["accounts", "--mnemonic", "test test junk"], "12 to 24"),
        (["accounts", "--mnemonic", TEST_MNEMONIC.replace("junk", "test")], "mnemonic"),
        (["accounts", "--mnemonic", TEST_MNEMONIC.replace("junk", "jünk")], "mnemonic"),
        (["export", "chain.rlp"], "--datadir"),
        (["export", "chain.rlp", "--datadir", "no/such/folder"], "no directory"),
        (["import", "chain.rlp"], "--genesis"),
    ],
)
def test_a_wrong_command_line(
    capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    status, line = refused(capsys, *words)

    assert status == 2
    assert complaint in line


# --- Accounts -------------------------------------------------------------------------------


def test_accounts_are_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """The first of the test mnemonic, as anvil and Hardhat print it."""
    assert cli.main(["accounts", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    assert len(listed) == 10
    assert listed[0] == {
        "address": FIRST,
        "privateKey": "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    }


def test_accounts_of_another_mnemonic(capsys: pytest.CaptureFixture[str]) -> None:
    """The address is that of the zero-entropy mnemonic at the Ethereum path: see SOURCES.md."""
    words = "abandon " * 11 + "about"
    assert cli.main(["accounts", "--json", "--accounts", "1", "--mnemonic", words]) == 0

    (account,) = json.loads(capsys.readouterr().out)
    assert account["address"] == "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"


def test_accounts_stand_unbroken_in_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert cli.main(["accounts"]) == 0

    out = capsys.readouterr().out
    assert len(re.findall(r"^0x\w{40}  0x\w{64}\s*$", out, re.MULTILINE)) == 10


def test_kernels_can_be_compiled_ahead(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["warm"]) == 0

    assert capsys.readouterr() == ("", "")


# --- Running --------------------------------------------------------------------------------


def test_a_chain_runs_and_ends_cleanly() -> None:
    with running("--auto", "--accounts", "2", "--chain-id", "6134") as (process, ready):
        url = ready["url"]
        first, second = (account["address"] for account in ready["accounts"])
        assert ready["chainId"] == 6134 == int(ask(url, "eth_chainId"), 16)
        assert ask(url, "eth_getBlockByNumber", "0x0", False)["hash"] == ready["genesisHash"]
        payment = {"from": first, "to": second, "value": "0x1"}
        sent = ask(url, "eth_sendTransaction", payment)
        status, err = finish(process)

    assert status == 0
    assert re.search(r"^block 1  1 transaction  21,000 gas  0x\w{64}$", err, re.MULTILINE)
    assert f"  {sent}  ok  21,000 gas\n    {first.lower()} -> {second.lower()}\n" in err
    assert "Traceback" not in err


WRONG_KERNELS = """
import sys
from precompiles import kernels
def warm_up(modules):
    raise RuntimeError("a kernel computes a wrong answer")
kernels.warm_up = warm_up
from chain import cli
cli.SELF_TEST_DELAY_SECONDS = 0
sys.exit(cli.main(["run", "--json", "--port", "0"]))
"""


def test_a_node_whose_kernels_are_wrong_ends() -> None:
    """It must not go on making blocks that other nodes would compute otherwise."""
    done = subprocess.run(
        [sys.executable, "-c", WRONG_KERNELS],
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["chainId"] == 6133
    assert "a kernel computes a wrong answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_quiet_chain_says_nothing() -> None:
    with running("--auto", "--quiet") as (process, ready):
        first = ready["accounts"][0]["address"]
        ask(ready["url"], "eth_sendTransaction", {"from": first, "to": first})
        status, err = finish(process)

    assert (status, err) == (0, "")


def test_every_engine_may_be_named() -> None:
    assert get_args(Engine) == cli.ENGINES
    assert all(
        cli.parser().parse_args(["run", "--engine", each]).engine == each for each in cli.ENGINES
    )
    assert cli.parser().parse_args(["run"]).engine == cli.ENGINES[0]


@pytest.mark.parametrize(
    ("words", "automine", "seconds"),
    [
        ([], False, 0.4),
        (["--block-time", "2"], False, 2.0),
        (["--auto"], True, 0.0),
        (["--manual"], False, 0.0),
        (["--mixed"], True, 0.4),
        (["--mixed", "1.5"], True, 1.5),
    ],
)
def test_mining_modes(words: list[str], automine: bool, seconds: float) -> None:
    mining, time = cli.chosen_mining(cli.parser().parse_args(["run", *words]))
    chain = LocalChain.open(pars_genesis(), mining=mining, block_time_seconds=time)

    assert (chain.automine, chain.interval_seconds) == (automine, seconds)


def test_a_chain_goes_on_where_it_ended(tmp_path: Path) -> None:
    datadir = tmp_path / "data"
    with running("--auto", "--datadir", datadir) as (process, ready):
        first = ready["accounts"][0]["address"]
        ask(ready["url"], "eth_sendTransaction", {"from": first, "to": first})
        head = ask(ready["url"], "eth_getBlockByNumber", "latest", False)
        finish(process)

    with running("--auto", "--datadir", datadir) as (process, ready):
        assert ready["blockNumber"] == 1
        assert ask(ready["url"], "eth_getBlockByNumber", "latest", False) == head
        _, err = finish(process)

    assert f"continues from block 1 ({head['hash']})" in err


def test_the_summary_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    options = cli.parser().parse_args(["run", "--accounts", "1"])
    keys = cli.dev_accounts(options)
    chain = LocalChain.open(cli.chosen_genesis(options, keys), accounts=keys, mining="interval")

    cli.print_summary(chain, keys, "http://127.0.0.1:8545")

    out = capsys.readouterr().out
    assert re.search(rf"{FIRST}  0xac0974\w+  +10,000$", out, re.MULTILINE)
    assert "Chain id   6133\n" in out
    assert f"Genesis    0x{chain.genesis_hash.hex()}\n" in out
    assert "Blocks     every 0.4 s\n" in out
    assert "JSON-RPC   http://127.0.0.1:8545" in out


def test_an_open_host_is_warned_of() -> None:
    with running("--host", "0.0.0.0", "--manual") as (process, ready):
        assert ready["url"].startswith("http://0.0.0.0:")
        status, err = finish(process)

    assert status == 0
    assert err == "warning: whoever reaches 0.0.0.0 can spend from these accounts\n"


def test_a_host_that_is_not_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """The address is one of those reserved for documentation."""
    status, line = refused(capsys, "run", "--host", "203.0.113.7", "--port", "0")

    assert status == 1
    assert "cannot listen on 203.0.113.7" in line


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, line = refused(capsys, "run", "--port", str(taken.getsockname()[1]))

    assert status == 1
    assert "--port" in line


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "config: missing"),
        (b'{"config": {"chainId": "six"}, "alloc": {}}', "config.chainId: not a number"),
        (b'{"config": {"chainId": 1}, "alloc": {"0x12": {}}}', "alloc[0x12]: 1 bytes"),
    ],
)
def test_a_bad_genesis(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: bytes | None, complaint: str
) -> None:
    genesis = tmp_path / "genesis.json"
    if text is not None:
        genesis.write_bytes(text)

    status, line = refused(capsys, "run", "--port", "0", "--genesis", genesis)

    assert status == 1
    assert f"genesis {genesis}: " in line
    assert complaint in line


def test_a_genesis_of_another_chain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    genesis = tmp_path / "genesis.json"
    genesis.write_text(json.dumps(genesis_to_json(pars_genesis(6134))))

    status, line = refused(capsys, "run", "--chain-id", "6133", "--genesis", genesis)

    assert status == 2
    assert "config.chainId 6134" in line


def test_a_datadir_that_cannot_be_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    status, line = refused(capsys, "run", "--port", "0", "--datadir", tmp_path / "file" / "data")

    assert status == 1
    assert "datadir" in line


def test_a_datadir_with_something_else(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep me")

    status, line = refused(capsys, "run", "--port", "0", "--datadir", tmp_path)

    assert status == 1
    assert "datadir" in line
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_datadir_of_another_chain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    LocalChain.open(pars_genesis(6134), datadir=tmp_path).close()

    status, line = refused(capsys, "run", "--port", "0", "--datadir", tmp_path)

    assert status == 1
    assert "6134" in line


# --- Export and import ----------------------------------------------------------------------


def exported(tmp_path: Path, blocks: int) -> tuple[Path, Path, Block]:
    """Make a chain of so many blocks, and export it with its genesis."""
    options = cli.parser().parse_args(["export", "x", "--datadir", "y"])
    genesis = cli.chosen_genesis(options, cli.dev_accounts(options))
    chain = LocalChain.open(genesis, datadir=tmp_path / "data", mining="manual")
    chain.mine(blocks)
    head = chain.head
    chain.close()
    file, written = tmp_path / "chain.rlp", tmp_path / "genesis.json"
    words = ["export", file, "--datadir", tmp_path / "data", "--write-genesis", written]

    assert cli.main([str(word) for word in words]) == 0
    return file, written, head


def test_what_is_exported_can_be_imported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file, genesis, head = exported(tmp_path, 3)
    capsys.readouterr()

    words = ["import", file, "--genesis", genesis, "--no-serve", "--json"]
    assert cli.main([str(word) for word in words]) == 0

    imported = json.loads(capsys.readouterr().out)
    assert imported == {"number": 3, "hash": "0x" + head.hash.hex()}


def test_what_is_imported_is_served(tmp_path: Path) -> None:
    file, genesis, head = exported(tmp_path, 2)

    with running(file, "--genesis", genesis, command="import") as (process, ready):
        assert ready["accounts"] == []
        assert ready["blockNumber"] == 2
        served = ask(ready["url"], "eth_getBlockByNumber", "latest", False)
        status, err = finish(process)

    assert served["hash"] == "0x" + head.hash.hex()
    assert (status, err) == (0, f"imported up to block 2 ({served['hash']})\n")


def test_an_export_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    exported(tmp_path, 1)
    capsys.readouterr()

    target = tmp_path / "no" / "such" / "chain.rlp"
    status, line = refused(capsys, "export", target, "--datadir", tmp_path / "data")

    assert status == 1
    assert f"{target}: cannot be written" in line


def test_an_import_of_no_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, genesis, _ = exported(tmp_path, 1)
    capsys.readouterr()

    status, line = refused(capsys, "import", tmp_path / "none.rlp", "--genesis", genesis)

    assert status == 1
    assert "none.rlp" in line


@pytest.mark.parametrize("damage", ["cut", "flipped", "text"])
def test_an_import_of_damaged_blocks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, damage: str
) -> None:
    file, genesis, _ = exported(tmp_path, 2)
    capsys.readouterr()
    data = bytearray(file.read_bytes())
    if damage == "cut":
        del data[-7:]
    elif damage == "flipped":
        data[len(data) // 2] ^= 1
    else:
        data[:] = b"not a chain at all"
    file.write_bytes(data)

    status, line = refused(capsys, "import", file, "--genesis", genesis, "--no-serve")

    assert status == 1
    assert "block" in line
