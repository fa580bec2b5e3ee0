"""The peers of a --full campus: real SMTP and SMPP on loopback, and what they took lies where one can open it."""

import smtplib
import socket
import time
from contextlib import closing
from email import message_from_bytes
from pathlib import Path

import pytest

from cloud.emulators import mail_server
from cloud.emulators.mail_server import MailEmulator
from cloud.watch.notify.channels.smpp import SmppDoor, SmppServer
from cloud.watch.notify.channels.smtp import SmtpDoor, SmtpServer
from cloud.watch.notify.terms import Channel
from compose.campus.campus import peers
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from tests.cloud.watch.notify.test_smpp import message
from tests.patience import PATIENCE_S

MAIL = message("box away", "wang@school.example")._replace(channel=Channel.MAIL, subject="box away")


def until(holds) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_mails_lie_in_the_folder_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_server, "MAILS_MAX", 2)
    with MailEmulator(tmp_path) as server, smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE_S) as smtp:
        for n in range(4):
            smtp.sendmail("a@b", ["c@d"], f"Subject: {n}\r\n\r\n.dot\r\n")
        assert sorted(file.name for file in tmp_path.glob("*.eml")) == ["000003.eml", "000004.eml"]
        assert message_from_bytes((tmp_path / "000004.eml").read_bytes())["Subject"] == "3"
        assert b"\r\n.dot\r\n" in (tmp_path / "000004.eml").read_bytes()
        assert smtp.docmd("DATA")[0] == smtp.docmd("RCPT TO:<x>")[0] == 503
        assert smtp.docmd("EVIL")[0] == 502
    with MailEmulator(tmp_path) as server, smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE_S) as smtp:
        smtp.sendmail("a@b", ["c@d"], "Subject: after a restart\r\n\r\n")
    assert (tmp_path / "000005.eml").exists()


def test_a_mail_that_is_too_long_is_refused_and_a_caller_that_leaves_harms_nobody(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(mail_server, "MAIL_MAX", 100)
    with MailEmulator(tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as gone:
            gone.sendall(b"EHLO x\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\nhalf a mail")
        with smtplib.SMTP("127.0.0.1", server.port, timeout=PATIENCE_S) as smtp, pytest.raises(smtplib.SMTPDataError):
            smtp.sendmail("a@b", ["c@d"], "x" * 200)
    assert not [*tmp_path.glob("*.eml")]


@pytest.mark.process
def test_both_doors_reach_their_peers(tmp_path: Path) -> None:
    smtp, smsc, folder = free_port(), free_port(), tmp_path / "peers"
    with Standing(peers(folder, smtp, smsc), tmp_path):
        assert SmtpDoor(SmtpServer("127.0.0.1", smtp, "ykt@localhost", starttls=False)).send(MAIL)
        with closing(SmppDoor(SmppServer("127.0.0.1", smsc, "10690001", "ykt", "12345678", tls=False))) as door:
            door.send(message("box away"))
        until(lambda: (folder / "sms.txt").exists() and [*(folder / "mail").glob("*.eml")])
    assert (folder / "sms.txt").stat().st_mode & 0o777 == 0o600
