"""The bench as a process: a link, the clock and the person around an examination."""

import asyncio
import json
import os
import sys
import time
from contextlib import suppress

from edge.conform.exam import Exam
from edge.conform.options import Given, open_link
from edge.conform.report import last_line, line
from edge.conform.stand import Now
from edge.conform.subject import Subject
from edge.link.port import MessageLink, Peer
from edge.link.tcp.link import TcpLink
from shared.clocks.campus_clock import WALL
from shared.words.voice import Text

TICK_S = 0.02
"""How often the examination is asked what is due: finer than any bound that it holds a terminal to."""


async def examine(given: Given, subject: Subject) -> int:
    """The exit code. ConfigFault when the wire cannot be had."""
    link = open_link(given, subject)
    is_bus = given.tcp is None
    exam = Exam(subject, os.urandom, is_bus=is_bus, tap_s=given.tap_s, takes=given.takes, cuts=given.cuts)
    bench = _Bench(exam, link, only=subject.address if is_bus else None)
    serving = asyncio.create_task(link.run(), name="link")
    try:
        if isinstance(link, TcpLink):
            _print(f"READY {await _port(link, serving)}")
        await bench.run(serving)
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    return bench.end(given)


async def _port(link: TcpLink, serving: "asyncio.Task[None]") -> int:
    asking = asyncio.create_task(link.port())
    await asyncio.wait([asking, serving], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        asking.cancel()
        serving.result()
    return await asking


class _Bench:
    """On TCP the newest caller is the terminal; on a bus the one at its address."""

    def __init__(self, exam: Exam, link: MessageLink, only: Peer | None) -> None:
        self._exam, self._link, self._only = exam, link, only
        self._peer: Peer | None = only
        self._printed = 0
        link.on_message(self._heard)
        link.on_peer(self._came)

    async def run(self, serving: "asyncio.Task[None]") -> None:
        """Until the examination is over, or the link dies of something."""
        self._exam.begin(_now())
        while not self._exam.is_over and not serving.done():
            self._exam.tick(_now())
            await self._after()
            await asyncio.sleep(TICK_S)
        await self._after()
        if serving.done():
            serving.result()

    def end(self, given: Given) -> int:
        """Print the verdict, write the report."""
        report = self._exam.report
        _print(str(last_line(report)))
        if given.json is not None:
            given.json.write_text(json.dumps(report.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return report.exit_code

    def _heard(self, peer: Peer, message: bytes) -> None:
        if peer == self._peer:
            self._exam.message(message, _now())

    def _came(self, peer: Peer, there: bool) -> None:
        if self._only is None and (there or peer == self._peer):
            self._peer = peer if there else None
            self._exam.wire(there, _now())

    async def _after(self) -> None:
        for message in self._exam.take_out():
            if self._peer is not None:
                await self._link.send(self._peer, message)
        if self._exam.take_hang_up() and isinstance(self._link, TcpLink) and self._peer is not None:
            self._link.disconnect(self._peer)
        for said in self._exam.take_said():
            _print(str(Text(f"—— {said}", f"-- {said}")))
        findings = self._exam.report.findings
        for one in findings[self._printed :]:
            _print(line(one))
        self._printed = len(findings)


def _now() -> Now:
    return Now(asyncio.get_running_loop().time(), WALL.at(time.time()))


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
