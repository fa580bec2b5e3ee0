"""The key office in English: help of every verb, what it does and what it refuses; and nothing of one in the other."""

import re

import pytest

from provisioning.ceremony.ceremony import minutes
from provisioning.cli.cli import main
from provisioning.custody.notes import heard, noted, reason_of, stored
from provisioning.issue.work import CardSpoiled
from shared.words.voice import Language, Text, speak
from tests.provisioning.ceremony.test_ceremony import begun
from tests.provisioning.conftest import provisioning
from tests.provisioning.desk import provision

CHINESE = re.compile("[\u4e00-\u9fff]")
STEPS = (
    "campus", "plan", "keys", "token", "ceremony", "ceremony begin", "ceremony enter", "seal", "custody verify",
    "transport export", "stock", "stock transport", "batch", "batch start", "batch work", "card activate", "psam",
    "psam move", "psam order", "psam close", "rotate", "psam-stolen", "operator", "crl", "crl status",
    "certificate renew",
)  # fmt: skip
SHARED = ("--data DIR", "data folder of the campus", "(var/campus)")
"""Said by shared/input."""


def page(capsys, step: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*step.split(), "--help"])
    assert ended.value.code == 0
    return "".join(
        line for line in capsys.readouterr().out.splitlines(keepends=True) if not any(part in line for part in SHARED)
    )


@pytest.mark.parametrize("step", STEPS)
def test_each_page_is_there_in_both(capsys, step) -> None:
    assert CHINESE.search(page(capsys, step))
    speak(Language.EN)
    assert not CHINESE.search(page(capsys, step))


def test_a_process_speaks_english_when_it_is_asked_to(campus) -> None:
    said = provisioning("custody", "verify", "--data", campus.data, "--lang", "en")
    assert (said.returncode, "the custody log is whole" in said.stdout) == (0, True)
    speak(Language.EN)
    said = provision("rotate", "retire", "--data", campus.data, "--version", 9, "--who", "Li")
    assert (said.returncode, said.stderr.startswith("error: there is no version 9")) == (2, True), said
    for words in (("rotate", "status"), ("psam", "list"), ("crl", "status"), ("stock", "sheet"), ("batch", "sheet")):
        told = provision(*words, "--data", campus.data)
        assert told.returncode == 0
        assert not CHINESE.search(told.stdout), told


def test_minutes_are_in_one_language() -> None:
    speak(Language.EN)
    written = minutes(begun(), bytes(32))
    assert "Minutes of a key ceremony" in written
    assert f"head of the custody log  {bytes(32).hex()}" in written
    assert "仪式" not in written


def test_what_is_written_down_has_both_and_is_shown_in_one() -> None:
    torn = Text("中断", "broken off")
    assert (noted(torn), stored(torn)) == ("中断 broken off", "中断 / broken off")
    assert reason_of(CardSpoiled(torn)) == stored(torn)
    assert heard(stored(torn)) == torn
    for said in ("掉在地上", "fell / broke", "断 / 裂", ""):
        assert heard(said) == Text(said, said)
