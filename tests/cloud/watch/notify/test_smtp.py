"""Mail against a real SMTP server on a loopback port: STARTTLS and AUTH, what is later and what is never."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography.hazmat.primitives import serialization

from cloud.watch.notify.channels import smtp
from cloud.watch.notify.channels.door import ChannelFault
from cloud.watch.notify.channels.smtp import SmtpDoor, SmtpServer
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import Channel, Why
from compose.servers.ports import free_port
from provisioning.certificates import authority
from tests.patience import PATIENCE_S

USER, PASSWORD = "ykt", "geheim-0123"
MESSAGE = Message(
    7, 1000, "王芳", Channel.MAIL, "wang@example.com", Why.CALL, (), "紧急 报警：网关失联", "第一食堂\n.\n处置"
)


class Post:
    """What the server's side does: keeps what it takes, answers RCPT and DATA as it is told."""

    def __init__(self) -> None:
        self.taken: list[Mail] = []
        self.rcpt = self.data = ""

    async def handle_RCPT(  # noqa: N802  # the server's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if not self.rcpt:
            envelope.rcpt_tos.append(address)
        return self.rcpt or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # as above
        if not self.data:
            self.taken.append(message_from_bytes(envelope.content, policy=default))
        return self.data or "250 OK"


def _let_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    is_known = isinstance(given, LoginPassword) and given == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_known, handled=False)


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, and a server's certificate and key by it."""
    folder = tmp_path_factory.mktemp("smtp")
    now = datetime.now(UTC)
    ca, key = authority.new_authority("test", now), authority.new_key()
    (folder / "ca.pem").write_bytes(authority.certificate_pem(ca))
    (folder / "server.pem").write_bytes(authority.issue_server(ca, key.public_key(), authority.LOCAL_NAMES, now))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(key.private_bytes(*form))
    return folder


@contextmanager
def serving(post: Post, **how: Any) -> Iterator[SmtpServer]:
    served = Controller(post, hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE_S, **how)
    served.start()
    try:
        yield SmtpServer("127.0.0.1", served.port, "ykt@example.com", starttls=False)
    finally:
        served.stop()


@contextmanager
def secured(post: Post, certified: Path) -> Iterator[SmtpServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certified / "server.pem", certified / "server.key")
    how = {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": _let_in}
    with serving(post, **how) as server:
        yield replace(server, starttls=True, user=USER, password=PASSWORD, ca=str(certified / "ca.pem"))


def test_a_mail_goes_over_tls_with_a_name_and_a_password(certified: Path) -> None:
    post = Post()
    with secured(post, certified) as server:
        assert SmtpDoor(server).send(MESSAGE).receipt == "250"
    (mail,) = post.taken
    assert (mail["To"], mail["From"], mail["Subject"]) == (MESSAGE.address, "ykt@example.com", MESSAGE.subject)
    assert mail["Message-ID"] == "<7.1000@openykt>"
    assert mail.get_payload(decode=True).decode().replace("\r\n", "\n").strip() == MESSAGE.text  # type: ignore[union-attr]


def test_a_wrong_password_is_later_and_not_told(certified: Path) -> None:
    post = Post()
    with secured(post, certified) as server, pytest.raises(ChannelFault) as told:
        SmtpDoor(replace(server, password="wrong-geheim")).send(MESSAGE)
    assert (told.value.for_good, told.value.for_all, str(told.value)[:3]) == (False, True, "535")
    assert "geheim" not in f"{told.value!r} {told.value.__cause__!r} {server!r}"
    assert post.taken == []


def test_a_server_of_another_authority_or_without_tls_gets_nothing(certified: Path) -> None:
    post = Post()
    with secured(post, certified) as server, pytest.raises(ChannelFault) as told:
        SmtpDoor(replace(server, ca="")).send(MESSAGE)
    assert told.value.for_all
    with serving(post) as server, pytest.raises(ChannelFault):
        SmtpDoor(replace(server, starttls=True)).send(MESSAGE)
    assert post.taken == []


@pytest.mark.parametrize(
    ("rcpt", "data", "for_good"),
    [
        ("451 later", "", False),
        ("550 no such mailbox", "", True),
        ("", "451 later", False),
        ("", "552 too much", False),
    ],
)
def test_what_is_refused_is_later_or_never(rcpt: str, data: str, for_good: bool) -> None:
    post = Post()
    post.rcpt, post.data = rcpt, data
    with serving(post) as server, pytest.raises(ChannelFault, match=rcpt or data) as told:
        SmtpDoor(server).send(MESSAGE)
    assert (told.value.for_good, told.value.for_all) == (for_good, False)
    assert post.taken == []


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@example.com", "a\nX: y", "a\rb"])
def test_no_subject_becomes_a_header(subject: str) -> None:
    post = Post()
    with serving(post) as server, pytest.raises(ChannelFault) as told:
        SmtpDoor(server).send(MESSAGE._replace(subject=subject))
    assert told.value.for_good
    assert post.taken == []


@pytest.mark.parametrize("to", ["a@example.com\r\nBcc: x@example.com", "a@example.com\nDATA"])
def test_no_address_becomes_a_command(to: str) -> None:
    post = Post()
    with serving(post) as server, pytest.raises(ChannelFault):
        SmtpDoor(server).send(MESSAGE._replace(address=to))
    assert post.taken == []


def test_a_server_that_says_nothing_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(ChannelFault) as told:
        SmtpDoor(SmtpServer("127.0.0.1", mute.getsockname()[1], "a@example.com", starttls=False)).send(MESSAGE)
    assert told.value.for_all
