"""Mail by SMTP (RFC 5321): STARTTLS and AUTH where the server is to have them. The password is in no fault."""

import smtplib
import ssl
from dataclasses import dataclass, field

from cloud.watch.notify.channels.door import Awaited, ChannelFault, Given, Heard
from cloud.watch.notify.channels.folder import mail_of
from cloud.watch.notify.queue import Message

ANSWER_S = 20.0
"""Longest that a server may take over one step."""
_GONE = range(500, 600)
_FOR_ALL = (smtplib.SMTPAuthenticationError, smtplib.SMTPConnectError, smtplib.SMTPHeloError)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. user empty: no AUTH. starttls: refuse to speak without."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    ca: str = ""
    """PEM file of a school's own authority; empty: the system's."""


class SmtpDoor:
    """A connection for each message: mails are few, and a server that went away is noticed at once."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def send(self, message: Message) -> Given:
        """What the server said last."""
        server = self._server
        mail = mail_of(message, server.sender)
        try:
            with smtplib.SMTP(server.host, server.port, timeout=ANSWER_S) as smtp:
                if server.starttls:
                    smtp.starttls(context=ssl.create_default_context(cafile=server.ca or None))
                if server.user:
                    smtp.login(server.user, server.password)
                smtp.send_message(mail)
        except smtplib.SMTPRecipientsRefused as fault:
            code, said = next(iter(fault.recipients.values()))
            raise ChannelFault(_words(code, said), for_good=code in _GONE) from fault
        except smtplib.SMTPResponseException as fault:
            raise ChannelFault(_words(fault.smtp_code, fault.smtp_error), for_all=isinstance(fault, _FOR_ALL)) from None
        except (OSError, smtplib.SMTPException) as fault:
            raise ChannelFault(type(fault).__name__, for_all=True) from fault
        return Given("250")

    def heard(self, awaited: Awaited = tuple) -> Heard:  # noqa: ARG002  # the protocol's
        """Mail that comes back is the postmaster's."""
        return ()


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {text}"[:200]
