"""What words mean is said for words that are there, on pages that are there; and a word that is not there is seen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.pages.index import PAGES
from cloud.console.words.catalogue import LANGUAGES, words
from cloud.console.words.terms import TERMS
from tests.cloud.console.rig import Rig, made


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def test_each_list_of_words_is_of_a_page() -> None:
    assert set(TERMS) <= {page.name for page in PAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_has_its_meaning(language: str) -> None:
    told = words(language)
    assert [key for keys in TERMS.values() for key in keys if key not in told or f"help_{key}" not in told] == []


def test_no_meaning_is_without_a_page() -> None:
    shown = {f"help_{key}" for keys in TERMS.values() for key in keys}
    assert {key for key in words("zh") if key.startswith("help_")} - shown == {"help_note"}


def test_a_page_has_its_words_and_works_without_a_script(rig: Rig) -> None:
    page = rig.browser().see("/held?lang=en")
    assert 'popovertarget="terms"' in page
    assert "release it to the merchant" in page


def test_a_word_that_is_not_there_is_seen() -> None:
    assert words("zh")["nowhere"] == "⟦nowhere⟧"
