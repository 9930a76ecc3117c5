"""`pars new NAME`: writes a small Ape project whose tests pass."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

TEMPLATE: Final = Path(__file__).parent / "template"
SUFFIX: Final = ".template"
"""Ends the names of files that tools would take for a part of this distribution."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the project and return the exit status."""
    folder: Path = parser().parse_args(argv).folder
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        print(f"pars new: {folder} is there already; nothing was written", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"pars new: cannot make {folder}: {error.strerror}", file=sys.stderr)
        return 1
    write(folder)
    print(f"Made {folder}. Now:\n  cd {folder}\n  ape test")
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(prog="pars new", description="Write a small Ape project.")
    top.add_argument("folder", metavar="NAME", type=Path, help="the folder to make")
    return top


def write(folder: Path) -> None:
    """Copy the template into an empty folder, under that folder's name."""
    for source in sorted(TEMPLATE.rglob("*")):
        place = source.relative_to(TEMPLATE)
        if source.is_dir():
            continue
        name = place.name.removesuffix(SUFFIX)
        target = folder / place.with_name(".gitignore" if name == "gitignore" else name)
        target.parent.mkdir(exist_ok=True)
        text = source.read_text("utf-8")
        if place.name == "README.md":
            text = text.replace("{name}", folder.resolve().name)
        target.write_text(text, "utf-8")
