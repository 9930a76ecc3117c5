"""Faults to plant: for a Python source, every small change that a careless hand might make.

Works on text, by the positions that the parser tells, so that a fault is shown as the line it
changes. Knows nothing of precompiles.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

NEGATED: dict[type[ast.cmpop], str] = {
    ast.Lt: ">=",
    ast.LtE: ">",
    ast.Gt: "<=",
    ast.GtE: "<",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
}
MOVED: dict[type[ast.cmpop], str] = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
EXCHANGED: dict[type[ast.operator], str] = {
    ast.Sub: "+",
    ast.Mult: "+",
    ast.FloorDiv: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.BitXor: "|",
}
WORDS_ABOUT = {
    "version",
    "summary",
    "references",
    "name",
    "family",
    "interface",
    "__all__",
    "strict",
}
"""Keywords and names whose values tell people something, and no call."""
SYMMETRIC = {"max", "min", "compare_digest", "equal"}
"""Functions that do not mind which argument comes first."""

Change = tuple[ast.AST, str, str]
"""What is replaced, by which text, and what kind of fault that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planted fault. `was` and `becomes` are the first line that differs."""

    kind: str
    line: int
    was: str
    becomes: str
    source: str


def faults(source: str) -> Iterator[Fault]:
    """Return every fault of a source, in the order of the text, each text once."""
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    encoded = source.encode()
    seen = {source}
    for node, text, kind in changes(ast.parse(source)):
        start = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        changed = (encoded[:start] + text.encode() + encoded[end:]).decode()
        if changed not in seen:
            seen.add(changed)
            yield described(source, changed, kind)


def described(source: str, changed: str, kind: str) -> Fault:
    """Return a fault with the first line that it changes."""
    old, new = source.splitlines(), changed.splitlines()
    number = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)) - 1,
    )
    return Fault(
        kind=kind,
        line=number + 1,
        was=old[number].strip(),
        becomes=new[number].strip(),
        source=changed,
    )


def changes(tree: ast.Module) -> Iterator[Change]:
    """Return what may be changed in a parsed source, its self-test apart: no call reaches it."""
    tree.body = [each for each in tree.body if not is_self_test(each, tree)]
    for node in relevant(tree):
        match node:
            case ast.If() | ast.IfExp():
                yield node.test, "False", "check left out"
            case ast.Compare() if len(node.ops) == 1:
                yield from comparisons(node)
            case ast.BoolOp():
                for value in node.values:
                    rest = [each for each in node.values if each is not value]
                    joined = f" {'and' if isinstance(node.op, ast.And) else 'or'} ".join(
                        f"({ast.unparse(each)})" for each in rest
                    )
                    yield node, f"({joined})", "condition dropped"
            case ast.UnaryOp() if isinstance(node.op, ast.Not):
                yield node, f"({ast.unparse(node.operand)})", "condition turned"
            case ast.BinOp():
                yield from operations(node)
            case ast.Call():
                yield from arguments(node)
            case ast.Constant():
                yield from constants(node)
            case ast.Expr() if isinstance(node.value, ast.Call):
                yield node, "pass", "step left out"
            case ast.AugAssign():
                yield node, "pass", "step left out"


def is_self_test(statement: ast.stmt, tree: ast.Module) -> bool:
    """Return whether a statement is the function `self_test`, or what only that reads."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name == "self_test"
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return False
    name = statement.targets[0].id
    readers = [
        getattr(each, "name", "")
        for each in tree.body
        if each is not statement
        and any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(each))
    ]
    return readers == ["self_test"]


def relevant(node: ast.AST) -> Iterator[ast.AST]:
    """Return the nodes that run when a precompile is called or declared, in order."""
    for child in ast.iter_child_nodes(node):
        if is_talk(node, child):
            continue
        yield child
        yield from relevant(child)


def is_talk(parent: ast.AST, child: ast.AST) -> bool:
    """Return whether a node is an annotation, a docstring, a message or an import."""
    if isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Assert):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    if isinstance(child, ast.Expr) and ast.unparse(child).startswith("super().__init__"):
        return True
    if isinstance(child, ast.keyword):
        return child.arg in WORDS_ABOUT
    if isinstance(parent, ast.FunctionDef | ast.ClassDef | ast.AnnAssign | ast.arg):
        annotation = getattr(parent, "returns", None) or getattr(parent, "annotation", None)
        return child is annotation or child in getattr(parent, "decorator_list", ())
    if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
        return child.targets[0].id in WORDS_ABOUT or is_type(child.value)
    return False


def is_type(value: ast.expr) -> bool:
    """Return whether an assigned value names a type, as `tuple[int, ...]` or `A | None` do."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr):
        return is_type(value.left) or is_type(value.right)
    if isinstance(value, ast.Subscript):
        value = value.value
    types = {"tuple", "list", "dict", "int", "bytes", "Callable", "Sequence", "Literal"}
    return isinstance(value, ast.Name) and value.id in types


def comparisons(node: ast.Compare) -> Iterator[Change]:
    """Turn a comparison, and move it by one."""
    left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
    operator = type(node.ops[0])
    yield node, f"({left} {NEGATED[operator]} {right})", "comparison turned"
    if operator in MOVED:
        yield node, f"({left} {MOVED[operator]} {right})", "comparison moved by one"


def operations(node: ast.BinOp) -> Iterator[Change]:
    """Exchange an operator; drop a side of a sum or a concatenation, or a reduction."""
    left, right = f"({ast.unparse(node.left)})", f"({ast.unparse(node.right)})"
    operator = type(node.op)
    if operator in EXCHANGED:
        yield node, f"({left} {EXCHANGED[operator]} {right})", "operator exchanged"
    elif operator is ast.Add:
        yield node, left, "part dropped"
        yield node, right, "part dropped"
    elif operator is ast.Mod:
        yield node, left, "reduction dropped"


def arguments(node: ast.Call) -> Iterator[Change]:
    """Swap neighbours, and pass an empty value of the same type."""
    plain = [each for each in node.args if not isinstance(each, ast.Starred)]
    called = ast.unparse(node.func).rpartition(".")[2]
    for first, second in pairwise(plain if called not in SYMMETRIC else ()):
        shown = ast.unparse(first), ast.unparse(second)
        if shown[0] != shown[1] and not (is_literal(first) and is_literal(second)):
            swapped = [*node.args]
            index = swapped.index(first)
            swapped[index : index + 2] = [second, first]
            call = ast.Call(func=node.func, args=swapped, keywords=node.keywords)
            yield node, ast.unparse(call), "arguments swapped"
    for each in plain:
        if isinstance(each, ast.Name | ast.Attribute | ast.Subscript) and not is_class(each):
            shown_ = ast.unparse(each)
            yield each, f"type({shown_})()", "argument emptied"


def is_literal(node: ast.expr) -> bool:
    """Return whether an argument is written out."""
    return isinstance(node, ast.Constant)


def is_class(node: ast.expr) -> bool:
    """Return whether a name looks like a class, an error or another constant."""
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return name[:1].isupper()


def constants(node: ast.Constant) -> Iterator[Change]:
    """Add one to a number, turn a truth, spoil a byte string."""
    if isinstance(node.value, bool):
        yield node, str(not node.value), "constant changed"
    elif isinstance(node.value, int):
        yield node, str(node.value + 1), "constant changed"
    elif isinstance(node.value, bytes) and node.value:
        yield node, repr(bytes([node.value[0] ^ 1]) + node.value[1:]), "constant changed"
