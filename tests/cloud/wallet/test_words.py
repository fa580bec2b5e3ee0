"""Words of the wallet's pages: one name is one word, for modules that are loaded later add theirs to the same table."""

import re
from collections import Counter

from cloud.wallet.front.files import FOLDER

_PAIR = re.compile(r"\b([A-Za-z_]\w*|\"[\w-]+\"): \[\"[^\"]")
_ASKED = re.compile(r"\bt\(\"([\w-]+)\"")


def modules() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js"))}


def named() -> Counter[str]:
    return Counter(name.strip('"') for text in modules().values() for name in _PAIR.findall(text))


def test_no_two_modules_give_one_name_two_words() -> None:
    assert [name for name, times in named().items() if times > 1] == []


def test_every_word_that_is_asked_for_is_there() -> None:
    asked = {(file, name) for file, text in modules().items() for name in _ASKED.findall(text)}
    assert {one for one in asked if one[1] not in named()} == set()
