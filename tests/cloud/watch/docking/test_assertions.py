"""How many of the standard's 299 assertions the tests of this folder show: the page says as many as the tests name."""

import ast
import re
from collections import Counter
from pathlib import Path

from compose.place import ROOT

CHAPTERS = {
    "topics": ("topic-", "topics-", "host-topic-"),
    "behaviour": ("message-flow-", "operational-behavior-", "case-sensitivity-"),
    "payloads": ("payloads-",),
    "conformance": ("conformance-",),
    "rest": ("intro-", "principles-", "components-"),
}
ALL = {"topics": 67, "behaviour": 99, "payloads": 108, "conformance": 12, "rest": 13}
ROW = re.compile(r"^\| [^|]*\b(\w+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


def shown() -> list[str]:
    found = []
    for page in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.tck":
                found += ast.literal_eval(node.args[0]).split()
    return found


def chapter(name: str) -> str:
    return next(one for one, starts in CHAPTERS.items() if name.startswith(starts))


def test_an_assertion_is_named_once_in_a_file_and_is_of_a_chapter() -> None:
    assert [name for name in shown() if not re.fullmatch(r"[a-z0-9-]+(bdSeq|UTC)?", name)] == []
    assert all(map(chapter, shown()))


def test_the_page_says_what_the_tests_show() -> None:
    counts = Counter(map(chapter, set(shown())))
    page = (ROOT / "docs/docking.md").read_text(encoding="utf-8")
    rows = {name: (int(these), int(of)) for name, these, of in ROW.findall(page)}
    assert rows == {one: (counts[one], ALL[one]) for one in ALL} | {"all": (counts.total(), 299)}
