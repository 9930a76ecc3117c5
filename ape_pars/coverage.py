"""Coverage of Vyper in the reports of `ape test --coverage`.

A statement counts as run where one of its instructions ran, be it in a transaction, a call or a
creation, and in whichever contract a module's code stands. Statements that the compiler left out
are not counted at all.
"""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from ape.pytest.coverage import CoverageData
from ape.types.coverage import (
    ContractSourceCoverage,
    CoverageProject,
    CoverageReport,
    CoverageStatement,
    FunctionCoverage,
)
from ape.utils.misc import get_current_timestamp_ms

from .execution import Executed, Sources, runs_of
from .vyper_source import Location, Statement


class Coverage(CoverageData):
    """What Ape's tracker holds, in place of what it would have made of ape-vyper's maps."""

    def __init__(self, project: Any, sources: Sources) -> None:
        super().__init__(project, [])
        self._maps = sources
        self._statements: dict[tuple[Path, Location], CoverageStatement] = {}
        self._functions: dict[tuple[Path, str], FunctionCoverage] = {}

    def _init_coverage_profile(self) -> CoverageReport:
        self._statements.clear()
        self._functions.clear()
        profile = CoverageProject(name=self.project.name or "__local__")
        for contract_type in (self.project.manifest.contract_types or {}).values():
            for code in self._maps.maps_of(contract_type) or ():
                for statement in sorted(code.statements.values(), key=_place):
                    self._include(profile, statement)
        profile.sources.sort(key=lambda source: source.source_id)
        return CoverageReport(
            projects=[profile],
            source_folders=[self.project.contracts_folder],
            timestamp=get_current_timestamp_ms(),
        )

    def _include(self, profile: CoverageProject, statement: Statement) -> None:
        key = statement.path, statement.location
        if key in self._statements or not statement.path.is_relative_to(self.project.path):
            return
        contract = statement.path.stem
        if self._is_excluded(contract, statement.function):
            return
        source_id = str(statement.path.relative_to(self.project.path))
        source = next((each for each in profile.sources if each.source_id == source_id), None)
        if source is None:
            profile.sources.append(ContractSourceCoverage(source_id=source_id))
            source = profile.sources[-1]
        function = source.include(contract).include(statement.function, statement.function)
        # The tables take a location for all that starts on its line; statements here do not.
        entry = CoverageStatement(location=statement.location, pcs=set())
        function.statements.append(entry)
        self._statements[key] = entry
        self._functions[statement.path, statement.function] = function

    def _is_excluded(self, contract: str, function: str) -> bool:
        rules = self.config_manager.get_config("test").coverage.exclude
        return any(
            fnmatch(contract, rule.contract_name) and fnmatch(function, rule.method_name or "*")
            for rule in rules
        )

    def count(self, executed: Executed) -> None:
        """Count what ran."""
        assert self.report is not None, "asking for the report makes it"
        for frame in executed.frames:
            code = self._maps.of_frame(frame)
            if code is None:
                continue
            entered: set[tuple[Path, str]] = set()
            for statement in set(runs_of(code, frame.pcs)):
                entry = self._statements.get((statement.path, statement.location))
                if entry is not None:
                    entry.hit_count += 1
                    entered.add((statement.path, statement.function))
            for key in entered:
                self._functions[key].hit_count += 1


def _place(statement: Statement) -> tuple[str, Location]:
    return str(statement.path), statement.location
