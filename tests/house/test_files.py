"""What must hold of every file, whatever it is about. Each message names the remedy."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("precompiles", "contracts", "chain", "ape_pars", "session_bridge", "node"),
    *("tests", "benchmarks", "docs", "requirements", ".ci"),
)
TEXT = {".py", ".md", ".toml", ".yaml", ".sol", ".vy", ".vyi", ".lock", ".txt", ".mjs", ""}
CODE = {".py", ".sol", ".vy", ".vyi", ".mjs"}

LINE_LENGTH_MAX = 100
FUNCTION_LINES_MAX = 70
LONGER = {
    # A branch for each instruction: the compiler makes one table of jumps of it.
    "chain/engine/core.py": "interpret",
}

EMPTY_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}
# Spelled in two parts, so that this file passes its own test.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|NotImplemented" r"Error)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~}/-])/(work|tmp|root|home/\w+|Users/\w+)\b(?!\))")
INDEX_ADDRESSES = re.compile(r"https?://|--(extra-)?index-url|--find-links|file:")
PRAGMA = re.compile(r"\s+# (type: ignore|noqa).*")
SILENCED = re.compile(r"# no" r"qa(?!: [A-Z]+\d+ +(# |- )\w)")


def files(suffixes: set[str]) -> list[str]:
    """Return every file of the project with one of these suffixes, as paths from the root."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*")
    return sorted(
        path.relative_to(ROOT).as_posix()
        for path in found
        if path.is_file()
        and path.suffix in suffixes
        and not {"__pycache__", "node_modules"} & set(path.parts)
        and path.name not in (".git", ".gitignore")
    )


PYTHON = files({".py"})


def lines(places: list[str]) -> Iterator[tuple[str, str]]:
    """Return every line of these files with its place."""
    for place in places:
        for number, line in enumerate((ROOT / place).read_text("utf-8").splitlines(), start=1):
            yield f"{place}:{number}", line


def matches(places: list[str], pattern: re.Pattern[str]) -> list[str]:
    """Return where a pattern occurs."""
    return [f"{where}: {line.strip()}" for where, line in lines(places) if pattern.search(line)]


def test_lines_fit() -> None:
    long = [
        where for where, line in lines(files(CODE)) if len(PRAGMA.sub("", line)) > LINE_LENGTH_MAX
    ]

    assert long == [], f"at most {LINE_LENGTH_MAX} columns; `ruff format` breaks most of them"


def test_nothing_is_left_for_later() -> None:
    assert matches(files(CODE), MARKERS) == [], "do it now, or open an issue"


def test_no_path_of_a_machine() -> None:
    assert matches(files(TEXT), MACHINE_PATHS) == [], "use a relative path, or one that is given"


def test_no_address_of_a_package_index() -> None:
    settings = [place for place in files({".lock", ".toml", ".txt"}) if "/vectors/" not in place]

    assert matches([*settings, "Makefile", ".ci/run"], INDEX_ADDRESSES) == [], "see `make lock`"


def test_a_file_is_named_for_what_it_holds() -> None:
    named = [place for place in PYTHON if Path(place).stem in EMPTY_NAMES]

    assert named == [], "name it for what it holds, or move its functions where they are used"


def test_tests_are_no_package() -> None:
    """Ape's dependencies install a top-level `tests`; ours must never be importable by name."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_a_module_says_what_it_is_for() -> None:
    silent = [place for place, tree in trees() if tree.body and not ast.get_docstring(tree)]

    assert silent == [], "begin with a docstring: what the module is for, what it does not know"


def test_a_function_fits_a_screen() -> None:
    long = [
        f"{place}:{node.lineno}: {node.name} has {length} lines"
        for place, tree in trees()
        if not place.startswith("tests/")  # where a list of cases may be as long as it is
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
        and LONGER.get(place) != node.name
    ]

    assert long == [], f"at most {FUNCTION_LINES_MAX}: split it where the subject changes"


def test_a_silenced_check_has_a_reason() -> None:
    """Types are left to mypy, which wants the code of what it is to ignore, and no stale one."""
    assert matches(PYTHON, SILENCED) == [], "say why: `# noqa: S102 - the reason`"


@pytest.mark.parametrize("name", ["core", "dev"])
def test_every_locked_package_is_pinned_and_hashed(name: str) -> None:
    """pip checks this too, but only for what applies to the machine at hand."""
    loose = [
        requirement[:60]
        for requirement in lock(name).replace("\\\n", " ").splitlines()
        if not re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement)
    ]

    assert loose == [], "run `make lock`"


def test_the_larger_lock_holds_the_smaller() -> None:
    """`make test` adds to what `make run` installed; it never exchanges a version."""

    def pins(name: str) -> set[str]:
        # Where a package is wanted may be wider in the larger lock; which one it is may not differ.
        return {word for word in lock(name).split() if "==" in word or "sha256:" in word}

    assert pins("core") <= pins("dev"), "run `make lock`"


def lock(name: str) -> str:
    """Return the text of a lock."""
    return (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Return every Python file, parsed."""
    for place in PYTHON:
        yield place, ast.parse((ROOT / place).read_text("utf-8"))
