"""Reads rows of numbers, with the right answers where there are any. Knows no model."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

FILE_SIZE_MAX = 256 << 20


class DataRefusedError(Exception):
    """The file has no rows that can be read. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataSet:
    """Rows, and for each the right answer, as it is written."""

    rows: Any
    wanted: tuple[str, ...]


def read(path: Path, features: int) -> DataSet:
    """Return the rows of a .csv, or of the arrays x and y of an .npz.

    A column beyond the features has the answers.
    """
    try:
        if path.stat().st_size > FILE_SIZE_MAX:
            raise DataRefusedError(f"{path}: larger than {FILE_SIZE_MAX:,} bytes")
        return read_npz(path) if path.suffix == ".npz" else read_csv(path, features)
    except OSError as error:
        raise DataRefusedError(f"{path}: {error.strerror or 'it cannot be read'}") from None


def read_npz(path: Path) -> DataSet:
    """Read the arrays of a file; objects, which could run code, are refused."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            rows = np.asarray(arrays["x"], np.float64)
            wanted = arrays["y"].tolist() if "y" in arrays else []
    except (BadZipFile, KeyError, ValueError, TypeError):
        raise DataRefusedError(f"{path}: needs an array x of numbers, and may have y") from None
    if rows.ndim != 2 or (wanted and len(wanted) != len(rows)):
        raise DataRefusedError(f"{path}: x has to have rows, and y one answer for each")
    return DataSet(rows=rows, wanted=tuple(str(each) for each in wanted))


def read_csv(path: Path, features: int) -> DataSet:
    """Read lines of numbers; a first line that is not numbers names the columns."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = [line for line in csv.reader(file) if line]
    except (UnicodeDecodeError, csv.Error):
        raise DataRefusedError(f"{path}: not a table of text") from None
    if lines and not all(is_number(cell) for cell in lines[0][:features]):
        lines = lines[1:]
    rows, wanted = [], []
    for number, line in enumerate(lines, start=1):
        if len(line) not in (features, features + 1) or len(line) != len(lines[0]):
            wants = f"{features} numbers, and an answer or none"
            raise DataRefusedError(f"{path}: row {number} has {len(line)} cells, not {wants}")
        if not all(is_number(cell) for cell in line[:features]):
            raise DataRefusedError(f"{path}: row {number} has a cell that is no number")
        rows.append([float(cell) for cell in line[:features]])
        wanted += line[features:]
    if not rows:
        raise DataRefusedError(f"{path}: no rows")
    return DataSet(rows=np.array(rows), wanted=tuple(wanted))


def is_number(cell: str) -> bool:
    """Return whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
