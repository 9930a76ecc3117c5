"""A campaign: random cases on several engines until the time is up; `--replay` for one file.

Prints each difference with the seed that makes the case again, and writes the case to a file.
"""

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from ..statetest import FORK_NAMES
from .cases import Case, read, write
from .compare import compare, run
from .engines import ENGINES
from .generate import generate
from .limits import limited
from .results import Engine, EngineGone
from .shrink import shrink

SAME, DIFFERENT, UNUSABLE = 0, 1, 2
REPORT_SECONDS: Final = 10
SHRINK_SECONDS: Final = 20
"""For each difference; after that the case stays as small as it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m chain.differential", description=__doc__)
    parser.add_argument("--engines", default="py,eels", help=f"of {', '.join(ENGINES)}")
    parser.add_argument("--forks", default="Prague", help="as state tests spell them")
    parser.add_argument("--seed", type=int, help="first of the seeds; otherwise drawn")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--cases", type=int, help="stop after so many")
    parser.add_argument("--steps", action="store_true", help="compare every instruction too")
    parser.add_argument("--limits", type=int, default=0, metavar="N", help="gas limits per case")
    parser.add_argument("--folder", type=Path, default=Path("differences"))
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run this case alone")
    options = parser.parse_args(arguments)
    names, forks = options.engines.split(","), options.forks.split(",")
    unknown = [*({*names} - {*ENGINES}), *({*forks} - {*FORK_NAMES})]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    try:
        with ExitStack() as opened:
            engines = {name: opened.enter_context(ENGINES[name]()) for name in names}
            if options.replay:
                return _replay(read(options.replay), engines)
            return _campaign(engines, forks, options)
    except EngineGone as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE


def _replay(case: Case, engines: Mapping[str, Engine]) -> int:
    found = compare(case, engines, steps=True)
    print("\n".join(found) or f"{case.name}: no difference")
    return DIFFERENT if found else SAME


def _campaign(
    engines: Mapping[str, Engine], forks: Sequence[str], options: argparse.Namespace
) -> int:
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    print(f"engines {', '.join(engines)}; forks {', '.join(forks)}; first seed {seed}", flush=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    started = reported = time.monotonic()
    ran = different = 0
    current = options.folder / "current"
    while time.monotonic() - started < options.seconds and ran != options.cases:
        for fork in forks:
            # An engine that crashes the process leaves behind what it was about to run.
            current.write_text(f"{fork} {seed}\n", "utf-8")
            case = generate(seed, fork)
            for each in (case, *limited(case, options.limits)):
                ran += 1
                if found := compare(each, engines, steps=options.steps):
                    different += 1
                    _keep(each, found, engines, options)
        seed += 1
        if time.monotonic() - reported > REPORT_SECONDS:
            reported = time.monotonic()
            rate = ran / (reported - started)
            print(f"seed {seed}: {ran} cases, {different} differ, {rate:.0f}/s", flush=True)
    current.unlink(missing_ok=True)
    seconds = time.monotonic() - started
    print(f"{ran} cases, {different} differ, in {seconds:.1f} s; next seed {seed}")
    return DIFFERENT if different else SAME


def _keep(
    case: Case, found: Sequence[str], engines: Mapping[str, Engine], options: argparse.Namespace
) -> None:
    print("\n".join(found), flush=True)
    folder: Path = options.folder
    end = time.monotonic() + SHRINK_SECONDS

    def shows(smaller: Case) -> bool:
        return time.monotonic() < end and bool(compare(smaller, engines, steps=options.steps))

    small = shrink(case, shows)
    for name, each in ((case.name, case), (f"{case.name}-small", small)):
        expected = run(each, next(iter(engines.values())))
        if isinstance(expected, str):  # The first engine broke: nothing is known of the outcome.
            write(folder / f"{name}.json", each)
        else:
            last = expected.ran[-1]
            write(folder / f"{name}.json", each, expected.root, last.logs, last.refused)
    print(f"  written to {folder / case.name}.json, and smaller to -small", flush=True)


if __name__ == "__main__":
    sys.exit(main())
