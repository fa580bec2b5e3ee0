"""How long certificates and revocation list still hold: said when a campus starts, once a day while it runs, and by
`verify`. A certificate that ends soon is no untruth of the books, so it changes no exit code.
"""

import asyncio
import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from compose.campus.campus import step
from compose.campus.opening import Say
from compose.parts.part import Part
from compose.parts.supervise import Supervisor

DAY_S = 86_400.0
STEP_S = 60.0
NAMED_MAX = 20
"""Certificates that are named one by one."""


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
        yield "证书期限无法查看 / the terms of certificates could not be asked: provision crl status"
        return
    told = json.loads(answer)
    near = sorted((term for term in told["terms"] if term["near"] and not term["revoked"]), key=lambda t: t["days"])
    for term in near[:NAMED_MAX]:
        verb = "certificate renew" if term["serial"] else "crl renew"
        left = f"余 {term['days']} 天 days left" if term["days"] >= 0 else "已过期 has ended"
        yield f"⚠ 到期 ends {term['ends'][:10]}: {term['name']} ({term['file']}), {left}; 续期 renew: provision {verb}"
    if len(near) > NAMED_MAX:
        yield f"⚠ 另有 {len(near) - NAMED_MAX} 份 more: provision crl status"


def _question(room: Path) -> Part:
    return step("terms", "provisioning", "crl", "status", "--data", str(room), "--json")
