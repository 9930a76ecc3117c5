"""The dispatcher: which words it knows, and what a user sees when a command breaks."""

import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

import pars


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[str]], int]], None]:
    """Put a function in the place of `pars break`."""

    def install(main: Callable[[list[str]], int]) -> None:
        module = types.ModuleType("breakable.cli")
        module.main = main  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "breakable.cli", module)
        monkeypatch.setitem(pars.COMMANDS, "break", ("breakable", "for this test"))

    monkeypatch.delenv("PARS_DEBUG", raising=False)
    return install


def raiser(error: BaseException) -> Callable[[list[str]], int]:
    def main(_: list[str]) -> int:
        raise error

    return main


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command(capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert pars.main([option]) == 0

    out = capsys.readouterr().out
    assert all(f"\n  {word} " in out for word in pars.COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    assert pars.main(["--version"]) == 0

    version = capsys.readouterr().out.removeprefix("pars ").strip()
    assert f'version = "{version}"' in (root / "pyproject.toml").read_text("utf-8")


def test_nothing_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert pars.main([]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err == pars.usage()


@pytest.mark.parametrize("word", ["chains", "", "--verbose", "os", "CHAIN"])
def test_an_unknown_word(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert pars.main([word, "run"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"pars: no command {word!r} (known: {', '.join(pars.COMMANDS)})\n"


def test_a_command_gets_the_rest_and_its_status_is_returned(command: Callable[..., None]) -> None:
    seen: list[str] = []

    def main(arguments: list[str]) -> int:
        seen.extend(arguments)
        return 7

    command(main)

    assert pars.main(["break", "--help", "x"]) == 7
    assert seen == ["--help", "x"]


def test_an_interrupt_is_no_error(
    capsys: pytest.CaptureFixture[str], command: Callable[..., None]
) -> None:
    command(raiser(KeyboardInterrupt()))

    assert pars.main(["break"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("two\nlines"), "ValueError: two lines"),
        (AssertionError(), "AssertionError"),
        (RecursionError("deep"), "RecursionError: deep"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_fault_of_ours_is_two_lines(
    capsys: pytest.CaptureFixture[str], command: Callable[..., None], error: Exception, line: str
) -> None:
    command(raiser(error))

    assert pars.main(["break"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"pars: internal error: {line}",
        "pars: set PARS_DEBUG=1 to see where it happened",
    ]


def test_a_fault_of_ours_can_be_traced(
    capsys: pytest.CaptureFixture[str],
    command: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARS_DEBUG", "1")
    command(raiser(ValueError("here")))

    assert pars.main(["break"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_leaves_is_no_error(root: Path) -> None:
    """As in `pars precompile list | head -1`, with more output than a pipe holds."""
    code = (
        "import sys, types, pars; many = types.ModuleType('many.cli')\n"
        "many.main = lambda _: [print('x' * 1000) for _ in range(1000)] and 0\n"
        "sys.modules['many.cli'] = many; pars.COMMANDS['many'] = ('many', '')\n"
        "sys.exit(pars.main(['many']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        status = process.wait(timeout=60)

    assert (status, err) == (0, b"")
