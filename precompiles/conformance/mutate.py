"""Plants faults in the code of an entry, one at a time, and runs its vectors against each.

Each fault is tried in a forked process, which ends when a vector is not met, and by force when it
takes too long or too much memory. Kernels and the tables that they compile in are left out: the
tests hold them to plain integers, and to compile each anew would take hours.
"""

import ast
import importlib
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

from .. import registry
from ..precompile import Precompile
from . import embedded
from .faults import Fault, faults
from .suite import Chapter
from .vectors import PACKAGE, Vector, differences

EQUIVALENT = Path(__file__).parent / "equivalent.json"
NAMED_OTHERWISE = {"reference.py", "__init__.py"}

SECONDS_LEAST = 5
MEMORY_BYTES = 2 * 2**30
CAUGHT, SURVIVED = 0, 77


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of one fault."""

    entry: Precompile
    path: Path
    fault: Fault
    verdict: Literal["caught", "equivalent", "survived"]
    reason: str = ""

    def shown(self) -> str:
        """Return place and change."""
        place = f"{self.path.relative_to(PACKAGE.parent)}:{self.fault.line}"
        return f"{place}: {self.fault.kind}\n  - {self.fault.was}\n  + {self.fault.becomes}"


# --- Which code an entry has ----------------------------------------------------------------


def sources(entry: Precompile) -> list[Path]:
    """Return the files of an entry that its contract imports and no kernel compiles in."""
    folder = PACKAGE / entry.family / entry.name
    found = reached(folder / "contract.py", folder)
    kernels = {path for path in found if "kernels" in path.read_text("utf-8")}
    compiled = {each for path in kernels for each in reached(path, folder)}
    return sorted(path for path in found - compiled if path.name not in NAMED_OTHERWISE)


def reached(path: Path, folder: Path) -> set[Path]:
    """Return a file and those of its folder that it imports, and so on."""
    found: set[Path] = set()
    waiting = [path] if path.exists() else []
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            imports = imported(path, path.read_text("utf-8"))
            waiting += [each for each in imports if each.is_relative_to(folder)]
    return found


def imported(path: Path, text: str) -> Iterator[Path]:
    """Return the files that a file imports by a relative import."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1]
            base = base.joinpath(*(node.module or "").split(".")) if node.module else base
            named = [base / alias.name for alias in node.names]
            for each in (base, *named):
                if each.with_suffix(".py").exists():
                    yield each.with_suffix(".py")


def module_name(path: Path) -> str:
    """Return the name under which a file of ours is imported."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def planted(entry: Precompile) -> list[tuple[Path, Fault]]:
    """Return every fault of an entry."""
    return [(path, fault) for path in sources(entry) for fault in faults(path.read_text("utf-8"))]


# --- Trying one fault -----------------------------------------------------------------------


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed source."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self._name = name
        self._path = path
        self._source = source

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Answer for the one module."""
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed source."""
        module.__file__ = str(self._path)
        exec(compile(self._source, str(self._path), "exec"), module.__dict__)  # noqa: S102 - ours


def with_fault(entry: Precompile, path: Path, fault: Fault) -> Precompile:
    """Import an entry anew, with a fault. Spoils this process."""
    sys.meta_path.insert(0, Planted(module_name(path), path, fault.source))
    for each in sources(entry):
        name = module_name(each)
        sys.modules.pop(name, None)
        package = sys.modules.get(name.rpartition(".")[0])
        if package is not None and hasattr(package, each.stem):
            delattr(package, each.stem)
    contract = importlib.import_module(module_name(sources(entry)[0].parent / "contract.py"))
    found: Precompile = contract.PRECOMPILE
    return found


def assembled(changed: Precompile) -> Precompile:
    """Return an entry as the registry has it: at a family's first address it answers for that."""
    entries = [changed if each.address == changed.address else each for each in registry.ENTRIES]
    return next(each for each in registry.assemble(entries) if each.address == changed.address)


def notices(vectors: Sequence[Vector]) -> bool:
    """Return whether a vector is not met; an exception is not what a vector expects."""
    for vector in vectors:
        try:
            if differences(vector, embedded.answer(vector)):
                return True
        except Exception:
            return True
    return False


def is_caught(work: Callable[[], bool], seconds: int) -> bool:
    """Run in a process of its own; one that ends by force counts as caught."""
    process = os.fork()
    if process == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(seconds)
            used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES + used, MEMORY_BYTES + used))
            os._exit(CAUGHT if work() else SURVIVED)
        except BaseException:
            os._exit(CAUGHT)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) != SURVIVED


def trials(chapter: Chapter, seconds: int) -> Iterator[Trial]:
    """Try every fault of an entry. Its vectors have been met just before, so all is loaded."""
    entry = chapter.entry
    harmless = equivalents()
    quick_first = sorted(chapter.vectors, key=lambda each: (len(each.before), each.gas))
    for path, fault in planted(entry):

        def work(path: Path = path, fault: Fault = fault) -> bool:
            changed = with_fault(entry, path, fault)
            if changed.address != entry.address:
                return True
            registry.BY_ADDRESS = {**registry.BY_ADDRESS, entry.address: assembled(changed)}
            return notices(quick_first)

        key = (str(path.relative_to(PACKAGE)), fault.was, fault.becomes)
        if is_caught(work, seconds):
            yield Trial(entry=entry, path=path, fault=fault, verdict="caught")
        elif key in harmless:
            yield Trial(
                entry=entry, path=path, fault=fault, verdict="equivalent", reason=harmless[key]
            )
        else:
            yield Trial(entry=entry, path=path, fault=fault, verdict="survived")


def equivalents() -> dict[tuple[str, str, str], str]:
    """Return the changes that change nothing, with the reasons."""
    listed = json.loads(EQUIVALENT.read_text("utf-8"))
    return {(each["file"], each["was"], each["becomes"]): each["reason"] for each in listed}
