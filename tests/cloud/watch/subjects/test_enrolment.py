"""What the signer says of itself becomes alarms: a list that is not proved, codes tried wrongly, a code used twice."""

import json
from pathlib import Path

import pytest

from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.watching import Watching
from cloud.watch.subjects.enrolment import FRESH_S, enrolment_signals
from shared.wire.enrol.office import STANDING_FILE, Standing

NOW_S = 1_795_836_000
CALM = Standing(3, 3, 700, "", 0, 0)


def signals(folder: Path, standing: Standing, age_s: int = 0) -> dict[str, float | None]:
    told = {**standing._asdict(), "at": NOW_S - age_s}
    (folder / STANDING_FILE).write_text(json.dumps(told))
    return {one.name: one.value for one in enrolment_signals(folder, NOW_S * 1000)}


def test_a_calm_signer_and_one_that_is_not_there(tmp_path: Path) -> None:
    unknown = dict.fromkeys(("revocation-unproved", "enrol-wrong", "enrol-stolen", "certificate-left"))
    assert {one.name: one.value for one in enrolment_signals(tmp_path, NOW_S * 1000)} == unknown
    calm = {"revocation-unproved": 0, "enrol-wrong": 0, "enrol-stolen": 0, "certificate-left": 700}
    assert signals(tmp_path, CALM) == calm
    assert signals(tmp_path, CALM, FRESH_S + 1) == unknown
    (tmp_path / STANDING_FILE).write_text('{"at": 1}')
    assert {one.name: one.value for one in enrolment_signals(tmp_path, NOW_S * 1000)} == unknown


@pytest.mark.parametrize(
    ("standing", "rule"),
    [
        (CALM._replace(proved=2), "revocation-unproved"),
        (CALM._replace(wrong=5), "enrol-wrong"),
        (CALM._replace(stolen=1), "enrol-stolen"),
        (CALM._replace(days=10), "certificate"),
    ],
)
def test_each_raises_its_alarm_and_no_other(tmp_path: Path, standing: Standing, rule: str) -> None:
    watching = Watching(RULES)
    raised = set()
    for second in (0, 59, 61):
        told = {**standing._asdict(), "at": NOW_S + second}
        (tmp_path / STANDING_FILE).write_text(json.dumps(told))
        found = list(enrolment_signals(tmp_path, (NOW_S + second) * 1000))
        raised |= {change.key.rule for change in watching.read(found, is_meal=False)}
    assert raised == {rule}
