"""cloud.json as provisioning writes it, and every way in which it can be wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cloud.process.settings import DSN_FILE, DSN_FOLDER_FILE, load_settings
from provisioning.campus.settings import PublicKeys, cloud_json
from provisioning.plan.demo import demo_plan
from provisioning.plan.plan import parse_plan
from shared.errors import ConfigFault

KEYS = PublicKeys(b"C" * 32, b"A" * 32, b"")


def written(data: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Path:
    body = cloud_json(parse_plan(demo_plan(3)), KEYS)
    change(body)
    (data / "cloud").mkdir()
    (data / "cloud" / "cloud.json").write_text(json.dumps(body), encoding="utf-8")
    return data


def test_what_provisioning_writes_is_read(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path))
    assert (settings.demo, settings.campus_key, settings.ack_key) == (True, b"C" * 32, b"A" * 32)
    assert settings.ack_key_file == tmp_path / "cloud" / "ack.key"
    assert settings.tls.certificate == tmp_path / "cloud" / "ingest.pem"
    assert settings.console_certificate == tmp_path / "cloud" / "console.pem"
    assert (settings.mqtt.version, settings.mqtt.share) == (5, "")


def test_the_ledger_is_a_file_of_the_folder_unless_a_dsn_is_given(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path))
    assert settings.dsn(None) == str(tmp_path / "cloud" / "ledger.db")
    assert settings.dsn("postgresql://x") == "postgresql://x"


def test_a_ledger_elsewhere_is_found_by_every_command(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path))
    (tmp_path / "cloud" / "ledger.dsn").write_text("postgresql://openykt@/openykt?host=/run/x\n")
    assert settings.dsn(None) == settings.books(None) == "postgresql://openykt@/openykt?host=/run/x"
    assert settings.dsn("postgresql://y") == "postgresql://y"


def test_who_needs_a_ledger_makes_none(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path))
    with pytest.raises(ConfigFault, match="没有账本"):
        settings.books(None)
    assert not (tmp_path / "cloud" / "ledger.db").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda body: body.pop("ack_key"), "ack_key"),
        (lambda body: body.update(ack_kye="00"), "ack_kye"),
        (lambda body: body.update(campus="1"), "campus"),
        (lambda body: body.update(campus=True), "campus"),
        (lambda body: body.update(ack_key="zz"), "ack_key"),
        (lambda body: body.update(ack_key="00"), "ack_key"),
        (lambda body: body.update(format=2), "format"),
        (lambda body: body.update(tls=[]), "tls"),
        (lambda body: body["tls"].update(crl="x"), "crl"),
        (lambda body: body.update(mqtt={"versoin": 5}), "versoin"),
    ],
    ids=[
        "missing", "misspelt", "text for a number", "truth for a number", "no hexadecimal", "too short",
        "unknown format", "no object", "unknown inner key", "misspelt optional key",
    ],
)  # fmt: skip
def test_a_wrong_key_is_named(tmp_path: Path, change: Callable[[dict[str, Any]], None], named: str) -> None:
    with pytest.raises(ConfigFault, match=named):
        load_settings(written(tmp_path, change))


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000], ids=["empty", "cut", "list", "deep"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "cloud.json").write_text(text)
    with pytest.raises(ConfigFault):
        load_settings(tmp_path)


def test_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match=r"cloud\.json"):
        load_settings(tmp_path)


def test_a_copy_of_a_folder_does_not_lead_to_the_originals_database(tmp_path: Path) -> None:
    original, copy, moved = (tmp_path / name for name in ("original", "copy", "moved"))
    original.mkdir()
    written(original)
    for name, text in ((DSN_FILE, "postgresql://x@/y?host=z"), (DSN_FOLDER_FILE, str(original.resolve()))):
        (original / "cloud" / name).write_text(text + "\n")
    shutil.copytree(original, copy)
    assert load_settings(original).dsn(None) == "postgresql://x@/y?host=z"
    with pytest.raises(ConfigFault, match="原目录"):
        load_settings(copy).dsn(None)
    assert load_settings(copy).dsn("postgresql://own") == "postgresql://own"
    original.rename(moved)
    assert load_settings(moved).dsn(None) == "postgresql://x@/y?host=z", "moved, not copied"
