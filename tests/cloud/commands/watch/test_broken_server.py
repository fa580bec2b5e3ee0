"""A server is broken in many ways; each time the doctor names it by the check that is meant."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.commands.watch.support.checks import server_checks
from cloud.commands.watch.support.places import Around
from cloud.open.store.deliveries import Standing
from cloud.open.store.schema import open_store
from cloud.watch.services.places import look_at
from cloud.watch.services.probes import Service
from cloud.watch.store import open_watch
from cloud.watch.turn import BEAT
from provisioning.certificates import authority
from shared.support.checks import State, worst
from shared.support.doctor import examine
from tests.cloud.campus import ROOT, Campus

AROUND = {"clock-synchronised", "disk-room", "journal", "memory", "mounted"}
"""What depends on the machine that tests run on."""
NOW = datetime.now(UTC)
NOT_THERE = {
    "keys", "broker", "services", "boxes", "terminals", "versions", "backup", "key-backup", "store-files",
    "wallet-front",
}  # fmt: skip
"""What a campus that was made and never ran cannot tell."""


@pytest.fixture
def data(campus: Campus, provisioned: Campus) -> Path:
    """A campus whose watch looked a moment ago."""
    shutil.copytree(provisioned.data / "broker", campus.data / "broker")
    store = open_watch(campus.data / "cloud")
    with store.db.writing():
        store.db.upsert("mark", "name, value", "name", [(BEAT, int(time.time() * 1000))])
    store.close()
    return campus.data


def found(data: Path, given: dict | None = None) -> dict[str, State]:
    results = examine(server_checks(Around(data, None, given or {}, is_tls=False)))
    return {
        one.check.id: worst(other.answer.state for other in results if other.check.id == one.check.id)
        for one in results
    }


def test_a_sound_server_has_nothing_wrong(data: Path) -> None:
    states = found(data)
    assert {name for name, state in states.items() if state is State.BAD} - AROUND == set()
    assert {name for name, state in states.items() if state is State.UNKNOWN} - AROUND <= NOT_THERE


def rot(file: Path, at: int = 0) -> None:
    raw = bytearray(file.read_bytes())
    raw[at : at + 64] = os.urandom(64)
    file.write_bytes(raw)


def of_another_campus(data: Path) -> None:
    with closing(sqlite3.connect(data / "cloud" / "ledger.db")) as db, db:
        db.execute("UPDATE meta SET value = '4711' WHERE name = 'campus'")


def strange_ack(data: Path) -> None:
    (data / "cloud" / "ack.key").write_bytes(authority.private_pem(Ed25519PrivateKey.generate()))


def strange_pair(data: Path) -> None:
    """Key and certificate belong together, and are another campus's."""
    key, ca = authority.new_key(), authority.new_authority("campus", NOW)
    (data / "cloud" / "ingest.pem").write_bytes(authority.issue_client(ca, key.public_key(), "ingest", NOW))
    (data / "cloud" / "ingest.key").write_bytes(authority.private_pem(key))


def list_of_later(data: Path) -> None:
    """By the school's own CA, signed while a clock was fast."""
    ca = authority.new_authority("campus", NOW)
    (data / "broker" / "ca.pem").write_bytes(authority.certificate_pem(ca))
    (data / "broker" / "crl.pem").write_bytes(authority.issue_crl(ca, {}, 1, NOW + timedelta(days=700)))


def newer_schema(data: Path, least: str) -> None:
    db = sqlite3.connect(data / "cloud" / "ledger.db")
    with db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.execute("UPDATE schema_reader SET least = ?", (least,))
    db.close()


def strange_list(data: Path) -> None:
    other = authority.new_authority("other", NOW)
    (data / "broker" / "crl.pem").write_bytes(authority.issue_crl(other, {}, 1, NOW))


def end_console(data: Path) -> None:
    key, ca = authority.new_key(), authority.new_authority("campus", NOW)
    pem = authority.issue_server(ca, key.public_key(), ["localhost"], NOW - timedelta(days=900))
    (data / "cloud" / "console.pem").write_bytes(pem)


def write(data: Path, name: str, text: str, mode: int = 0o600) -> None:
    (data / "cloud" / name).write_text(text, encoding="utf-8")
    (data / "cloud" / name).chmod(mode)


def old_beat(data: Path) -> None:
    store = open_watch(data / "cloud")
    with store.db.writing():
        store.db.upsert("mark", "name, value", "name", [(BEAT, 1000)])
    store.close()


def stuck_message(data: Path) -> None:
    store = open_watch(data / "cloud")
    columns = "made_ms, person, channel, address, why, alarms, subject, text, state, tries, next_ms, done_ms, receipt, instead_of, code"  # noqa: E501
    row = (1000, "a", "mail", "a@b", "", "", "", "", "waiting", 3, 1000, 0, "", None, "")
    with store.db.writing():
        store.db.insert("message", columns, [row])
    store.close()


