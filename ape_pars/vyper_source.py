"""From program counters to lines of Vyper.

ape-vyper keeps the source map of a contract's creation code, in which the counters of the runtime
code are moved by the length of the creation code before it; so it names wrong lines. Here the
compiler makes the maps of both codes anew, as titanoboa does, and a map serves only for the bytes
that it was made with.
"""

# mypy: disable-error-code="import-untyped"

import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vyper import ast as vy_ast
from vyper.cli.vyper_compile import get_search_paths
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.phases import CompilerData
from vyper.compiler.settings import OptimizationLevel, Settings, anchor_settings
from vyper.exceptions import VyperException
from vyper.ir.compile_ir import assembly_to_evm

log = logging.getLogger(__name__)

Location = tuple[int, int, int, int]
"""First line, first column, last line, last column."""

STATEMENTS: Final = (
    *(vy_ast.AnnAssign, vy_ast.Assert, vy_ast.Assign, vy_ast.AugAssign, vy_ast.Break),
    *(vy_ast.Continue, vy_ast.Expr, vy_ast.For, vy_ast.If, vy_ast.Log, vy_ast.Pass),
    *(vy_ast.Raise, vy_ast.Return),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement of a source; of one that holds others, its head alone."""

    path: Path
    function: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMap:
    """What the counters of one code stand for."""

    code: bytes
    statements: Mapping[int, Statement]
    errors: Mapping[int, str]
    """What the compiler itself checks at a counter, in its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractMaps:
    """The maps of one contract."""

    creation: CodeMap
    runtime: CodeMap

    def __iter__(self) -> Iterator[CodeMap]:
        yield self.creation
        yield self.runtime


def map_contract(
    source: Path, project: Path, *, evm_version: str | None, decimals: bool
) -> ContractMaps | None:
    """Compile a source again and return its maps; None where it is no contract."""
    settings = Settings(
        evm_version=evm_version,
        optimize=OptimizationLevel.default(),
        enable_decimals=decimals or None,
    )
    bundle = FilesystemInputBundle(get_search_paths([str(project)]))
    try:
        # The path as the command line gives it: messages of the compiler hold it.
        data = CompilerData(bundle.load_file(source.relative_to(project)), bundle, settings)
        with anchor_settings(data.settings), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Whoever compiled it was warned.
            return ContractMaps(
                creation=_code_map(data.assembly, bytes.fromhex(data.integrity_sum)),
                runtime=_code_map(data.assembly_runtime, None),
            )
    except (VyperException, ValueError, OSError) as error:
        log.debug("no map of %s: %s", source, error)
        return None


def _code_map(assembly: list[Any], metadata: bytes | None) -> CodeMap:
    code, maps = assembly_to_evm(assembly, compiler_metadata=metadata)
    found: dict[int, Statement] = {}
    for pc, node in maps["pc_raw_ast_map"].items():
        statement = _statement_of(node)
        if statement is not None:
            found[pc] = statement
    return CodeMap(code=code, statements=found, errors=maps["error_map"])


def _statement_of(node: Any) -> Statement | None:
    """Return the innermost statement that a node belongs to, where somebody wrote it in a function.

    The getters of public variables are the compiler's: their statements stand on no line.
    """
    statement = node if isinstance(node, STATEMENTS) else node.get_ancestor(STATEMENTS)
    if statement is None:
        return None
    function = statement.get_ancestor(vy_ast.FunctionDef)
    module = statement.module_node
    if function is None or not module.resolved_path or statement.lineno is None:
        return None
    return Statement(
        path=Path(module.resolved_path), function=function.name, location=_location(statement)
    )


def _location(statement: Any) -> Location:
    last = statement
    if isinstance(statement, vy_ast.If):
        last = statement.test
    elif isinstance(statement, vy_ast.For):
        last = statement.iter
    return statement.lineno, statement.col_offset, last.end_lineno, last.end_col_offset
