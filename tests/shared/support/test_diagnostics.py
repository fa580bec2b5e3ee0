"""A diagnostics bundle holds no secret and no card number, wherever they were planted and whatever is broken."""

import argparse
import base64
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RuleBroken
from shared.keys.webhook_key import WEBHOOK_KEY
from shared.support.allowed import picked
from shared.support.bundle import BUNDLE_MAX, ITEM_MAX, MANIFEST, Item, assemble, zipped
from shared.support.diagnostics import diagnostics
from shared.support.gathering import Room, gather, known_secrets
from shared.support.sweeping import GONE, LITERAL_MIN, Sweep, secrets_in, spellings

KEY = bytes.fromhex("c0ffee5ec2e7c0ffee5ec2e7c0ffee11")
"""A terminal's key, as hexadecimal in settings."""
PASSWORD = 'Kanari&"vogel/7 ü'
DSN_PASSWORD = "geheimnis%2Fkanari"
TOKEN = "kanariTokenZ9-_abcdefghijklmnop"
FRONT_TOKEN, PROVIDER_LINE = "kanarivordemhaus", "kanarizahlungsweg"
"""All small letters: no net but the list of files of secrets takes them for one."""
WEBHOOKS = bytes(range(60, 92))
"""What webhooks are signed by, as its file has it."""
APP_KEY = "ykt_live_00aa11bb22cc_Kanari-vogelQ3_4xyzABCDEFGHIJKLMNOPQRSTUVW"
APP_DIGEST = hashlib.sha256(APP_KEY.encode()).hexdigest()
"""It stands in a database, which no list of files has: the net for long numbers takes it."""
SHARE = bytes(range(200, 232))
"""A file of raw bytes."""
ENVIRONMENT = "kanari-from-the-environment"
CARD = "6217001234567890123"
CARD_HEX = "4651000000000000beef"
PEM_BODY = base64.b64encode(b"kanari private key" * 4).decode()
PEM = f"-----BEGIN PRIVATE KEY-----\n{PEM_BODY}\n-----END PRIVATE KEY-----\n"
SPELLED = {
    "hex": KEY.hex(),
    "hex, upper": KEY.hex().upper(),
    "base64 of a key": base64.b64encode(KEY).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(KEY).decode().rstrip("="),
    "a password": PASSWORD,
    "in an address": quote(PASSWORD, safe=""),
    "in JSON": json.dumps(PASSWORD)[1:-1],
    "as Python shows it": repr(PASSWORD)[1:-1],
    "of a database": DSN_PASSWORD,
    "a token": TOKEN,
    "the wallet front's token": FRONT_TOKEN,
    "a payment provider's key": PROVIDER_LINE,
    "a key of webhooks": WEBHOOKS.decode("ascii"),
    "the same in hex": WEBHOOKS.hex(),
    "the same in base64": base64.b64encode(WEBHOOKS).decode(),
    "an application's key": APP_KEY,
    "what follows its number": APP_KEY.split("_", 3)[3],
    "its digest": APP_DIGEST,
    "a share's hex": SHARE.hex(),
    "a share's base64": base64.b64encode(SHARE).decode(),
    "of the environment": ENVIRONMENT,
    "a private key": PEM_BODY,
    "a card": CARD,
    "a card's hex": CARD_HEX,
}
"""Every canary in every spelling, as it may stand in a log."""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    root = tmp_path / "openykt"
    campus = root / "campus"
    for folder in ("boxes/b", "cloud/payments", "front", "keys", "terminals/pos-01"):
        (campus / folder).mkdir(parents=True)
    (root / "log").mkdir()
    monkeypatch.setenv("YKT_DB_PASSWORD", ENVIRONMENT)
    settings = {"format": 1, "box": "b", "campus": 1, "strange": PASSWORD, "terminals": [
        {"name": "pos-01", "kind": "pos", "key": KEY.hex(), "key_version": 1, "card": CARD}]}  # fmt: skip
    (campus / "boxes" / "b" / "edge.json").write_text(json.dumps(settings), encoding="utf-8")
    (campus / "boxes" / "b" / "box.key").write_text(PEM, encoding="ascii")
    (campus / "cloud" / "watch.toml").write_text(f"[beat]\nsecret = '{PASSWORD}'\n", encoding="utf-8")
    (campus / "cloud" / "ledger.dsn").write_text(f"postgresql://ykt:{DSN_PASSWORD}@db/ykt\n", encoding="ascii")
    (campus / "cloud" / "api.token").write_text(TOKEN, encoding="ascii")
    (campus / "cloud" / WEBHOOK_KEY).write_bytes(WEBHOOKS)
    (campus / "front" / "token").write_text(f"{FRONT_TOKEN}\n", encoding="ascii")
    (campus / "cloud" / "payments" / "wechat-own.pem").write_text(f"{PROVIDER_LINE}\n", encoding="ascii")
    (campus / "cloud" / "cloud.json").write_text(
        json.dumps({"format": 1, "demo": False, "name": CARD}), encoding="utf-8"
    )
    (campus / "keys" / "unlock").write_bytes(SHARE)
    (campus / "keys" / f"card-{CARD}.txt").write_text("x", encoding="ascii")
    said = [f"FAULT with {how}: {what} end" for how, what in SPELLED.items()]
    said += [f"{PEM}broken off: -----BEGIN PRIVATE KEY-----\n{PEM_BODY}"]
    (root / "log" / "ingest.log").write_text("\n".join(said), encoding="utf-8")
    return Room(root, campus, root / "run")