def standing_alarm(data: Path) -> None:
    store = open_watch(data / "cloud")
    columns = (
        "rule, source, grade, is_active, is_acked, since_ms, last_ms, count, returned_ms, acked_by, ack_until_ms, "
        "taken_by, shelved_by, shelved_until_ms, suppressed_by, stopped_by, assigned, code, told"
    )
    row = ("bus-passive", "bus:b/can0", "general", 1, 0, 1000, 1000, 1, 0, "", 0, "", "", 0, "", "", "", "", "")
    with store.db.writing():
        store.db.insert("alarm", columns, [row])
    store.close()


def dead_service(data: Path) -> None:
    store = open_watch(data / "cloud")
    look_at(store.db, [Service("console", ("127.0.0.1", 1)), Service("keys", data / "gone.sock"),
                       Service("broker", ("127.0.0.1", 1))])  # fmt: skip
    store.close()


def backed_up(data: Path, hours: int) -> None:
    at_ms = int((time.time() - hours * 3600) * 1000)
    write(data, "backup.json", json.dumps({"format": 1, "finished_ms": at_ms, "what": "ledger", "where": "/away/x"}))


def taken_away(data: Path) -> None:
    backed_up(data, 3)
    file = data / "cloud" / "backup.json"
    file.write_text(file.read_text().replace("/away", str(data)))


def sealed(data: Path, days: int | None) -> None:
    now_ms = int(time.time() * 1000)
    proven = {} if days is None else {"proven_ms": now_ms - days * 86_400_000}
    write(data, "key-backup.json", json.dumps({"format": 1, "made_ms": now_ms - 800 * 86_400_000, **proven}))


def strange_token(data: Path) -> None:
    key, ca = authority.new_key(), authority.new_authority("campus", NOW)
    (data / "front").mkdir(mode=0o700)
    (data / "front" / "wallet.pem").write_bytes(authority.issue_server(ca, key.public_key(), ["localhost"], NOW))
    (data / "front" / "token").write_text("x")
    write(data, "wallet-front.digest", "y")


def provider(data: Path, *until: str) -> None:
    rows = "".join(f'[[wechat.platform]]\nserial = "1"\nkey = "gone.pem"\nuntil = "{one}"\n' for one in until)
    write(data, "payments.toml", f"[wechat]\n{rows}")


def half_open(data: Path) -> None:
    (data / "open").mkdir()
    shutil.copy(data / "cloud" / "console.pem", data / "open" / "open.pem")


def open_elsewhere(data: Path) -> None:
    for end in ("pem", "key"):
        shutil.copy(data / "cloud" / f"console.{end}", data / "cloud" / f"open.{end}")


def given_up(data: Path) -> None:
    with closing(open_store(data)) as store, store.writing():
        store.insert("delivery", "event, app, state, tries, next_ms, status, fault, changed_ms",
                     [(1, "a", int(Standing.DEAD), 8, 0, 500, "", 0)])  # fmt: skip


def cloud(name: str) -> Callable[[Path], Path]:
    return lambda data: data / "cloud" / name


