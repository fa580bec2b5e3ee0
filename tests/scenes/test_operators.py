"""A supervisor's card is lost at lunch: withdrawn at the centre, and refused at a till two seconds later."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from shared.fleet.document import DocumentKind
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.plans import STRANGER, run
from tests.scenes.scene import BUSY
from tests.scenes.truth import close_true

pytestmark = pytest.mark.process
COUNTER, OTHER = "pos-3", "pos-2"
APART = (f"t-{COUNTER}", "t-load-1")
"""Bodies at which nobody else stands while the hand is at work."""
REFUSED_MS = 2_000 * BUSY
GRANT_FEN = 2500
"""Less than anybody wants who eats at the other counters: they take whatever card has enough."""
LOST, KEPT = "主管01", "主管02"
KIND = int(DocumentKind.OPERATORS)


def operator(campus: Campus, label: str, *words: str) -> None:
    done = run("provisioning", "operator", "--data", campus.data, "--who", "张三", "--label", label, *words)
    assert done.returncode == 0, done.stderr


def push(campus: Campus) -> dict[str, Any]:
    """As a person types it: the key process is found, and every terminal that is online waited for."""
    done = run("cloud", "operators", "push", "--data", campus.data, "--who", "王芳", "--wait", "100", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def took_ms(campus: Campus, counter: str, generation: int) -> int:
    """From the making to this till's word that it uses it."""
    sql = (
        "SELECT r.since_ms - d.made_ms FROM document_reported r "
        "JOIN document d ON d.kind = r.kind AND d.scope = r.scope "
        "AND d.generation = r.generation JOIN device v ON v.device = r.device "
        "WHERE r.kind = ? AND v.name = ? AND r.generation = ?"
    )
    return int(campus.asked(sql, KIND, counter, generation)[0][0])


def test_a_withdrawn_supervisor_voids_nothing_two_seconds_later(room: Path) -> None:
    async def scene() -> None:
        async with Campus(room) as campus:
            for label in (LOST, KEPT):
                operator(campus, label)
            await campus.open(*APART)
            run("cloud", "grant", "--data", campus.data, "--card", STRANGER, "--fen", GRANT_FEN, "--reason", "补助")
            async with Hand(campus, COUNTER) as hand:
                await hand.types("claim", "领款成功 ¥25.00")  # record 1; the sales are 2 to 4
                for fen in ("5", "6", "7"):
                    await hand.types(fen, f"成功 ¥{fen}.00")
                await hand.types(f"void 2 {LOST}", "已登记撤销")
                assert (await asyncio.to_thread(push, campus))["generation"] == 1
                await hand.types(f"void 3 {LOST}", "已登记撤销")
                operator(campus, LOST, "--withdraw")
                told = await asyncio.to_thread(push, campus)
                assert (told["generation"], told["cards"], told["reach"]["late"]) == (2, 1, [])
                assert 0 <= took_ms(campus, COUNTER, 2) <= REFUSED_MS
                assert 0 <= took_ms(campus, OTHER, 2) <= REFUSED_MS
                await hand.types(f"void 4 {LOST}", "不认识这张主管卡")
                await hand.types(f"void 4 {KEPT}", "已登记撤销")
                assert (await asyncio.to_thread(push, campus))["generation"] is None, "nothing has changed"
            shown = json.loads(run("cloud", "operators", "--data", campus.data, "--json").stdout)
            assert [row["label"] for row in shown["cards"]] == [KEPT]
            await close_true(campus, *APART)

    asyncio.run(scene())
