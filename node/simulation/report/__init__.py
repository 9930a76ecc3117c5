"""A run on paper: one page of HTML that needs nothing else, and its pictures as PNG."""

from pathlib import Path

from ..outcome import Outcome
from .page import page
from .pictures import pictures


def write(outcome: Outcome, folder: Path) -> list[Path]:
    """Write the report of a run, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{outcome.settings.scenario}-{outcome.settings.seed}"
    drawn = pictures(outcome)
    files = {f"{name}-{title}.png": data for title, data in drawn.items()}
    files[f"{name}.html"] = page(outcome, drawn).encode()
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return [folder / file for file in files]