def made(room: Room) -> dict[str, str]:
    """The bundle's files, out of the archive."""
    items, left_out = gather(room, {"said": f"quotes {KEY.hex()} and {CARD}"})
    bundle = assemble("test", items, left_out, Sweep(known_secrets([room.root])))
    with zipfile.ZipFile(io.BytesIO(zipped(bundle))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def leaks(files: dict[str, str]) -> set[tuple[str, str]]:
    """What of the canaries is in which file, or in its name."""
    return {(how, name) for how, what in SPELLED.items() for name, text in files.items() if what in name + text}


def test_no_canary_leaves(room: Room) -> None:
    files = made(room)
    assert leaks(files) == set()
    assert files["log/ingest.log"].count("FAULT with") == len(SPELLED), "the lines themselves are there"
    assert json.loads(files["campus/boxes/b/edge.json"])["terminals"] == [
        {"name": "pos-01", "kind": "pos", "key_version": 1}
    ]
    manifest = json.loads(files[MANIFEST])
    assert {row["name"] for row in manifest["files"]} == files.keys() - {MANIFEST}
    assert manifest["taken_out"] > 0


BREAKS: dict[str, Callable[[Path], object]] = {
    "half of the settings": lambda campus: os.truncate(campus / "boxes/b/edge.json", 130),
    "settings beyond repair": lambda campus: (campus / "boxes/b/edge.json").write_text(
        "{{" + (campus / "boxes/b/edge.json").read_text(encoding="utf-8"), encoding="utf-8"),
    "binary in the settings": lambda campus: (campus / "boxes/b/edge.json").write_bytes(
        b"\xff\x00" + (campus / "boxes/b/edge.json").read_bytes()),
    "half a key": lambda campus: os.truncate(campus / "boxes/b/box.key", len(PEM) - 10),
    "a dangling link": lambda campus: (campus / "boxes/b/gone.key").symlink_to("nowhere"),
    "a folder for a file": lambda campus: (campus / "boxes/b/link.key").mkdir(),
    "no terminals": lambda campus: (campus / "terminals/pos-01").rmdir(),
}  # fmt: skip


@pytest.mark.parametrize("way", BREAKS)
def test_nor_from_a_broken_installation(room: Room, way: str) -> None:
    BREAKS[way](room.campus)
    files = made(room)
    found = {one for one in leaks(files) if not (way == "half a key" and one[0] == "a private key")}
    assert found == set()
    assert "files.txt" in files


def test_nothing_at_all_is_told_of_nothing(tmp_path: Path) -> None:
    files = made(Room(tmp_path / "gone", tmp_path / "gone" / "campus", tmp_path / "run"))
    assert {"doctor.json", "machine.json", "files.txt", MANIFEST} <= files.keys()


def test_what_is_no_json_any_more_tells_nothing() -> None:
    assert json.loads(picked(b'{"box": "b", "key": "cafe', ("box",))) == {"unreadable": "JSONDecodeError", "bytes": 25}


@pytest.mark.parametrize(
    ("raw", "paths", "kept"),
    [
        ({"a": 1, "b": 2}, ("a",), {"a": 1}),
        ({"a": {"b": {"c": 1, "d": 2}}}, ("a.b.c",), {"a": {"b": {"c": 1}}}),
        ({"a": [{"b": 1, "k": 2}] * 2}, ("a[].b",), {"a": [{"b": 1}] * 2}),
        ({"a": {"x": {"s": 1, "k": 2}}}, ("a.*.s",), {"a": {"x": {"s": 1}}}),
        ({"a": {"s": 1}}, ("a",), {"a": {}}),
        ({"a": [1, 2]}, ("a",), {"a": []}),
        ({"a": "x" * 500}, ("a",), {"a": "x" * 200}),
        ([1], ("a",), []),
    ],
)
def test_only_what_is_on_the_list(raw: object, paths: tuple[str, ...], kept: object) -> None:
    """An object or a list where a value was allowed is not a way around the list."""
    assert json.loads(picked(json.dumps(raw).encode(), paths)) == kept


def test_public_halves_and_file_names_are_no_secrets() -> None:
    raw = b'{"campus_key": "00112233445566778899aabbccddeeff", "key": "console.key", "key_version": "1234567"}'
    assert list(secrets_in(raw, is_secret=False)) == []


def test_it_is_bounded() -> None:
    many = [Item(f"log/{n}", ("a line of words" * 9 + "\n") * (ITEM_MAX // 100)) for n in range(20)]
    bundle = assemble("test", many, [], Sweep([]))
    assert bundle.size() <= BUNDLE_MAX
    assert all(row.is_cut and row.size <= ITEM_MAX for row in bundle.rows)
    assert len(bundle.rows) + len(bundle.left_out) == 20
    assert {why for _, why in bundle.left_out} == {"no room"}


class Blind(Sweep):
    """One that does not look."""

    def __call__(self, text: str) -> str:
        return text


def test_a_defect_of_the_sweep_is_seen_before_anything_is_written() -> None:
    with pytest.raises(RuleBroken):
        assemble("test", [Item("a", f"key {KEY.hex()}")], [], Blind([KEY]))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("key c0ffee5ec2e7c0ffee5ec2e7c0ffee11 in a log", "key c0ff… in a log"),
        ("key wP/uXsLnwP/uXsLnwP/uEQ== in a log", "key wP… in a log"),
        ("token kanariTokenZ9-_abcdefghijklmnop.", "token ka…."),
        ("/var/lib/openykt/campus/boxes/canteen-1/edge.json", None),
        ("shared.support.gathering.KnownSecrets", None),
        ("2026-11-28T05:00:00.000+00:00 READY edge plain:tcp", None),
        ("openykt-edge.service: Main process exited, code=exited, status=86/n/a", None),
    ],
)
def test_what_looks_like_a_key_goes_and_what_helps_stays(text: str, kept: str | None) -> None:
    assert Sweep([])(text) == (kept or text)


def test_longer_secrets_first() -> None:
    assert Sweep([b"secret-one", b"secret-one-more"])("secret-one-more") == GONE


@pytest.fixture
def chosen(tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(out=None, show=None, file=tmp_path / "bundle.zip")


def test_it_is_shown_first_and_written_once(room: Room, chosen: argparse.Namespace, capsys) -> None:
    assert diagnostics("test", room, {}, chosen) == 0
    assert "campus/boxes/b/edge.json" in capsys.readouterr().out
    chosen.out = chosen.file
    assert diagnostics("test", room, {}, chosen) == 0
    assert chosen.file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        diagnostics("test", room, {}, chosen)
    chosen.out, chosen.show = None, "machine.json"
    capsys.readouterr()
    assert diagnostics("test", room, {}, chosen) == 0
    assert "packages" in json.loads(capsys.readouterr().out)


@given(st.binary(max_size=400))
def test_whatever_lies_in_a_broken_file_is_read_without_a_fault(raw: bytes) -> None:
    assert isinstance(json.loads(picked(raw, ("a", "b[].c", "d.*.e"))), object)
    known = list(secrets_in(raw, is_secret=True))
    assert Sweep(known)(raw.decode("utf-8", "replace")) is not None


@given(st.binary(min_size=8, max_size=40), st.text(max_size=30), st.text(max_size=30))
def test_no_spelling_of_a_secret_passes(secret: bytes, before: str, after: str) -> None:
    sweep = Sweep([secret])
    for spelling in spellings(secret):
        if len(spelling) >= LITERAL_MIN:
            assert spelling not in sweep(f"{before}{spelling}{after}").replace(GONE, "\0")