WAYS: dict[str, tuple[Callable[[Path], object], str, State]] = {
    "no folder": (shutil.rmtree, "data-folder", State.BAD),
    "no folder of the cloud": (lambda data: shutil.rmtree(data / "cloud"), "settings", State.BAD),
    "no settings": (lambda data: cloud("cloud.json")(data).unlink(), "settings", State.BAD),
    "half of the settings": (lambda data: os.truncate(cloud("cloud.json")(data), 100), "settings", State.BAD),
    "no ledger": (lambda data: cloud("ledger.db")(data).unlink(), "ledger", State.BAD),
    "a rotten ledger": (lambda data: rot(cloud("ledger.db")(data)), "ledger", State.BAD),
    "a ledger of a newer program": (lambda data: newer_schema(data, "9999"), "ledger", State.BAD),
    "one that opens for older programs": (lambda data: newer_schema(data, "0001"), "ledger", State.CARE),
    "a database that is away": (lambda data: write(data, "ledger.dsn", "postgresql://x:geheim@127.0.0.1:1/db"),
                                "ledger", State.BAD),
    "a DSN that is none": (lambda data: write(data, "ledger.dsn", "mysql://x"), "ledger", State.BAD),
    "an empty ledger": (lambda data: os.truncate(cloud("ledger.db")(data), 0), "ledger", State.BAD),
    "another campus's ledger": (of_another_campus, "ledger", State.BAD),
    "an empty console": (lambda data: cloud("console.db")(data).touch(), "store-files", State.BAD),
    "no key for acks": (lambda data: cloud("ack.key")(data).unlink(), "certificate-key", State.BAD),
    "another key for acks": (strange_ack, "certificate-key", State.BAD),
    "no key of the watch": (lambda data: cloud("watch.key")(data).unlink(), "certificate-key", State.BAD),
    "another campus's pair": (strange_pair, "certificate", State.BAD),
    "a list of the future": (list_of_later, "revocations", State.BAD),
    "a backup of the future": (lambda data: backed_up(data, -5), "backup", State.BAD),
    "a backup that was taken away": (taken_away, "backup", State.BAD),
    "an open key": (lambda data: cloud("ack.key")(data).chmod(0o644), "secret-modes", State.BAD),
    "another owner": (lambda data: os.chown(cloud("cloud.json")(data), 65_534, 65_534), "owners", State.BAD),
    "an ended certificate": (end_console, "certificate", State.BAD),
    "no authority": (lambda data: cloud("ca.pem")(data).unlink(), "certificate", State.BAD),
    "half a pair": (end_console, "certificate-key", State.BAD),
    "no list of revoked": (lambda data: (data / "broker" / "crl.pem").unlink(), "revocations", State.BAD),
    "half of that list": (lambda data: os.truncate(data / "broker" / "crl.pem", 150), "revocations", State.BAD),
    "somebody else's list": (strange_list, "revocations", State.BAD),
    "a rotten watch": (lambda data: rot(cloud("watch.db")(data)), "store-files", State.BAD),
    "a watch that stands still": (old_beat, "watch", State.BAD),
    "a message that is stuck": (stuck_message, "messages", State.BAD),
    "an alarm that stands": (standing_alarm, "alarms", State.CARE),
    "no key process": (dead_service, "keys", State.BAD),
    "no broker": (dead_service, "broker", State.BAD),
    "no console": (dead_service, "services", State.BAD),
    "a broken store of metrics": (lambda data: write(data, "metrics.toml", "url = ["), "settings-more", State.BAD),
    "open doors": (lambda data: write(data, "watch.toml", "", 0o644), "settings-more", State.BAD),
    "a backup of last week": (lambda data: backed_up(data, 200), "backup", State.BAD),
    "a backup of yesterday": (lambda data: backed_up(data, 30), "backup", State.CARE),
    "a backup of today": (lambda data: backed_up(data, 3), "backup", State.GOOD),
    "no backup": (lambda _: None, "backup", State.UNKNOWN),
    "a front that nobody knows": (strange_token, "wallet-front", State.BAD),
    "a provider's key that ends": (lambda data: provider(data, "2001-01-01"), "provider-keys", State.BAD),
    "one that is followed by another": (lambda data: provider(data, "2001-01-01", ""), "provider-keys", State.GOOD),
    "providers that cannot be read": (lambda data: write(data, "payments.toml", "[", 0o600), "provider-keys",
                                      State.BAD),
    "an open platform without its key": (half_open, "open-keys", State.BAD),
    "an open platform's certificate where it was before": (open_elsewhere, "open-keys", State.BAD),
    "half a key of webhooks": (lambda data: write(data, "open-webhook.key", "x", 0o600), "open-keys", State.BAD),
    "a webhook that was given up": (given_up, "webhooks", State.CARE),
    "paper never typed": (lambda data: sealed(data, None), "key-backup", State.BAD),
    "paper typed last year": (lambda data: sealed(data, 300), "key-backup", State.BAD),
    "paper typed this term": (lambda data: sealed(data, 30), "key-backup", State.GOOD),
}  # fmt: skip
"""How it is broken, which check says so, and what it says."""


@pytest.mark.parametrize("way", WAYS)
def test_it_is_named_by_its_check(data: Path, way: str) -> None:
    if way == "another owner" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    breaks, name, state = WAYS[way]
    breaks(data)
    assert found(data)[name] is state


def test_what_lies_in_zones_of_its_own_is_not_called_well(data: Path) -> None:
    """Nor unknown: the installation's own doctor reads it, and a sound server is sound."""
    for name in ("console.key", "open-webhook.key"):
        cloud(name)(data).unlink(missing_ok=True)
        cloud(name)(data).symlink_to(f"/nowhere/{name}")
    there = {one.id for one in server_checks(Around(data, None, {}, is_tls=False))}
    assert not there & {"certificate-key", "revocations", "open-keys"}
    assert there >= {"certificate", "webhooks"}


@pytest.mark.process
def test_the_command_says_so_without_a_password(data: Path) -> None:
    write(data, "ledger.dsn", "postgresql://ykt:geheim@127.0.0.1:1/db")
    words = (sys.executable, "-m", "cloud", "doctor", "--data", str(data), "--json")
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    said = json.loads(ended.stdout)
    assert "ledger" in {one["id"] for one in said["checks"] if one["state"] == "bad"}
    assert "geheim" not in ended.stdout
