"""What a page is to somebody who hears it: its parts and what they are called, in their order, as a text that is kept.

Of what changes by itself (rows, figures, times) nothing stands in it. `KEEP_HEARD=1` before the test writes the file
anew: look at the difference before it is committed.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Page

KEPT = Path(__file__).with_name("heard.txt")
_SAID = re.compile(
    r"\s*- '?((?:navigation|search|form|region|group|heading|button|textbox|searchbox|combobox|spinbutton"
    r"|columnheader|rowheader|table|complementary|contentinfo)\b.*?)'?:?$"
)
_NUMBER, _VALUE = re.compile(r"(?<!level=)\d+(?:[.:-]\d+)*"), re.compile(r": .*$")
_OF_THE_MACHINE = re.compile("PDF")
"""Fields that are there where a program of the machine is."""


def heard(page: Page) -> list[str]:
    """Of what is between head and menu, which are the same everywhere: each part once, in the order of the page."""
    lines = page.locator("main").aria_snapshot().splitlines()
    said = (found[1] for line in lines if (found := _SAID.match(_VALUE.sub("", line))))
    plain = (_NUMBER.sub("0", one) for one in said if not _OF_THE_MACHINE.search(one))
    return [*dict.fromkeys(plain)]


def kept() -> dict[str, list[str]]:
    """By address."""
    if not KEPT.exists():
        return {}
    parts = KEPT.read_text(encoding="utf-8").split("\n# ")
    return {part.splitlines()[0].removeprefix("# "): part.splitlines()[1:] for part in parts if part.strip()}


def changed(found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Address → what is new (+) and what is gone (-); written instead, where that was asked for."""
    if os.environ.get("KEEP_HEARD"):
        KEPT.write_text(
            "\n".join("\n".join([f"# {path}", *said]) for path, said in found.items()) + "\n", encoding="utf-8"
        )
    known = kept()
    differ = {}
    for path in {**known, **found}:
        old, new = known.get(path, []), found.get(path, [])
        if old != new:
            lines = [f"- {one}" for one in old if one not in new] + [f"+ {one}" for one in new if one not in old]
            differ[path] = lines or ["another order"]
    return differ
