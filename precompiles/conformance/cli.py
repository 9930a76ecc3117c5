"""`pars conformance`: run the suite against an implementation, list it, write it out.

Results go to stdout, progress to stderr. Exit status: 0 every vector asked was met, 1 one was not
or the target does not answer, 2 the command line is wrong. The target named `chain` comes from
whoever has a chain: see `Open`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from . import embedded, export, report
from .node import Node, chain_id, described, probe
from .rpc import SECONDS, Client, RefusedError, SilentError, Transport, over_http
from .suite import Chapter, Result, ask, chapters
from .vectors import Answer, SecretOps, Target, Vector

if TYPE_CHECKING:
    from . import mutate as planting

DONE, FAILED, WRONG = 0, 1, 2
SECRET_OPS: dict[int, SecretOps] = {6134: "public-test"}
SILENT_MAX = 3
"""After so many answers that are none, in a row, a node is given up."""

Open = Callable[[SecretOps], Transport]
"""Makes a fresh chain with this rule for secrets, spoken to like a node."""


class UsageError(Exception):
    """The command line is wrong. The message says what to do."""


class GoneError(Exception):
    """The target does not answer."""


def main(argv: Sequence[str] | None = None, chain: Open | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
        options.chain = chain
        status: int = options.command(options)
    except UsageError as error:
        print(f"pars conformance: {error}", file=sys.stderr)
        return WRONG
    except (GoneError, SilentError, RefusedError) as error:
        print(f"pars conformance: the node does not answer as one: {error}", file=sys.stderr)
        return FAILED
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or DONE)
    return status


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(
        prog="pars conformance", description="Run the conformance suite of the precompiles."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    running = commands.add_parser("run", help="run vectors against an implementation")
    target = running.add_mutually_exclusive_group()
    target.add_argument("--target", choices=("embedded", "chain"), default="embedded")
    target.add_argument("--rpc", metavar="URL", help="a node of any make")
    running.add_argument(
        "--secret-ops",
        choices=("call-only", "public-test"),
        help="the node's rule for secrets (default: that of its chain id)",
    )
    running.add_argument("--timeout", type=float, default=SECONDS, metavar="S", help="per request")
    running.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML")
    running.add_argument("--json", type=Path, metavar="FILE", help="write every result as JSON")
    running.set_defaults(command=run)

    listing = commands.add_parser("list", help="list entries and how many vectors each has")
    listing.add_argument("--names", action="store_true", help="list every vector")
    listing.set_defaults(command=list_vectors)

    exporting = commands.add_parser("export", help="write the suite as JSON files")
    exporting.add_argument("folder", type=Path, metavar="DIR")
    exporting.set_defaults(command=write_files)

    schema = commands.add_parser("schema", help="print the JSON schema of the files")
    schema.set_defaults(command=print_schema)

    mutating = commands.add_parser("mutate", help="plant faults and see whether vectors notice")
    mutating.add_argument("--all", action="store_true", help="show the equivalent ones too")
    mutating.set_defaults(command=mutate)

    for command in (running, listing, exporting, mutating):
        add_choice(command)
    return top


def add_choice(command: argparse.ArgumentParser) -> None:
    """Add the options that choose vectors."""
    command.add_argument("--family", action="append", default=[], metavar="NAME")
    command.add_argument("--entry", action="append", default=[], metavar="NAME")
    command.add_argument("--name", default="*", metavar="GLOB", help="names of vectors")
    command.add_argument(
        "--given", action="store_true", help="only the vector files, without derived vectors"
    )


def chosen(options: argparse.Namespace) -> list[Chapter]:
    """Return the vectors that were asked for."""
    found = chapters(options.family, options.entry, options.name, with_derived=not options.given)
    if not found:
        raise UsageError("no vector has that family, entry and name; see `pars conformance list`")
    return found


# --- run ------------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Run the suite and report."""
    selected = chosen(options)
    with ExitStack() as stack:
        name, target = opened(options, stack)
        results = with_progress(target, selected)
    console = Console()
    report.print_table(console, results)
    report.print_findings(console, results)
    if options.junit:
        write(options.junit, report.as_junit(results, name))
    if options.json:
        write(options.json, json.dumps(report.as_json(results, name), indent=1) + "\n")
    return FAILED if report.counted(results)["failed"] else DONE


