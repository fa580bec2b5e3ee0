"""GLOSSARY.md, code and screens say the same: its names are there, its pairs of words hold, its old words are gone."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from compose.place import ROOT

PARTS = ("cloud", "compose", "edge", "provisioning", "shared")
GLOSSARY = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
CHINESE = re.compile("[\u4e00-\u9fff]")
APART, NOTHING = " · ", "—"
SHOWN = ("*.py", "*.html", "*.js", "*.css", "*.md")
UNREAD = ("CHANGELOG.md", "GLOSSARY.md")
"""History in the words of its day; and the list itself."""
STEM = 4
"""So many letters of an English word are its stem: post is posted and posting."""
SMALL = {"the", "of", "a", "an", "its", "for", "in", "with", "to"}


ONE = {"Desk": "edge/desk/desk.py", "Intake": "edge/box/up/intake.py", "Settings": "", "Holdings": ""}
"""Words that were several classes' once, and whose the one is now."""
CLASS = re.compile("[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")


class Word(NamedTuple):
    """One thing: its names in both languages, and in the code."""

    zh: tuple[str, ...]
    en: tuple[str, ...]
    code: str


class Old(NamedTuple):
    """A word that nobody says any more. stands: files that still may."""

    word: str
    now: str
    stands: tuple[str, ...]


def tables(page: str) -> list[list[list[str]]]:
    """Rows of cells of each table, without its head."""
    found: list[list[list[str]]] = [[]]
    for line in page.splitlines():
        if line.startswith("|"):
            found[-1].append([cell.strip() for cell in line.strip("| ").split(" | ")])
        elif found[-1]:
            found.append([])
    return [rows[2:] for rows in found if rows]


def words(page: str) -> list[Word]:
    """The things of the tables but the last."""
    return [word for rows in tables(page)[:-1] for row in rows for word in _things(row)]


def _things(row: list[str]) -> Iterator[Word]:
    zh, en, code, _ = row
    for names in zip(*(cell.split(APART) for cell in (zh, en, code)), strict=True):
        yield Word(tuple(names[0].split(" / ")), tuple(names[1].split(", ")), names[2].strip("`"))


def olds(page: str) -> list[Old]:
    """What the last table forbids."""
    return [Old(word, now, tuple(re.findall("`([^`]+)`", stands))) for word, now, _, stands in tables(page)[-1]]


WORDS, OLDS = words(GLOSSARY), olds(GLOSSARY)


