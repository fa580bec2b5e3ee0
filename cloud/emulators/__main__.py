"""`python -m cloud.emulators`: a mail server and an SMS gateway on loopback, for a demonstration with real protocols.

Mails lie in FOLDER/mail, texts stand in FOLDER/sms.txt, a line each, at most SMS_BYTES and as much of before; nothing
leaves this machine. `READY peers` when both listen; they end when standard input closes. With `wechat`, `alipay` or
`bank` first, it is that payment provider (providers/command.py).
"""

import os
import sys
import time
from pathlib import Path
from threading import Event, Thread

from cloud.emulators.mail_server import MailEmulator
from cloud.emulators.providers import command
from cloud.emulators.smsc import SmscEmulator, Taken
from cloud.process.life import say
from cloud.process.private import keep_private
from shared.input.command_line import Parser
from shared.words.voice import Text, speak, wanted

LOOK_S = 0.2
SMS_BYTES = 1 << 20


def main(arguments: list[str]) -> int:
    """Serve until standard input closes."""
    if arguments and arguments[0] in command.NAMES:
        return command.main(arguments)
    parser = Parser(prog="python -m cloud.emulators", description=Text("邮件与短信的对端", "peers for mail and SMS"))
    parser.add_argument("--smtp", type=int, required=True, metavar="PORT", help=Text("邮件端口", "port for mail"))
    parser.add_argument("--smsc", type=int, required=True, metavar="PORT", help=Text("短信端口", "port for SMS"))
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help=Text("收到的放在哪", "where it lies"))
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    given = parser.parse_args(arguments)
    stop = Event()
    with MailEmulator(given.folder / "mail", given.smtp), SmscEmulator(given.smsc) as smsc:
        Thread(target=_attend, args=(stop,), daemon=True).start()
        say("READY peers")
        while not stop.wait(LOOK_S):
            _keep(given.folder / "sms.txt", smsc)
        _keep(given.folder / "sms.txt", smsc)
    return 0


def _attend(stop: Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


def _keep(file: Path, smsc: SmscEmulator) -> None:
    while smsc.sent:
        if file.exists() and file.stat().st_size > SMS_BYTES:
            file.replace(file.with_name(f"{file.name}.1"))
        with file.open("a", encoding="utf-8") as out:
            out.write(_line(smsc.sent.pop(0)))
    smsc.binds.clear()


def _line(taken: Taken) -> str:
    part = f" ({taken.part[2]}/{taken.part[1]})" if taken.part else ""
    return f"{time.strftime('%F %T')} {taken.number}{part}: {taken.text!r}\n"


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    sys.exit(main(sys.argv[1:]))
