"""What `./ykt up` accepts, and what it refuses in words."""

import re
import socket
from collections.abc import Iterator

import pytest

from compose.campus.options import CONSOLE_PORT, console_port, parse
from compose.place import WrongUse
from shared.words.voice import Language, speak


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("60s", 60), ("1.5m", 90), ("1h", 3600)])
def test_durations(text: str, seconds: float) -> None:
    assert parse(["--for", text]).run_s == seconds


@pytest.mark.parametrize(
    "words", [
        ["--for", "0"], ["--for", "soon"], ["--trace", "x.csv", "--speed", "0"], ["--cards", "0"], ["--port", "70000"],
        ["--speed", "2"], ["--trace", "x.csv", "--all-can"], ["--trace", "x.csv", "--sm4"],
        ["--trace", "x.csv", "--cards", "20"],
    ],
)
def test_what_cannot_be(words: list[str]) -> None:
    with pytest.raises(WrongUse):
        parse(words)


def test_a_taken_port_is_said_when_it_was_asked_for(taken: int) -> None:
    with pytest.raises(WrongUse, match=str(taken)):
        console_port(parse(["--port", str(taken)]).port)


def test_what_is_no_port_is_not_called_taken() -> None:
    with pytest.raises(WrongUse, match="1 到 65535"):
        parse(["--port", "70000"])


def test_defaults_and_what_a_replay_may_say() -> None:
    plain = parse([])
    assert (plain.speed, plain.cards, plain.trace) == (1.0, 200, None)
    assert parse(["--trace", "x.csv", "--speed", "20"]).speed == 20


@pytest.mark.parametrize(("language", "codes"), [(Language.ZH, "退出码"), (Language.EN, "exit codes")])
def test_the_help_fits_and_names_the_exit_codes(
    capsys: pytest.CaptureFixture[str], language: Language, codes: str
) -> None:
    speak(language)
    with pytest.raises(SystemExit):
        parse(["--help"])
    page = capsys.readouterr().out
    assert codes in page
    assert bool(re.search("[\u4e00-\u9fff]", page)) is (language is Language.ZH)
    assert max(map(_columns, page.splitlines())) <= 120


def _columns(line: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in line)


def test_without_a_wish_a_free_port_is_found() -> None:
    assert console_port(parse([]).port) >= CONSOLE_PORT


def test_a_drill_is_asked_for_and_never_by_itself() -> None:
    assert parse(["--drill"]).drill
    assert not parse([]).drill