def write(path: Path, text: str) -> None:
    """Write a report."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def opened(options: argparse.Namespace, stack: ExitStack) -> tuple[str, Target]:
    """Return the target that was asked for, and its name for the reports."""
    if options.rpc:
        try:
            client = Client(stack.enter_context(over_http(options.rpc, options.timeout)))
        except ValueError as error:
            raise UsageError(str(error)) from None
        rule = options.secret_ops or SECRET_OPS.get(chain_id(client), "call-only")
        return options.rpc, giving_up(node_of(client, rule).answer)
    if options.target == "chain":
        return "chain", chain_target(options.chain)
    return "embedded", embedded.answer


def node_of(client: Client, rule: SecretOps) -> Node:
    """Return a node as a target, having told what it can do."""
    abilities = probe(client)
    print(f"node: {', '.join(described(abilities))}; secretOps {rule}", file=sys.stderr)
    return Node(client, abilities, rule)


def chain_target(open_chain: Open | None) -> Target:
    """Return our chain as a target: one for each rule for secrets."""
    if open_chain is None:
        raise UsageError("there is no chain here; `pars conformance` has one")
    nodes: dict[SecretOps, Node] = {}

    def answer(vector: Vector) -> Answer:
        rule = vector.secret_ops
        if rule not in nodes:
            nodes[rule] = node_of(Client(open_chain(rule)), rule)
        return nodes[rule].answer(vector)

    return answer


def giving_up(target: Target) -> Target:
    """Stop asking a node that gave no answer several times in a row."""
    silent = 0

    def answer(vector: Vector) -> Answer:
        nonlocal silent
        found = target(vector)
        silent = silent + 1 if found.broken else 0
        if silent == SILENT_MAX:
            raise GoneError(found.broken)
        return found

    return answer


def with_progress(target: Target, selected: list[Chapter]) -> list[Result]:
    """Ask every vector, showing how far it is."""
    results = []
    total = sum(len(chapter.vectors) for chapter in selected)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("asking", total=total)
        for result in ask(target, selected):
            results.append(result)
            progress.update(task, advance=1, description=result.entry.name)
    return results


# --- The others -----------------------------------------------------------------------------


def list_vectors(options: argparse.Namespace) -> int:
    """Print entries, or every vector."""
    selected = chosen(options)
    if options.names:
        for chapter in selected:
            for vector in chapter.vectors:
                print(f"{chapter.entry.name}\t{vector.name}\t{vector.source}")
        return DONE
    table = Table("entry", "family", "methods", "given", "derived", "refused")
    for chapter in selected:
        derived = sum("/" in vector.name for vector in chapter.vectors)
        refused = sum(vector.expected.output is None for vector in chapter.vectors)
        table.add_row(
            chapter.entry.name,
            chapter.entry.family,
            str(len(chapter.entry.methods)),
            str(len(chapter.vectors) - derived),
            str(derived),
            str(refused),
        )
    Console().print(table)
    return DONE


def write_files(options: argparse.Namespace) -> int:
    """Write the suite as JSON files."""
    try:
        for path in export.write(options.folder, chosen(options)):
            print(path)
    except OSError as error:
        raise UsageError(f"{options.folder} cannot be written: {error.strerror}") from None
    return DONE


def mutate(options: argparse.Namespace) -> int:
    """Plant faults, one at a time, and report which nothing noticed."""
    from . import mutate as planting

    found: list[planting.Trial] = []
    console = Console(stderr=True)
    for chapter in chosen(options):
        start = time.monotonic()
        if planting.notices(chapter.vectors):
            raise UsageError(f"{chapter.entry.name} fails without any fault; run it first")
        seconds = planting.SECONDS_LEAST + 3 * int(time.monotonic() - start)
        total = len(planting.planted(chapter.entry))
        # No refreshing thread: a process that has one must not be forked.
        with Progress(console=console, transient=True, auto_refresh=False) as progress:
            task = progress.add_task(chapter.entry.name, total=total)
            for trial in planting.trials(chapter, seconds):
                found.append(trial)
                progress.update(task, advance=1, refresh=True)
    print_trials(found, options.all)
    return FAILED if any(each.verdict == "survived" for each in found) else DONE


def print_trials(found: "Sequence[planting.Trial]", show_all: bool) -> None:
    """Print what was planted in each entry, and what nobody noticed."""
    table = Table("entry", "planted", "caught", "equivalent", "survived")
    for name in dict.fromkeys(each.entry.name for each in found):
        own = [each.verdict for each in found if each.entry.name == name]
        counts = (own.count("caught"), own.count("equivalent"), own.count("survived"))
        table.add_row(name, str(len(own)), *map(str, counts))
    Console().print(table)
    for each in found:
        if each.verdict == "survived" or (show_all and each.verdict == "equivalent"):
            print(f"{each.verdict}: {each.shown()}")
            if each.reason:
                print(f"  {each.reason}")


def print_schema(_: argparse.Namespace) -> int:
    """Print the schema."""
    print(export.SCHEMA.read_text("utf-8"), end="")
    return DONE
