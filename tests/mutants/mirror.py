"""Which modules are mutated, and which tests are asked: those that mirror them, the nearest first."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

PARTS = ("edge", "cloud", "shared", "provisioning")


def pure_files(root: Path) -> list[Path]:
    """Files of the modules that decide about records and money: the contract `pure` of pyproject.toml."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (names,) = [one["source_modules"] for one in contracts if one["id"] == "pure"]
    found = {file.relative_to(root) for name in names for file in _files(root / name.replace(".", "/"))}
    return sorted(file for file in found if file.name != "__init__.py")


def _files(module: Path) -> Iterator[Path]:
    if module.is_dir():
        yield from module.rglob("*.py")
    else:
        yield module.with_suffix(".py")


def mirrors(root: Path, file: Path) -> list[Path]:
    """Test files for a module: those of its name, then the others of its folder; if it has none, of the one above."""
    folder = file.parent
    while folder.parts:
        there = sorted((root / "tests" / folder).glob("test_*.py"))
        if there:
            named = [one for one in there if one.stem.startswith(f"test_{file.stem}")]
            tests = [*named, *(one for one in there if one not in named)]
            return [one.relative_to(root) for one in tests]
        folder = folder.parent
    return []
