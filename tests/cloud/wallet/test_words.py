"""Words of the wallet's pages: one name is one word, for modules that are loaded later add theirs to the same table.
And no module calls what another one gives without having asked for it."""

import re
from collections import Counter

from cloud.wallet.front.files import FOLDER

_PAIR = re.compile(r"\b([A-Za-z_]\w*|\"[\w-]+\"): \[\"[^\"]")
_ASKED = re.compile(r"\bt\(\"([\w-]+)\"")
_GIVEN = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.M)
_TAKEN = re.compile(
    r"\bimport \{([^}]*)\}|\{([\w, ]*)\} = |\bfunction (\w+)\(([^)]*)\)|\b(?:const|let|class) (\w+)|\(([\w, ]*)\) =>"
)
"""What brings a name into a module: an import, a declaration, a parameter."""
_CALLED = re.compile(r"(?<![\w.])(\w+)\(")


def modules() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js"))}


def named() -> Counter[str]:
    return Counter(name.strip('"') for text in modules().values() for name in _PAIR.findall(text))


def test_no_two_modules_give_one_name_two_words() -> None:
    assert [name for name, times in named().items() if times > 1] == []


def test_every_word_that_is_asked_for_is_there() -> None:
    asked = {(file, name) for file, text in modules().items() for name in _ASKED.findall(text)}
    assert {one for one in asked if one[1] not in named()} == set()


def test_what_another_module_gives_is_imported_where_it_is_called() -> None:
    """A name that nothing brought breaks at the moment when somebody presses the button, and nowhere before."""
    every = modules()
    given = {name for text in every.values() for name in _GIVEN.findall(text)}
    missing = {(file, name) for file, text in every.items() for name in given & set(_CALLED.findall(text)) - _own(text)}
    assert len(given) > len(every)
    assert missing == set()


def _own(text: str) -> set[str]:
    return {name for found in _TAKEN.findall(text) for part in found for name in re.findall(r"\w+", part)}
