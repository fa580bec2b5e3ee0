"""Every process of the product makes its files for its owner alone: one rule in each part, said first of all."""

import ast

import pytest

from compose.place import ROOT

PACKAGES = ("cloud", "compose", "edge", "provisioning", "shared")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MASK = "os.umask(0o077)"
RESTS = "gc.disable()"
LEASH = ROOT / "compose" / "parts" / "leash.py"
"""Makes no file, and runs without our packages."""


def begins(path) -> list[ast.stmt]:
    """What a module does when it is run as a program; nothing for one that is none. That the collector of cycles rests
    until all is imported is no deed."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    conditional = [node for node in tree.body if isinstance(node, ast.If)]
    done = [one for node in conditional if ast.unparse(node.test) == "__name__ == '__main__'" for one in node.body]
    return [one for one in done if ast.unparse(one) != RESTS]


PROGRAMS = [path for path in MODULES if path != LEASH and begins(path)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_program_keeps_its_files_private(program):
    assert ast.unparse(begins(program)[0]) == "keep_private()"


def test_the_rule_stands_once_in_each_part():
    homes = [path.relative_to(ROOT).parts[0] for path in MODULES if MASK in path.read_text(encoding="utf-8")]
    assert homes == ["cloud", "compose", "edge", "provisioning", "shared"]
    assert len(PROGRAMS) > 12
