"""A data folder goes on as what it was made as, and says so when asked for something else."""

import json
from pathlib import Path

import pytest

from cloud.emulators.providers.setting_up import MARK
from compose.campus.opening import EMULATORS_MARK, ROOM_MARK, has_emulators, known_room, say_plain
from compose.campus.options import parse
from compose.place import WrongUse
from tests.scenes import plans


def room(path: Path, **mark: bool) -> Path:
    path.mkdir(exist_ok=True)
    (path / ROOM_MARK).write_text(json.dumps(mark))
    return path


def test_a_new_folder_is_not_known(tmp_path: Path) -> None:
    assert not known_room(parse(["--data", str(tmp_path)]))


@pytest.mark.parametrize("all_can", [False, True])
def test_the_same_folder_goes_on_as_it_was_made(tmp_path: Path, all_can: bool) -> None:
    assert known_room(parse(["--data", str(room(tmp_path, full=False, all_can=all_can))]))


@pytest.mark.parametrize("words", [[], ["--sm4"]])
def test_a_folder_made_with_sm4_goes_on_with_or_without_the_word(tmp_path: Path, words: list[str]) -> None:
    assert known_room(parse(["--data", str(room(tmp_path, full=False, all_can=False, sm4=True)), *words]))


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ({"full": True, "all_can": False}, []),
        ({"full": False, "all_can": False}, ["--full"]),
        ({"full": False, "all_can": False}, ["--all-can"]),
        ({"full": False}, ["--all-can"]),
        ({"full": False, "all_can": True, "sm4": False}, ["--sm4"]),
        ({"full": False}, ["--sm4"]),
    ],
)
def test_another_kind_of_campus_is_refused(tmp_path: Path, mark: dict[str, bool], words: list[str]) -> None:
    with pytest.raises(WrongUse, match="--data"):
        known_room(parse(["--data", str(room(tmp_path, **mark)), *words]))


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"full": "no"}', b"[" * 100_000])
def test_a_damaged_mark_is_named(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / ROOM_MARK).write_bytes(raw)
    with pytest.raises(WrongUse, match=ROOM_MARK):
        known_room(parse(["--data", str(tmp_path)]))


class Ready:
    """What parts have said when they were ready."""

    def __init__(self, **lines: str) -> None:
        self._lines = lines

    def ready_line(self, name: str) -> str:
        return self._lines[name.removeprefix("edge-").replace("-", "_")]


def test_a_plain_link_is_said_at_every_start() -> None:
    on_tcp = plans.on_tcp()
    said: list[str] = []
    say_plain(Ready(canteen="READY edge plain:tcp"), on_tcp, lambda line: said.append(str(line)))
    assert "canteen" in said[0]
    assert "tcp" in said[0]
    assert "provision terminal-tls on --box canteen" in said[0]
    said.clear()
    say_plain(Ready(canteen="READY edge"), on_tcp, lambda line: said.append(str(line)))
    assert said == []


@pytest.mark.parametrize(
    ("settings", "words", "clock", "has"),
    [
        ("", [], "", True),
        (f"{MARK}\n# wechat\n[wechat]\n", [], "", True),
        ('[wechat]\nurl = "https://api.mch.weixin.qq.com"\n', [], "", False),
        ("", ["--without-providers"], "", False),
        ("", [], "0:0:60", False),
    ],
)
def test_a_demonstration_has_emulated_providers_unless_somebody_wrote_of_others(
    tmp_path: Path, settings: str, words: list[str], clock: str, *, has: bool
) -> None:
    assert MARK == EMULATORS_MARK, "the launcher imports no part"
    cloud = tmp_path / "cloud"
    cloud.mkdir()
    (cloud / "cloud.json").write_text('{"demo": true}')
    if settings:
        (cloud / "payments.toml").write_text(settings)
    options = parse(["--data", str(tmp_path), *words])
    assert has_emulators(options, tmp_path, clock) is has
    (cloud / "cloud.json").write_text('{"demo": false}')
    assert not has_emulators(options, tmp_path, clock)
