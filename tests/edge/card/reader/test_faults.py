import pytest

from edge.card.reader.faults import MAY_PASS, Meaning, of_connect


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (0x8010000C, Meaning.ABSENT),
        (0x80100069, Meaning.ABSENT),
        (0x80100067, Meaning.AGAIN),
        (0x80100016, Meaning.AGAIN),
        (0x8010000B, Meaning.BUSY),
        (0x80100009, Meaning.NO_READER),
        (0x8010001D, Meaning.NO_SERVICE),
        (0x80100065, Meaning.FOREIGN),
        (0x80104711, Meaning.AGAIN),
    ],
)
def test_what_a_connect_says(code, meaning):
    assert of_connect(code) is meaning


def test_only_what_may_pass_by_itself_is_tried_again():
    assert {Meaning.AGAIN, Meaning.BUSY, Meaning.NO_SERVICE} == MAY_PASS


def test_every_meaning_speaks_both_languages():
    for meaning in Meaning:
        assert not meaning.value.zh.isascii()
        assert meaning.value.en.isascii()
