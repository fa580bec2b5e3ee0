"""The small mistakes that a module can have, each as the whole text with one place changed. Pure; over `ast` alone.

Only expressions and statements that are run: no annotation, no docstring, nothing inside an f-string.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

_NOT = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_SUM = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}  # fmt: skip
_REMOVABLE = (ast.AugAssign, ast.Raise, ast.Delete, ast.Continue, ast.Break)


class Place(NamedTuple):
    """kind: which mistake. From (line, byte) to (line, byte): what is replaced by `changed`."""

    kind: str
    begins: tuple[int, int]
    ends: tuple[int, int]
    changed: str


class Mutant(NamedTuple):
    """kind: which mistake. line: where it begins. before, after: that line as it was and as it is now."""

    kind: str
    line: int
    before: str
    after: str
    text: str


def places(text: str) -> Iterator[Place]:
    """Where a mistake could be, in the order of the text."""
    for node in _run(ast.parse(text)):
        for kind, changed in _mistakes(node):
            begins = node.lineno - 1, node.col_offset  # type: ignore[attr-defined]  # an expression or a statement
            ends = node.end_lineno - 1, node.end_col_offset  # type: ignore[attr-defined]  # as above
            yield Place(kind, begins, ends, changed)


def planted(text: str, place: Place) -> Mutant | None:
    """None where the place cannot be changed by itself: then it is no module any more."""
    lines = text.splitlines(keepends=True)
    kind, (first, left), (last, right), changed = place
    after = lines[first].encode()[:left].decode() + changed + lines[last].encode()[right:].decode()
    whole = "".join((*lines[:first], after, *lines[last + 1 :]))
    try:
        ast.parse(whole)
    except SyntaxError:
        return None
    return Mutant(kind, first + 1, lines[first].strip(), after.strip(), whole)


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that are run and can be changed where they stand."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield from _run(child)


def _mistakes(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Which mistake, and what stands there then."""
    match node:
        case ast.Compare():
            yield from _compared(node)
        case ast.BoolOp(op, values):
            yield "boolean", ast.unparse(ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values))
        case ast.UnaryOp(ast.Not(), operand):
            yield "boolean", f"({ast.unparse(operand)})"
        case ast.BinOp(left, op, right) if type(op) in _SUM:
            yield "arithmetic", ast.unparse(ast.BinOp(left, _SUM[type(op)](), right))
        case ast.Constant(bool() as value):
            yield "constant", str(not value)
        case ast.Constant(int() as value):
            yield from (("constant", str(value + 1)), ("constant", f"({value - 1})" if value < 1 else str(value - 1)))
        case ast.Expr(ast.Call()) | ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield "removed", "pass"
        case _ if isinstance(node, _REMOVABLE):
            yield "removed", "pass"


def _compared(node: ast.Compare) -> Iterator[tuple[str, str]]:
    for at, op in enumerate(node.ops):
        for kind, table in (("comparison", _NOT), ("boundary", _BOUNDARY)):
            if type(op) in table:
                ops = [*node.ops[:at], table[type(op)](), *node.ops[at + 1 :]]
                yield kind, ast.unparse(ast.Compare(node.left, ops, node.comparators))
