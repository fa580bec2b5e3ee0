"""Strict sections: each key once, none left over, every error names the path and no value."""

from enum import StrEnum

import pytest

from shared.errors import ConfigFault
from shared.input.section import Section, from_json, octets
from shared.words.voice import Language, speak


class Kind(StrEnum):
    """Two words."""

    ONE = "one"
    TWO = "two"


def whole() -> Section:
    return Section(
        {
            "n": 3,
            "flag": True,
            "key": "00ff",
            "rows": [{"a": 1}, {"a": 2}],
            "kind": "two",
            "words": ["x"],
            "sub": {},
            "no": None,
        },
        file="x.json",
    )


def test_everything_taken_is_done() -> None:
    top = whole()
    assert top.within("n", 0, 9) == 3
    assert top.take("flag", bool) is True
    assert top.octets("key", 2) == b"\0\xff"
    assert [row.within("a", 0, 9) for row in top.rows("rows")] == [1, 2]
    assert top.one_of("kind", Kind) is Kind.TWO
    assert top.texts("words") == ("x",)
    top.section("sub").done()
    assert top.optional_section("no") is None
    assert top.optional("missing", 9) is None
    assert top.within("other", 0, 9, 7) == 7
    top.done()


@pytest.mark.parametrize(
    ("ask", "path"),
    [
        (lambda s: s.within("n", 0, 2), "n"),
        (lambda s: s.take("n", str), "n"),
        (lambda s: s.take("flag", int), "flag"),
        (lambda s: s.octets("key", 3), "key"),
        (lambda s: s.octets("kind", 3), "kind"),
        (lambda s: s.take("gone", int), "gone"),
        (lambda s: s.rows("rows", 1), "rows"),
        (lambda s: s.rows("words"), r"words\[0\]"),
        (lambda s: s.rows("rows")[1].take("a", str), r"rows\[1\]\.a"),
        (lambda s: s.one_of("key", Kind), "key"),
        (lambda s: s.texts("rows"), "rows"),
        (lambda s: s.section("gone"), "gone"),
        (lambda s: s.done(), "n"),
    ],
)
def test_what_is_wrong_is_named(ask: object, path: str) -> None:
    with pytest.raises(ConfigFault, match=f"^{path}: "):
        ask(whole())  # type: ignore[operator]  # one of the questions above


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.ZH, ("n: 应在 0..2", "gone: 缺少", "kind: 应为其中之一：one, two")),
     (Language.EN, ("n: must be in 0..2", "gone: is missing", "kind: must be one of one, two"))],
)  # fmt: skip
def test_it_is_named_in_the_language_that_is_spoken(language: Language, said: tuple[str, ...]) -> None:
    speak(language)
    wrong = Section({"n": 3, "kind": "three"})
    for ask, words in zip(
        (lambda: wrong.within("n", 0, 2), lambda: wrong.take("gone", int), lambda: wrong.one_of("kind", Kind)),
        said,
        strict=True,
    ):
        with pytest.raises(ConfigFault) as caught:
            ask()
        assert str(caught.value) == words


def test_a_value_never_stands_in_an_error() -> None:
    with pytest.raises(ConfigFault) as caught:
        octets("c0ffee-secret", 16, "key")
    assert "c0ffee" not in str(caught.value)


@pytest.mark.parametrize("raw", [None, [], "x", 1])
def test_what_is_no_object(raw: object) -> None:
    with pytest.raises(ConfigFault, match=r"x\.json"):
        Section(raw, file="x.json")


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe\xfd", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000])
def test_what_is_not_json_names_its_file_and_no_word_of_it(raw: bytes) -> None:
    with pytest.raises(ConfigFault, match=r"^x\.json: 不是 JSON: \w+$"):
        from_json(raw, "x.json")
    assert from_json(b'{"a": 1}', "x.json") == {"a": 1}
