"""`./ykt up --drill`: 演练, a harmless alarm on purpose while the campus runs; what comes of it is said line by line.

In a demonstration nobody is on duty yet, so somebody is made up to whom its mail goes: it lies in a folder.
"""

import asyncio
import json
from pathlib import Path

from compose.campus.campus import step
from compose.campus.opening import Say, step_failed
from compose.parts.supervise import Supervisor
from shared.words.voice import Language, Text, spoken

NAME = "drill"
"""The step whose lines are shown."""
DUTY, DUTY_MAIL = Text("演示值班员", "demo-duty"), "duty@demo.invalid"
STEP_S = 300.0
"""Beyond what a drill takes at most when nobody acknowledges it."""
_CUT_SHORT = Text("演练未完：收市了", "the drill is cut short: the campus ends")
_STUCK = 1
"""Its exit code when it got stuck somewhere, which it has said."""


async def drill(parts: Supervisor, room: Path, say: Say) -> None:
    """From the alarm to its end. The campus goes on, whatever comes of it."""
    data = ("--data", str(room))
    if not await _is_anybody_known(parts, data):
        words = ("--mail", DUTY_MAIL, *(("--english",) if spoken() is Language.EN else ()), *data)
        await parts.run(step("drill-person", "cloud", "person", "add", str(DUTY), *words), STEP_S)
        told = Text(
            f"演练：还没有登记人员，先登记“{DUTY.zh}”，其邮件留在文件夹里",
            f"drill: nobody is known yet, so {DUTY.en} is taken up; his mail lies in a folder",
        )
        say(f"  {told}")
    try:
        ended = await parts.run(step(NAME, "cloud", "alarms", "drill", *data), STEP_S)
    except asyncio.CancelledError:
        say(f"  {_CUT_SHORT}")
        raise
    if ended.code not in (0, _STUCK):
        say(f"  {step_failed(NAME, ended.code)}")


async def _is_anybody_known(parts: Supervisor, data: tuple[str, ...]) -> bool:
    ended = await parts.run(step("drill-persons", "cloud", "person", "list", "--json", *data), STEP_S)
    rows = json.loads(ended.tail[-1])["persons"] if not ended.code and ended.tail else []
    return any(not row["gone"] for row in rows)
