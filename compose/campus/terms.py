"""How long certificates and revocation list still hold: said when a campus starts, once a day while it runs, and by
`verify`. A certificate that ends soon is no untruth of the books, so it changes no exit code.
"""

import asyncio
import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from compose.campus.campus import step
from compose.campus.opening import Say
from compose.parts.part import Part
from compose.parts.supervise import Supervisor
from shared.words.voice import Text

DAY_S = 86_400.0
STEP_S = 60.0
NAMED_MAX = 20
"""Certificates that are named one by one."""
_ENDED = Text("已过期", "has ended")
_NOT_ASKED = Text(
    "证书期限无法查看，见 provision crl status",
    "the terms of certificates could not be asked: provision crl status",
)


async def say_daily(parts: Supervisor, room: Path, say: Say) -> None:
    """At once, and then after every day of running, until it is cancelled."""
    while True:
        ended = await parts.run(_question(room), STEP_S)
        for line in lines_of(ended.tail):
            say(line)
        await asyncio.sleep(DAY_S)


def terms_now(room: Path) -> list[str]:
    """For a command: what ends soon, a line each."""
    try:
        done = subprocess.run(_question(room).argv, check=False, text=True, capture_output=True, timeout=STEP_S)
    except subprocess.TimeoutExpired:
        return list(lines_of(()))
    return list(lines_of(done.stdout.splitlines()))


def lines_of(said: Sequence[str]) -> Iterator[str]:
    """From the answer of `crl status --json`: what ends within its bound, the nearest first."""
    answer = next((line for line in reversed(said) if line.startswith("{")), "")
    if not answer:
        yield str(_NOT_ASKED)
        return
    told = json.loads(answer)
    near = sorted((term for term in told["terms"] if term["near"] and not term["revoked"]), key=lambda t: t["days"])
    for term in near[:NAMED_MAX]:
        verb = "certificate renew" if term["serial"] else "crl renew"
        yield str(_ends(term, verb))
    if len(near) > NAMED_MAX:
        more = len(near) - NAMED_MAX
        yield str(Text(f"⚠ 另有 {more} 份，见 provision crl status", f"⚠ {more} more: provision crl status"))


def _ends(term: dict[str, Any], verb: str) -> Text:
    day, name, file, days = term["ends"][:10], term["name"], term["file"], term["days"]
    left = Text(f"余 {days} 天", f"{days} days left") if days >= 0 else _ENDED
    return Text(
        f"⚠ {day} 到期：{name}（{file}），{left.zh}；续期：provision {verb}",
        f"⚠ ends {day}: {name} ({file}), {left.en}; to renew: provision {verb}",
    )


def _question(room: Path) -> Part:
    return step("terms", "provisioning", "crl", "status", "--data", str(room), "--json")
