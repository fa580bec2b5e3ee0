"""What the operating system refuses is said in the reader's language, and never as nothing."""

import errno

import pytest

from shared.words.refused import why_not


def test_a_file_that_is_not_there_is_said_in_both_languages(tmp_path):
    with pytest.raises(OSError) as fault:
        (tmp_path / "nothing").read_bytes()
    said = why_not(fault.value)
    assert said.zh == "没有这个文件或目录"
    assert said.en == "no such file or directory"


@pytest.mark.parametrize(
    ("fault", "own"),
    [(OSError(errno.ENOTTY, "no terminal"), "no terminal"), (OSError("text alone"), "OSError"),
     (TimeoutError(), "TimeoutError")],
)  # fmt: skip
def test_what_we_have_no_words_for_keeps_its_own(fault, own):
    assert (why_not(fault).zh, why_not(fault).en) == (own, own)
