"""What ends soon is said when a campus starts, while it runs, and by verify: from the key office's own answer."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compose.campus import terms
from compose.campus.terms import NAMED_MAX, lines_of, say_daily, terms_now
from compose.parts.supervise import Supervisor
from provisioning.certificates import authority
from provisioning.custody.files import open_level
from provisioning.keys.store import KeyKind, Level
from tests.cloud.campus import make_campus

ENDS = (datetime.now(UTC) + timedelta(days=30)).isoformat()


def answer(*rows: dict[str, object]) -> list[str]:
    usual = {"name": "x", "file": "f", "ends": ENDS, "days": 30, "serial": 7, "near": True, "revoked": False}
    return ["noise", json.dumps({"number": 1, "revoked": 0, "terms": [usual | row for row in rows]})]


def test_only_what_is_near_and_stands_is_named_the_nearest_first() -> None:
    said = list(
        lines_of(answer({"days": 30}, {"days": -1, "serial": 0}, {"near": False, "days": 500}, {"revoked": True}))
    )
    assert len(said) == 2
    assert "已过期" in said[0]
    assert said[0].endswith("provision crl renew")
    assert "余 30 天" in said[1]
    assert said[1].endswith("provision certificate renew")
    assert list(lines_of(answer())) == []
    many = list(lines_of(answer(*[{}] * (NAMED_MAX + 3))))
    assert (len(many), "另有 3 份" in many[-1]) == (NAMED_MAX + 1, True)


def test_no_answer_is_said() -> None:
    assert "无法查看" in "".join(lines_of(["错误 / error"]))


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A campus whose box certificate ends in 30 days."""
    data = make_campus(tmp_path).data
    school = open_level(data, Level.SCHOOL)
    key = school.one(KeyKind.AUTHORITY, 1).for_use(KeyKind.AUTHORITY)
    ca = authority.open_authority((data / "ca.pem").read_bytes(), key)
    path = next((data / "boxes").glob("*/box.pem"))
    then = datetime.now(UTC) - timedelta(days=authority.LEAF_DAYS - 30)
    path.write_bytes(authority.renew(ca, path.read_bytes(), then))
    return data


@pytest.mark.process
def test_a_command_and_a_running_campus_say_it(room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = terms_now(room)
    assert "box.pem" in line
    monkeypatch.setattr(terms, "DAY_S", 0.01)
    said: list[str] = []

    async def campus() -> None:
        async with Supervisor(tmp_path / "log") as parts:
            heard = asyncio.Event()

            def say(text: str) -> None:
                said.append(text)
                if len(said) == 2:
                    heard.set()

            task = asyncio.create_task(say_daily(parts, room, say))
            await asyncio.wait_for(heard.wait(), 60)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(campus())
    assert said[:2] == [line, line], "each day again"
