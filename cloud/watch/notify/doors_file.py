"""DATA/cloud/channels.toml: by which ways messages leave, with their secrets; 0600, or it is refused.

Without the file, mails lie in DATA/cloud/mail, where one can open them, and SMS waits until a modem is named.
"""

import os
import tomllib
from pathlib import Path

from cloud.watch.notify.channels.door import Door
from cloud.watch.notify.channels.folder import FolderDoor
from cloud.watch.notify.channels.modem import ModemDoor
from cloud.watch.notify.channels.smtp import SmtpDoor, SmtpServer
from cloud.watch.notify.terms import Channel
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FILE = "channels.toml"
MAIL_FOLDER = "mail"
_SENDER = "openykt@localhost"
_OTHERS = 0o077
_PORT_MAX = 65_535
_BAUD_MAX = 1_000_000


def read_doors(folder: Path) -> dict[Channel, Door]:
    """The ways of the cloud's folder. ConfigFault: the file is wrong, or others may read it."""
    file = folder / FILE
    try:
        raw = tomllib.loads(_private(file).decode())
    except FileNotFoundError:
        raw = {}
    except ValueError as fault:  # a TOML fault repeats what it stumbled over, which may be a secret
        raise ConfigFault(Text(f"{FILE}: 不是 TOML", f"{FILE}: not TOML")) from fault
    top = Section(raw, file=FILE)
    mail, sms = top.optional_section("mail"), top.optional_section("sms")
    top.done()
    doors: dict[Channel, Door] = {Channel.MAIL: _smtp(mail) if mail else FolderDoor(folder / MAIL_FOLDER, _SENDER)}
    if sms is not None:
        doors[Channel.SMS] = _modem(sms)
    return doors


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


def _private(file: Path) -> bytes:
    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_mode & _OTHERS:
            raise ConfigFault(Text(f"{FILE}: 他人可读，须为 0600", f"{FILE}: others may read it, it must be 0600"))
        return opened.read()
