"""The pages name what is there: links, files and folders; and the first page stays one page."""

import re

import pytest

from compose.place import ROOT

PARTS = "cloud|compose|docs|edge|provisioning|shared|tests"
PAGES = sorted(
    page.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", *(f"{part}/**/*.md" for part in PARTS.split("|") if part != "docs"))
    for page in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\(([^)#:]+)\)")
QUOTED = re.compile(r"`([^` ]+/[^` ]*)`")
ARCHITECTURE_MAX, PART_MAX = 9_000, 6_000
"""Bytes."""


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_link_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [to for to in LINK.findall(text) if not (ROOT / page.parent / to).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_named_file_is_there(page):
    """A path from the root, or from the page's own folder; `{a,b}` and `*` stand for several."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = [name.partition("::")[0] for name in QUOTED.findall(text)]
    here = ROOT / page.parent
    ours = [name for name in named if re.match(rf"({PARTS})/", name) or _is_folder(here, name)]
    assert [name for name in ours if not all(map(_there(page), _several(name)))] == []


def _is_folder(here, name):
    first = name.partition("/")[0]
    return bool(first) and (here / first).is_dir()


def _there(page):
    return lambda name: any(any(base.glob(name)) for base in (ROOT, ROOT / page.parent))


def _several(name):
    found = re.search(r"\{([^}]*)\}", name)
    return [name.replace(found[0], one) for one in found[1].split(",")] if found else [name.rstrip("/")]


def test_every_page_is_found_from_the_index():
    index = ROOT / "docs" / "README.md"
    there = {page.name for page in index.parent.glob("*.md")} - {index.name}
    assert there - set(LINK.findall(index.read_text(encoding="utf-8"))) == set()


def test_the_first_page_is_one_page():
    assert (ROOT / "ARCHITECTURE.md").stat().st_size <= ARCHITECTURE_MAX
    parts = [page for page in PAGES if page.name == "README.md" and page.parent.parts]
    assert len(parts) >= 6
    assert [str(page) for page in parts if (ROOT / page).stat().st_size > PART_MAX] == []
