"""Every verb ends by shared/words/ending.py: quietly, when nobody reads what it prints."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from compose.verbs import VERBS

MODULES = sorted({"compose", "tests.mutants", *(verb.module for verb in VERBS)})


def program(module: str) -> Path:
    spec = find_spec(module)
    if spec is not None and spec.submodule_search_locations:
        spec = find_spec(f"{module}.__main__")
    assert spec is not None, module
    assert spec.origin is not None, module
    return Path(spec.origin)


@pytest.mark.parametrize("module", MODULES)
def test_a_verb_ends_quietly_when_its_reader_goes(module: str) -> None:
    *_, last = ast.parse(program(module).read_text(encoding="utf-8")).body
    assert isinstance(last, ast.If)
    assert ast.unparse(last.body[-1]).startswith("end(")