@cache
def source(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules() -> list[Path]:
    return [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]


@cache
def names() -> frozenset[str]:
    """Every class, function, constant and field of the product; of a class with its name before."""
    return frozenset(name for path in modules() for name in _defined(source(path), ""))


def _defined(at: ast.AST, owner: str) -> Iterator[str]:
    for node in ast.iter_child_nodes(at):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield owner + node.name
            yield from _defined(node, f"{node.name}.") if isinstance(node, ast.ClassDef) else ()
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            yield from (owner + target.id for target in targets if isinstance(target, ast.Name))


def renamed(tree: ast.AST) -> list[str]:
    """Classes that are imported under another name."""
    names = [name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names]
    return [name.name for name in names if name.asname not in (None, name.name) and CLASS.fullmatch(name.name)]


def is_there(code: str) -> bool:
    return code == NOTHING or ((ROOT / code).exists() if "/" in code else code in names())


def pairs(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The two halves of every Text, and of every row of a table of words, that is wholly literal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Text":
            halves = node.args
        elif isinstance(node, ast.Tuple):
            halves = node.elts
        else:
            continue
        told = [half.value for half in halves if isinstance(half, ast.Constant) and isinstance(half.value, str)]
        if len(told) == len(halves) == 2 and CHINESE.search(told[0]):
            yield told[0].strip("：，。 "), told[1].strip(":,. ")


def disagree(zh: str, en: str) -> bool:
    """The Chinese is the glossary's name of a thing, and no word of the English is of that thing's English name."""
    wanted = [name for word in WORDS if zh in word.zh for name in word.en]
    return bool(wanted) and not _stems(en) & {stem for name in wanted for stem in _stems(name)}


def _stems(text: str) -> set[str]:
    return {word[:STEM] for word in re.findall("[a-z]+", text.lower()) if word not in SMALL}


def shown() -> list[Path]:
    """Code, templates and pages."""
    below = [path for part in (*PARTS, "docs") for kind in SHOWN for path in sorted((ROOT / part).rglob(kind))]
    return [*below, *(page for page in sorted(ROOT.glob("*.md")) if page.name not in UNREAD)]


def says(old: Old, text: str) -> bool:
    """A Chinese word anywhere; an English one by itself, also in the plural."""
    if CHINESE.search(old.word):
        return old.word in text
    return re.search(rf"(?<![a-z]){old.word}s?(?![a-z])", text.lower()) is not None


def test_the_glossary_is_whole() -> None:
    assert len(WORDS) > 130
    assert len(OLDS) > 8
    for word in WORDS:
        assert all(map(CHINESE.search, word.zh)), word
        assert all(name.isascii() and name for name in word.en), word
        assert word.code, word


def test_a_name_is_of_one_thing() -> None:
    told = [name for word in WORDS for name in (*word.zh, *word.en)]
    assert [name for name, times in Counter(told).items() if times > 1] == []


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.en[0])
def test_the_codes_name_is_in_the_code(word: Word) -> None:
    assert is_there(word.code), word.code


def test_what_has_no_name_in_the_code_is_little() -> None:
    assert sum(word.code == NOTHING for word in WORDS) <= 8


def test_a_class_has_a_name_of_its_own() -> None:
    """Where one module needs two classes of a name, one of them has the wrong one; these words have had several."""
    for name, home in ONE.items():
        homes = [str(path.relative_to(ROOT)) for path in modules() if name in _defined(source(path), "")]
        assert homes == ([home] if home else []), name
    assert [found for path in modules() for found in renamed(source(path))] == []


def test_what_is_shown_is_called_as_in_the_glossary() -> None:
    told = [(path, pair) for path in modules() for pair in pairs(source(path))]
    assert len(told) > 900
    assert [(str(path.relative_to(ROOT)), pair) for path, pair in told if disagree(*pair)] == []


@pytest.mark.parametrize("old", OLDS, ids=lambda old: old.word)
def test_an_old_word_is_said_no_more(old: Old) -> None:
    files = [path for path in shown() if str(path.relative_to(ROOT)) not in old.stands]
    assert len(files) > 600
    assert [str(path.relative_to(ROOT)) for path in files if says(old, path.read_text(encoding="utf-8"))] == []
    assert [file for file in old.stands if not says(old, (ROOT / file).read_text(encoding="utf-8"))] == []


def test_what_is_wrong_is_caught() -> None:
    assert not is_there("DeviceKind.TILL")
    assert not is_there("cloud/nowhere/")
    assert disagree("点位", "Place")
    assert not disagree("入账", "posted")
    assert not disagree("今天", "whatever")
    planted = ast.parse('x = Text("点位：", "place")\ny = {"place": ("点位", "Place")}')
    assert [disagree(*pair) for pair in pairs(planted)] == [True, True]
    assert renamed(ast.parse("from a import Standing as LostCard")) == ["Standing"]
    assert not renamed(ast.parse("from a import COLUMNS as BOOK_COLUMNS, grant as posted, Key as Key"))
    assert says(Old("drill", "", ()), "of a Drill in production")
    assert not says(Old("drill", "", ()), "drilled")
    assert says(Old("机位", "", ()), "接替其机位")
    with pytest.raises(ValueError, match="zip"):
        words(GLOSSARY.replace("`DeedKind.LOST` · `DeedKind.FOUND`", "`DeedKind.LOST`"))
