"""What the watch hears of others, put together: a session at the broker, pages of services, its own machine.

All of it may go away, and costs points alone: the session lives on the loop, pages are asked for in the turn's thread,
each within its bound.
"""

import argparse
import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from cloud.process.settings import CloudSettings
from cloud.watch.metrics.heard.broker import BrokerSays
from cloud.watch.metrics.heard.bulk import Bulk
from cloud.watch.metrics.heard.door import BrokerAt, Ear, own_tls
from cloud.watch.metrics.heard.machine import Machine
from cloud.watch.metrics.heard.pages import Place, points_of
from cloud.watch.metrics.points import Point
from cloud.watch.metrics.series import BROKER_TOPICS
from shared.input.command_line import Parser
from shared.input.endpoint import host_port
from shared.input.login import LOGIN_HELP, read_login
from shared.wire.topics import UP_BULK, subscriptions
from shared.words.voice import Text

CERTIFICATE = "watch.pem"
"""Beside cloud.json; its key beside it."""
PAGES_MAX = 16


def add_hearing(parser: Parser) -> None:
    """Whom the watch listens to; without, to nobody."""
    broker = Text("消息代理 主机:端口，读网关的读数", "the broker, host:port, for what boxes say of themselves")
    parser.add_argument("--broker", metavar="HOST:PORT", help=broker)
    parser.add_argument("--tls", action="store_true", help=Text("代理用双向 TLS", "mutual TLS to the broker"))
    parser.add_argument("--broker-login", type=Path, metavar="FILE", help=LOGIN_HELP)
    page = Text(
        "服务的 /metrics 页，可重复：名称=主机:端口 或 套接字路径",
        "a service's /metrics page, may be repeated: name=host:port or a socket's path",
    )
    parser.add_argument("--page", type=_place, action="append", default=[], metavar="NAME=PLACE", help=page)


def hearing_of(given: argparse.Namespace, settings: CloudSettings) -> "Hearing":
    """ConfigFault: a broker or its files that are none."""
    if given.broker is None:
        return Hearing(None, given.page[:PAGES_MAX])
    folder = settings.tls.ca.parent
    tls = own_tls(settings.tls.ca, folder / CERTIFICATE) if given.tls else None
    at = BrokerAt(*host_port(given.broker, "--broker"), tls, read_login(given.broker_login))
    return Hearing(at, given.page[:PAGES_MAX])


class Hearing:
    """`points` is the turn's thread's, the rest the loop's."""

    def __init__(
        self, broker: BrokerAt | None, pages: list[Place], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.bulk, self.says = Bulk(), BrokerSays()
        self._pages, self._clock, self._lock = pages, clock, Lock()
        self._machine = Machine()
        self.ear = None
        if broker is not None:
            # the embedded one, which alone is plain, ends the connection of whoever asks for what it has not
            own = BROKER_TOPICS if broker.tls is not None else ()
            self.ear = Ear(broker, (*subscriptions(UP_BULK), *own), self._hear)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        if self.ear is not None:
            await self.ear.run(stop)

    def points(self, now_ms: int) -> list[Point]:
        """What is known now of all that was heard."""
        with self._lock:
            found = [*self.bulk.points(now_ms), *self._of_broker(now_ms)]
        for place in self._pages:
            found += points_of(place, now_ms)
        return found + self._machine.points(now_ms)

    def _of_broker(self, now_ms: int) -> list[Point]:
        if self.ear is None:
            return []
        if not self.ear.is_up:
            self.says.lost()
        return [*self.says.points(now_ms, is_up=self.ear.is_up)]

    def _hear(self, topic: str, payload: bytes) -> None:
        with self._lock:
            if topic not in BROKER_TOPICS:
                self.bulk.hear(topic, payload, self._clock())
            else:
                self.says.hear(topic, payload)


def _place(text: str) -> Place:
    name, equals, at = text.partition("=")
    if not name or not equals or not at:
        raise argparse.ArgumentTypeError(str(Text("应为 名称=位置", "wanted is name=place")))
    return Place(name, Path(at) if at.startswith("/") else host_port(at, "--page"))
