"""One push: what it said, to whom, and who uses it by now."""

from typing import Any

from flask import g, render_template

from cloud.console.access.rights import Right
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.devices.deeds import REASON_MAX
from cloud.console.pages.parameters.trying import may_make, newest_push, push_of
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import Push
from cloud.parameters.campus_file import read_file
from cloud.words.fleet.parameters import KINDS, WORDS
from shared.clocks.clock import time_text


def _one(sources: Sources, number: int) -> Reply:
    """What it said, to whom, who uses it, how its canary does. The file is about all of the campus."""
    now, clock = campus_now(sources), sources.clock()
    with sources.books() as opened:
        ledger = ParameterLedger(opened)
        push, text = push_of(ledger, number)
        names = {one.device: one.name for one in ledger.positions()}
        said = ledger.canaries().get(number, [])
        watched = next((one for one in ledger.watched(now) if one.push.number == number), None)
        is_newest = newest_push(ledger) == number
    is_whole = g.signed.everywhere(Right.SEE_CAMPUS)
    return render_template(
        "devices/push.html", push=push, kind=KINDS[push.kind], text=text if is_whole else "",
        title=read_file(text).title,
        rows=_used(sources, push, names), left=push.left,
        said=[WORDS[word] for word in said], watched=watched, may_make=may_make(), is_newest=is_newest,
        made=time_text(int(clock.at(push.at_ms / 1000))), as_of=time_text(now.campus_s), reason_max=REASON_MAX,
    )  # fmt: skip


def _used(sources: Sources, push: Push, names: dict[bytes, str]) -> list[dict[str, Any]]:
    """Of each terminal that changed, of those that he sees: does it use it, or a later one?"""
    reported = {
        one.device: one.known.said.generation if one.known else None
        for one in sources.reader.fleet.documents().terminals if one.which[0].name == "PARAMETERS"
    }  # fmt: skip
    seen = {
        one.device for one in sources.reader.terminals()
        if g.signed.sees(Right.SEE_CAMPUS, box=one.box, merchant=one.merchant)
    }  # fmt: skip
    rows = []
    for device, generation in push.made.items():
        uses = reported.get(device)
        mark = "off" if uses is None else "ok" if uses >= generation else "warn"
        if device in seen:
            rows.append({"device": device.hex(), "name": names.get(device, device.hex()), "generation": generation,
                         "uses": uses, "mark": mark})  # fmt: skip
    return sorted(rows, key=lambda row: (("warn", "off", "ok").index(row["mark"]), row["name"]))


PAGES = (Page("push", "/parameters/pushes/<int:number>", Right.SEE_CAMPUS, _one),)
