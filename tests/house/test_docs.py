"""Documents that lead nowhere, or that tell what is no longer true."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import pars

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
TARGET = re.compile(r"`make (\w+)")
COMMAND = re.compile(r"\bpars ([a-z]+) ([a-z]+)\b")

# The decisions name files that were once there; that is their job.
CHECKED = [document for document in DOCUMENTS if document != "docs/decisions.md"]


def text(document: str) -> str:
    """Return a document."""
    return (ROOT / document).read_text("utf-8")


def slug(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_resolve(document: str) -> None:
    missing = []
    for link in LINK.findall(text(document)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        if not target.exists():
            missing.append(f"{document}: {link}: no such file")
        elif anchor and anchor not in map(slug, re.findall(r"(?m)^#+ (.*)$", target.read_text())):
            missing.append(f"{document}: {link}: no such heading")

    assert missing == []


@pytest.mark.parametrize("document", CHECKED)
def test_paths_exist(document: str) -> None:
    missing = [path for path in PATH.findall(text(document)) if not (ROOT / path).exists()]

    assert missing == [], f"{document} names files that are gone"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_exist(document: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"(?m)^(\w+):", makefile))

    assert set(TARGET.findall(text(document))) <= targets


@pytest.mark.parametrize("document", CHECKED)
def test_commands_exist(document: str) -> None:
    for word, subcommand in set(COMMAND.findall(text(document))):
        package, _ = pars.COMMANDS[word]
        commands = import_module(f"{package}.cli").parser().format_help()
        if "COMMAND" not in commands:  # It takes a name of the user's.
            continue
        assert re.search(rf"^    {subcommand}\b", commands, re.MULTILINE), (
            f"pars {word} {subcommand}"
        )


def test_decisions_are_dated_and_short() -> None:
    entries = re.split(r"(?m)^## ", text("docs/decisions.md"))[1:]

    assert entries
    for entry in entries:
        title, *body = entry.strip().splitlines()
        assert re.match(r"\d{4}-\d{2}-\d{2} ", title), f"{title}: starts with its date"
        prose = [line for line in body if line.strip() and not line.startswith("|")]
        assert len(prose) <= 10, f"{title}: {len(prose)} lines; ten tell it"
