"""What scenes tell people by: a real mail server and the gateway's stand-in, on ports that stay theirs while away."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from cloud.emulators.smsc import SmscEmulator
from compose.servers.ports import free_port
from tests.patience import PATIENCE_S
from tests.scenes.campus import Campus
from tests.scenes.plans import command

SECRET = "geheim7"
_WAYS = """[mail]
host = "127.0.0.1"
port = {mail}
sender = "ykt@school.edu.cn"
starttls = false
[sms]
kind = "smpp"
host = "127.0.0.1"
port = {sms}
source = "10690001"
system_id = "ykt"
password = "{secret}"
tls = false
[patience]
"""

DEAD_BOX = """format = 1
[[rule]]
name = "box-dead"
family = "offline"
grade = "urgent"
signal = "box-silent"
scope = "*"
when = "> 15"
clear = "< 10"
[rule.text]
title = "网关没有声音"
cause = "断电或断网"
consequence = "记录留在网关"
action = "去看"
[[change]]
rule = "box-silent"
off = true
"""
"""A box that is not heard for a quarter of a minute, in the place of the rule that ships."""


class Post:
    """A mail server that keeps what it takes, and may be away."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[Mail] = []
        self._served: Controller | None = None

    def open(self) -> None:
        """It is there."""
        self._served = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=PATIENCE_S)
        self._served.start()

    def close(self) -> None:
        """It is away."""
        served, self._served = self._served, None
        if served is not None:
            served.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # the server's name
        self.taken.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


class Gateway:
    """An SMSC that keeps what it takes, and may be away."""

    def __init__(self) -> None:
        with SmscEmulator() as first:
            self.port = first.port
        self.taken: list[tuple[str, str]] = []
        """To whom, and what."""
        self._smsc: SmscEmulator | None = None
        self._next = 0x3A

    def open(self) -> None:
        """It is there."""
        self._smsc = SmscEmulator(self.port, self._next)
        self._smsc.mood.decimal = True
        self._smsc.__enter__()

    def close(self) -> None:
        """It is away; what it took before stays told."""
        smsc, self._smsc = self._smsc, None
        if smsc is not None:
            smsc.__exit__()
            self.taken += [(one.number, one.text) for one in smsc.sent]
            self._next += len(smsc.sent)

    def all_taken(self) -> list[tuple[str, str]]:
        """Of all its lives."""
        return self.taken + [(one.number, one.text) for one in (self._smsc.sent if self._smsc else ())]

    def answer(self, phone: str, text: str) -> None:
        """Somebody writes to it."""
        if self._smsc is not None:
            self._smsc.hand_over(f"86{phone}", text)


@contextmanager
def ways(campus: Campus, **patience: str) -> Iterator[tuple[Post, Gateway]]:
    """Both are there, and the campus tells by them."""
    post, gateway = Post(), Gateway()
    text = _WAYS.format(mail=post.port, sms=gateway.port, secret=SECRET)
    _private(campus.ledger.parent / "channels.toml", text + "".join(f'{k} = "{v}"\n' for k, v in patience.items()))
    post.open()
    gateway.open()
    try:
        yield post, gateway
    finally:
        post.close()
        gateway.close()


def staff(campus: Campus, people: Mapping[str, tuple[str, str]]) -> None:
    """Name → phone and mail."""
    for name, (phone, mail) in people.items():
        command("cloud", "person", "add", name, "--phone", phone, "--mail", mail, "--data", campus.data)


def push(campus: Campus, what: str, text: str, who: str) -> None:
    """A policy (`notify`) or rules (`rules`), as one does at the desk."""
    file = campus.room / f"{what}.toml"
    file.write_text(text, encoding="utf-8")
    command("cloud", what, "push", file, "--who", who, "--data", campus.data)


def is_past(at_ms: int, clock: Callable[[], float]) -> Callable[[], bool]:
    """Has this moment gone by?"""
    return lambda: clock() * 1000 > at_ms


def _private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
