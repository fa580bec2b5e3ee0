"""A folder of mails that one can open: what a campus has that has no mail server, as in the demonstration."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from cloud.process.whole_file import write_whole
from cloud.watch.notify.channels.door import Awaited, ChannelFault, Given, Heard
from cloud.watch.notify.queue import Message
from shared.words.refused import why_not


class FolderDoor:
    """Writes NUMBER.eml into a folder."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, message: Message) -> Given:
        """The file's name."""
        name = f"{message.number:06d}.eml"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._folder / name, mail_of(message, self._sender).as_bytes(policy=SMTP))
        except OSError as fault:
            raise ChannelFault(f"{name}: {why_not(fault)}") from fault
        return Given(name)

    def heard(self, awaited: Awaited = tuple) -> Heard:  # noqa: ARG002  # the protocol's
        """Nobody writes back into a folder."""
        return ()


def mail_of(message: Message, sender: str) -> EmailMessage:
    """The mail, by RFC 5322; ChannelFault for what cannot stand in a header."""
    mail = EmailMessage()
    try:
        mail["From"], mail["To"], mail["Subject"] = sender, message.address, message.subject
    except ValueError as fault:
        raise ChannelFault("not a header", for_good=True) from fault
    mail["Message-ID"] = f"<{message.number}.{message.made_ms}@openykt>"
    mail.set_content(message.text)
    return mail
