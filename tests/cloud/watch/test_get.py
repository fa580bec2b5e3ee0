"""A GET changes nothing: of all that the watch serves, whoever asks and whatever he asks for."""

import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from cloud.process.settings import FOLDER
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.notify import persons
from cloud.watch.notify.calling import SETTLE_MS, Time
from cloud.watch.notify.persons import Person
from cloud.watch.notify.telling import Around
from cloud.watch.pushes import POLICIES
from cloud.watch.store import open_watch
from cloud.watch.turn import Turns
from compose.parts.standing import Standing
from shared.clocks.school_days import WEEKDAYS
from tests.cloud.campus import Campus, part
from tests.cloud.process.test_health import ask
from tests.cloud.watch.metrics.test_process import health_port
from tests.cloud.watch.test_replies import POLICY

CODE = "482913"
METHODS = ("POST", "PUT", "DELETE", "OPTIONS")
PATHS = (
    "/", "/healthz", "/readyz", "/metrics", f"/healthz?code={CODE}", f"/ack?rule=box-silent&source=box:x&code={CODE}",
    f"/alarms/box-silent/box:x/ack?who=%E7%8E%8B&code={CODE}", f"/reply?from=13800138000&text={CODE}",
    "/notify/rollback?n=1", "/../watch.db", "//healthz", "/" + "a" * 3000,
)  # fmt: skip
KEPT = (
    "SELECT * FROM alarm WHERE rule = 'box-silent'", "SELECT * FROM event WHERE rule = 'box-silent'",
    "SELECT id, state, text, code FROM message WHERE person = '王芳'", "SELECT * FROM wrong_code",
    "SELECT * FROM person", "SELECT * FROM policy", "SELECT * FROM ruleset",
)  # fmt: skip
"""What people decide and are told. What the watch sees by itself meanwhile is its own, and tries of what waits too."""


def kept(folder: Path) -> str:
    with closing(open_watch(folder)) as store, store.db.reading():
        return json.dumps([[list(row) for row in store.db.run(sql)] for sql in KEPT])


@pytest.mark.process
def test_no_get_changes_anything(provisioned: Campus, tmp_path: Path) -> None:
    campus = provisioned.copy_to(tmp_path / "data")
    folder = campus.data / FOLDER
    with closing(open_watch(folder)) as store:
        with store.db.writing():
            persons.add(store.db, Person(0, "王芳", "13800138000"))
            POLICIES.push(store.db, 1, "王芳", "", POLICY)
        turns = Turns(store, RULES)
        turns.around = Around(str, "校园", WEEKDAYS, lambda: CODE)
        now_ms = int(time.time() * 1000)
        for at_ms in (now_ms - SETTLE_MS, now_ms):
            silent = Signal("box-silent", Source(Kind.BOX, "x"), at_ms, 99)
            turns.take([], [silent], Time(at_ms, 43_200), is_meal=False)
    with Standing(part("watch", "cloud", "watch", "--data", campus.data, "--health", 0), tmp_path) as watch:
        port = health_port(watch.log)
        before = kept(folder)
        assert CODE in before
        for path in PATHS:
            ask(port, path)
            ask(port, path, "HEAD")
        answers = {method: ask(port, f"/healthz?code={CODE}", method)[0] for method in METHODS}
        assert set(answers.values()) == {405}, answers
        assert kept(folder) == before
