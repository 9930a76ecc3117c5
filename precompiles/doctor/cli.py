"""`pars doctor`: which code computes each precompile here, and whether it computes rightly.

Tables go to stdout, progress to stderr. Exit status: 0 all is well, 1 a kernel computes wrongly.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from . import report

WELL, ILL, WRONG_LINE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Examine and print."""
    parser = argparse.ArgumentParser(
        prog="pars doctor", description="Show what computes the precompiles here, and test it."
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a script")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return WRONG_LINE if stop.code else WELL
    tested = []
    for kernel in report.kernels():
        print(f"tested {kernel.name} in {kernel.seconds:.1f} s", file=sys.stderr)
        tested.append(kernel)
    (show_json if options.json else show)(tested)
    return WELL if all(kernel.passed for kernel in tested) else ILL


def show(tested: Sequence[report.Kernel]) -> None:
    """Print the tables."""
    console = Console()
    entries = Table("address", "precompile", "computed by", title="precompiles")
    for address, name, by in report.served():
        entries.add_row(address, name, ", ".join(by))
    console.print(entries)
    checks = Table("kernel", "self-test", "seconds", title="kernels")
    for kernel in tested:
        checks.add_row(
            kernel.name, "passed" if kernel.passed else "FAILED", f"{kernel.seconds:.1f}"
        )
    console.print(checks)
    libraries = Table("library", "version", "for", title="libraries")
    for name, version, purpose in report.versions():
        libraries.add_row(name, version or "not installed", purpose)
    console.print(libraries)
    name, reason = report.passed_over()
    console.print(f"passed over: {name}: {reason}", soft_wrap=True)
    folder = report.cache_folder() or "none: kernels compile anew in each process"
    console.print(f"kernel cache: {folder}", soft_wrap=True)


def show_json(tested: Sequence[report.Kernel]) -> None:
    """Print the same as one object."""
    name, reason = report.passed_over()
    whole = {
        "precompiles": [
            {"address": address, "name": entry, "computedBy": by}
            for address, entry, by in report.served()
        ],
        "kernels": [
            {"name": each.name, "passed": each.passed, "seconds": round(each.seconds, 3)}
            for each in tested
        ],
        "libraries": {name: version or None for name, version, _ in report.versions()},
        "passedOver": {name: reason},
        "kernelCache": report.cache_folder() or None,
    }
    print(json.dumps(whole, indent=1))
