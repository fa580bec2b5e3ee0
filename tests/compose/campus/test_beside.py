"""What verbs beside a campus share: the exit code, the folder, where the ledger is, and a part's last word."""

import asyncio
import json
from pathlib import Path

import pytest

from compose.campus.beside import campus_of, exit_code, last_object, ledger_dsn
from compose.parts.supervise import StartFailed, Supervisor
from compose.place import WrongUse
from compose.servers.servers import ServerMissing
from shared.words.voice import Text


async def ends(what: int | Exception) -> int:
    if isinstance(what, Exception):
        raise what
    return what


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (0, 0, ""), (1, 1, ""), (WrongUse("no campus"), 2, "no campus"),
        (StartFailed("keys", Text("退出", "gone"), ()), 1, "keys"),
        (ServerMissing("postgres", "postgresql"), 2, "postgresql"),
    ],
)  # fmt: skip
def test_exit_code(end: int | Exception, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(ends(end)) == code
    assert said in capsys.readouterr().err


def test_a_folder_is_a_campus_by_its_facts(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="没有校园数据"):
        campus_of(tmp_path)
    (tmp_path / "campus").mkdir()
    (tmp_path / "campus/campus.json").touch()
    assert campus_of(tmp_path) == tmp_path / "campus"


async def dsn_of(data: Path) -> str:
    async with Supervisor(data / "log") as parts:
        return await ledger_dsn(parts, data)


def test_a_folder_without_servers_of_its_own_has_no_dsn(tmp_path: Path) -> None:
    assert asyncio.run(dsn_of(tmp_path)) == ""
    (tmp_path / "opened.json").write_text(json.dumps({"full": False}))
    assert asyncio.run(dsn_of(tmp_path)) == ""
    (tmp_path / "opened.json").write_text("{")
    with pytest.raises(WrongUse, match=r"opened\.json"):
        asyncio.run(dsn_of(tmp_path))


@pytest.mark.parametrize(
    ("text", "want"), [("", {}), ("checking\n", {}), ('checking\n{"ok": true}\n', {"ok": True}), ("[1]\n", {})]
)
def test_the_last_object(text: str, want: dict[str, object]) -> None:
    assert last_object(text) == want
