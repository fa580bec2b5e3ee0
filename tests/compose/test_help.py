"""Every verb of the launcher says what it does in one language, whole."""

import contextlib
import re
from collections.abc import Callable

import pytest

from compose.campus import up
from compose.commands import held, psam_stolen, status, verify
from compose.lock import make, sbom
from shared.words.voice import Language, speak

CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
MAINS = (up.main, verify.main, held.main, psam_stolen.main, status.main, sbom.main, make.main)
SAYS_EXIT = (up.main, verify.main, held.main, psam_stolen.main, status.main)


def page(main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]) -> str:
    """argparse ends the process itself."""
    with contextlib.suppress(SystemExit):
        main(["--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("main", MAINS, ids=lambda main: main.__module__)
def test_a_page_is_in_one_language(main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]) -> None:
    chinese = page(main, capsys)
    assert chinese.startswith("用法：./ykt ")
    assert not re.search("exit codes| the |folder", chinese), chinese
    speak(Language.EN)
    english = page(main, capsys)
    assert english.startswith("usage: ./ykt ")
    assert not CHINESE.search(english), english
    assert ("退出码" in chinese, "exit codes" in english) == (main in SAYS_EXIT,) * 2
