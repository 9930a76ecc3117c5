"""Reports of a run: a table with the first failures in full, JUnit XML, and JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, get_args
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import abi
from ..precompile import COMMON_ERRORS, Precompile
from .suite import Result, Status

STATUSES: tuple[Status, ...] = get_args(Status)
COLOURS = {"passed": "green", "failed": "bold red", "not told": "yellow", "skipped": "dim"}
SHOWN_MAX = 5
DATA_SHOWN_MAX = 96


def counted(results: Iterable[Result]) -> Counter[str]:
    """Return how many results have each status."""
    return Counter(each.status for each in results)


def print_table(console: Console, results: Sequence[Result]) -> None:
    """Print one line for each entry, and a sum."""
    table = Table("entry", show_footer=True)
    table.columns[0].footer = "all"
    totals = counted(results)
    for status in STATUSES:
        table.add_column(
            status, str(totals[status]), justify="right", style=COLOURS[status] if totals else ""
        )
    for name in dict.fromkeys(each.entry.name for each in results):
        counts = counted(each for each in results if each.entry.name == name)
        table.add_row(name, *(str(counts[status] or "") for status in STATUSES))
    console.print(table)


def print_findings(console: Console, results: Sequence[Result], shown: int = SHOWN_MAX) -> None:
    """Print the first failures in full, and why something was skipped or not told."""
    failures = [each for each in results if each.status == "failed"]
    for each in failures[:shown]:
        console.print(Text(in_full(each)), soft_wrap=True)
        console.print()
    if len(failures) > shown:
        console.print(f"... and {len(failures) - shown} more failures; --json FILE has them all")
    for status in ("not told", "skipped"):
        reasons = Counter(", ".join(each.reasons) for each in results if each.status == status)
        for reason, count in reasons.most_common():
            console.print(Text(f"{status}: {count} × {reason}"))


def in_full(result: Result) -> str:
    """Return all that is needed to look into one failure."""
    vector = result.vector
    lines = [f"FAILED {result.entry.name}: {vector.name}"]
    lines += [f"  {shortened(reason)}" for reason in result.reasons]
    pairs = (("expected", vector.expected.error), ("got", result.answer.error))
    lines += [
        f"  {label}: {in_words(result.entry, payload)}"
        for label, payload in pairs
        if payload is not None
    ]
    call = {
        "to": f"0x{vector.address.hex()}",
        "data": shortened(f"0x{vector.input.hex()}"),
        "from": f"0x{vector.caller.hex()}",
        "value": vector.value,
        "gas": vector.frame_gas,
        "mode": vector.mode,
    }
    kind = " DELEGATECALL" if vector.delegated else " STATICCALL" if vector.static else ""
    lines.append(f"  call{kind}: {json.dumps(call)}")
    if vector.before:
        lines.append(f"  after {len(vector.before)} calls")
    lines.append(f"  source: {vector.source or 'the vector file'}")
    return "\n".join(lines)


def in_words(entry: Precompile, payload: bytes) -> str:
    """Return a revert payload in words, whatever a target sent."""
    for error in (*entry.errors, *COMMON_ERRORS):
        if payload[:4] == error.signature.selector:
            try:
                values = abi.decode(error.signature.inputs, payload, start=4)
            except abi.Revert:
                return f"{error.signature.name} with arguments that do not decode"
            shown = (f"0x{each.hex()}" if isinstance(each, bytes) else str(each) for each in values)
            return f"{error.signature.name}({', '.join(shown)})"
    return "no error that the entry declares"


def shortened(text: str) -> str:
    """Return a long text with its middle left out."""
    if len(text) <= 2 * DATA_SHOWN_MAX:
        return text
    return f"{text[:DATA_SHOWN_MAX]}...{text[-16:]} ({len(text) // 2 - 1} bytes)"


def as_json(results: Sequence[Result], target: str) -> dict[str, Any]:
    """Return a run as JSON can hold it."""
    return {
        "target": target,
        "totals": {status: counted(results)[status] for status in STATUSES},
        "results": [
            {
                "entry": each.entry.name,
                "name": each.vector.name,
                "status": each.status,
                **({"reasons": list(each.reasons)} if each.reasons else {}),
            }
            for each in results
        ],
    }


def as_junit(results: Sequence[Result], target: str) -> str:
    """Return a run as JUnit XML; what a target did not tell counts as skipped."""
    totals = counted(results)
    root = ElementTree.Element(
        "testsuites",
        name=f"Pars precompiles on {target}",
        tests=str(len(results)),
        failures=str(totals["failed"]),
        skipped=str(totals["skipped"] + totals["not told"]),
    )
    for name in dict.fromkeys(each.entry.name for each in results):
        own = [each for each in results if each.entry.name == name]
        counts = counted(own)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(own)),
            failures=str(counts["failed"]),
            skipped=str(counts["skipped"] + counts["not told"]),
        )
        for each in own:
            case = ElementTree.SubElement(suite, "testcase", classname=name, name=each.vector.name)
            if each.status == "failed":
                failure = ElementTree.SubElement(case, "failure", message=each.reasons[0][:200])
                failure.text = in_full(each)
            elif each.status != "passed":
                reason = f"{each.status}: {', '.join(each.reasons)}"
                ElementTree.SubElement(case, "skipped", message=reason)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
