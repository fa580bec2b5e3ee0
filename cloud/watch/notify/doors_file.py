"""DATA/cloud/channels.toml: by which ways messages leave, with their secrets; 0600, or it is refused.

Without the file, mails lie in DATA/cloud/mail, where one can open them, and SMS waits until a modem, a gateway or a
provider is named.
"""

import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from cloud.process.functions import read_off
from cloud.process.private import read_private
from cloud.watch.notify.channels.chat import URL_MAX, Chat, ChatDoor
from cloud.watch.notify.channels.door import Door
from cloud.watch.notify.channels.folder import FolderDoor
from cloud.watch.notify.channels.http_sms import Body, HttpSmsDoor
from cloud.watch.notify.channels.modem import ModemDoor
from cloud.watch.notify.channels.post import SECRET_MIN, Place, place_of
from cloud.watch.notify.channels.smpp import SmppDoor, SmppServer
from cloud.watch.notify.channels.smpp_pdu import ADDRESS_MAX, PASSWORD_MAX, SYSTEM_ID_MAX
from cloud.watch.notify.channels.smtp import SmtpDoor, SmtpServer
from cloud.watch.notify.channels.webhook import WebhookDoor
from cloud.watch.notify.policy_file import span_of
from cloud.watch.notify.queue import Patience
from cloud.watch.notify.terms import CHAT, HOOK, Channel
from shared.errors import ConfigFault
from shared.input.functions import Function, require_on
from shared.input.section import Section
from shared.words.voice import Text

FILE = "channels.toml"
MAIL_FOLDER = "mail"
_SENDER = "openykt@localhost"
_PORT_MAX = 65_535
_BAUD_MAX = 1_000_000


class Sms(StrEnum):
    """By what SMS leaves."""

    MODEM = "modem"
    SMPP = "smpp"
    HTTP = "http"


class Group(StrEnum):
    """By what a chat is reached."""

    APPRISE = "apprise"


def read_doors(folder: Path) -> dict[Channel, Door]:
    """The ways of the cloud's folder. ConfigFault: the file is wrong, or others may read it."""
    top = Section(_read(folder), file=FILE)
    mail, sms = top.optional_section("mail"), top.optional_section("sms")
    hooks, chats = top.optional_section("webhook"), top.optional_section("chat")
    top.optional_section("patience")  # read by itself
    top.done()
    doors: dict[Channel, Door] = {Channel.MAIL: _smtp(mail) if mail else FolderDoor(folder / MAIL_FOLDER, _SENDER)}
    if sms is not None:
        kind = sms.one_of("kind", Sms, Sms.MODEM)
        if kind is Sms.SMPP:
            require_on(read_off(folder.parent), Function.SMPP)
        doors[Channel.SMS] = _SMS[kind](sms)
    if hooks is not None:
        doors[Channel.WEBHOOK] = WebhookDoor({name: _hook(hooks.section(name)) for name in hooks.left()})
    if chats is not None:
        doors[Channel.CHAT] = ChatDoor({name: _chat(chats.section(name)) for name in chats.left()})
    return doors


def close_doors(doors: Mapping[Channel, Door]) -> None:
    """Let go what is kept open. No thread sends any more."""
    for door in doors.values():
        if isinstance(door, ModemDoor | SmppDoor):
            door.close()


def read_places(folder: Path) -> frozenset[str]:
    """What a route may name beside persons, as `hook:ops`. ConfigFault, as of `read_doors`."""
    read_doors(folder)
    raw = _read(folder)
    return frozenset(
        f"{start}{name}" for start, key in ((HOOK, "webhook"), (CHAT, "chat")) for name in raw.get(key) or ()
    )


def read_patience(folder: Path) -> Patience:
    """How long what waits is waited for. ConfigFault, as of `read_doors`."""
    one = Section(_read(folder), file=FILE).optional_section("patience") or Section({}, "patience")
    usual = Patience()
    found = {
        key: span_of(one, key.removesuffix("_ms"), f"{getattr(usual, key) // 1000}s") * 1000
        for key in ("longest_ms", "fallback_ms", "given_up_ms", "late_ms")
    }
    one.done()
    return Patience(**found)


def _read(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_private(folder / FILE).decode())
    except FileNotFoundError:
        return {}
    except ValueError as fault:  # a TOML fault repeats what it stumbled over, which may be a secret
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from fault


def _smtp(one: Section) -> SmtpDoor:
    server = SmtpServer(
        one.take("host", str), one.within("port", 1, _PORT_MAX, 587), one.take("sender", str),
        one.take("user", str, ""), one.take("password", str, ""), one.take("starttls", bool, True),
        one.take("ca", str, ""),
    )  # fmt: skip
    one.done()
    return SmtpDoor(server)


def _modem(one: Section) -> ModemDoor:
    door = ModemDoor(one.take("device", str), one.within("baud", 1200, _BAUD_MAX, 115_200))
    one.done()
    return door


def _smpp(one: Section) -> SmppDoor:
    server = SmppServer(
        one.take("host", str), one.within("port", 1, _PORT_MAX, 2775), _digits(one, "source"),
        _short(one, "system_id", SYSTEM_ID_MAX), _short(one, "password", PASSWORD_MAX), one.take("tls", bool, True),
        one.take("ca", str, ""),
    )  # fmt: skip
    one.done()
    return SmppDoor(server)


def _http(one: Section) -> HttpSmsDoor:
    secret, ca = _secret(one), one.take("ca", str, "")
    status = _place_of(one, "status", secret, ca) if one.has("status") else None
    door = HttpSmsDoor(_place_of(one, "url", secret, ca), one.one_of("body", Body, Body.JSON), status)
    one.done()
    return door


_SMS: dict[Sms, Callable[[Section], Door]] = {Sms.MODEM: _modem, Sms.SMPP: _smpp, Sms.HTTP: _http}


def _hook(one: Section) -> Place:
    place = _place_of(one, "url", _secret(one), one.take("ca", str, ""))
    one.done()
    return place


def _chat(one: Section) -> Chat:
    one.one_of("kind", Group)
    url: str = one.take("url", str)
    one.done()
    if not url.isprintable() or "://" not in url or len(url) > URL_MAX:
        raise ConfigFault(f"{one.name('url')}: {Text('应为 Apprise 的地址', 'must be an address of Apprise')}")
    return Chat(url)


def _secret(one: Section) -> str:
    secret: str = one.take("secret", str)
    if len(secret) < SECRET_MIN:
        raise ConfigFault(
            f"{one.name('secret')}: {Text(f'至少 {SECRET_MIN} 个字符', f'{SECRET_MIN} characters at least')}"
        )
    return secret


def _place_of(one: Section, key: str, secret: str, ca: str) -> Place:
    try:
        return place_of(one.take(key, str), secret, ca)
    except ValueError:
        said = Text("应为 https 地址，或本机的 http 地址", "must be an https URL, or an http URL of this machine")
        raise ConfigFault(f"{one.name(key)}: {said}") from None


def _short(one: Section, key: str, most: int) -> str:
    text: str = one.take(key, str)
    if not text.isascii() or not text.isprintable() or len(text) > most:
        raise ConfigFault(f"{one.name(key)}: {Text(f'至多 {most} 个 ASCII 字符', f'at most {most} ASCII characters')}")
    return text


def _digits(one: Section, key: str) -> str:
    text = _short(one, key, ADDRESS_MAX)
    if not text.removeprefix("+").isdecimal():
        raise ConfigFault(f"{one.name(key)}: {Text('应为号码', 'must be a number')}")
    return text
