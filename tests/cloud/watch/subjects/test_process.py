"""The watch itself over a real folder: what others leave there becomes alarms, and its beat goes outside."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.accounts import Accounts
from cloud.process.beats import WATCH_BEAT, beat_age_s
from cloud.process.settings import FOLDER
from cloud.watch.store import open_watch
from cloud.watch.subjects import sign_ins
from cloud.watch.subjects.marks import FILE, MARK
from compose.parts.standing import Standing
from tests.cloud.campus import Campus, part
from tests.cloud.watch.metrics.stand import standing
from tests.patience import PATIENCE_S


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def standing_rules(folder: Path) -> set[str]:
    with closing(open_watch(folder)) as store:
        return {one.key.rule for one in store.alarms() if one.alarm.is_active}


@pytest.mark.process
def test_what_others_leave_becomes_alarms_and_a_beat_goes_out(campus: Campus, tmp_path: Path) -> None:
    folder = campus.data / FOLDER
    with closing(Accounts(folder / sign_ins.FILE)) as accounts:
        for _ in range(5):
            accounts.check("admin", "wrong", int(time.time()))
    old_ms = int(time.time() * 1000) - 30 * 3_600_000
    (folder / MARK).write_text(json.dumps({"format": 1, "finished_ms": old_ms}), encoding="utf-8")
    with standing() as stand:
        said = folder / FILE
        said.write_text(f'[beat]\nurl = "http://127.0.0.1:{stand.port}/beat"\nsecret = "0123456789abcdef"\n')
        said.chmod(0o600)
        with Standing(part("watch", "cloud", "watch", "--data", campus.data), tmp_path):
            until(lambda: {"failed-sign-ins", "backup-old"} <= standing_rules(folder))
            until(lambda: stand.requests)
            assert json.loads(stand.requests[0].body)["beat"] == "openykt-watch"
            assert (beat_age_s(folder / WATCH_BEAT) or 0) < PATIENCE_S
            assert "backup-missing" not in standing_rules(folder)
    with closing(open_watch(folder)) as store, store.db.reading():
        assert store.mark(MARK), "that there was one is remembered: without it, it would be missing"
