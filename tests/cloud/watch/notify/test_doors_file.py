"""The file of ways out: what it opens, and what it says of a mistake, which is never a value."""

import re
from pathlib import Path

import pytest

from cloud.watch.notify.channels.folder import FolderDoor
from cloud.watch.notify.channels.http_sms import HttpSmsDoor
from cloud.watch.notify.channels.modem import ModemDoor
from cloud.watch.notify.channels.smpp import SmppDoor
from cloud.watch.notify.channels.smtp import SmtpDoor
from cloud.watch.notify.channels.webhook import WebhookDoor
from cloud.watch.notify.doors_file import FILE, read_doors, read_patience, read_places
from cloud.watch.notify.queue import Patience
from cloud.watch.notify.terms import Channel
from compose.place import ROOT
from shared.errors import ConfigFault

SECRET = "not-a-real-secret-0123"
MODEM = '[sms]\ndevice = "/dev/ttyUSB0"\n'
SMPP = '[sms]\nkind = "smpp"\nhost = "10.1.1.1"\nsource = "10690001"\nsystem_id = "ykt"\npassword = "geheim"\n'
HTTP = f'[sms]\nkind = "http"\nurl = "https://sms.example.com/send"\nsecret = "{SECRET}"\n'
HOOK = f'[webhook.ops]\nurl = "https://ops.example.com/a"\nsecret = "{SECRET}"\n'
MAIL = '[mail]\nhost = "smtp.example.com"\nsender = "a@example.com"\n'


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / FILE
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return folder


def test_without_a_file_mail_lies_in_a_folder_and_sms_waits(tmp_path: Path) -> None:
    (door,) = read_doors(tmp_path).values()
    assert isinstance(door, FolderDoor)


@pytest.mark.parametrize(
    ("text", "kind"),
    [(MODEM, ModemDoor), (MODEM + 'kind = "modem"\n', ModemDoor), (SMPP, SmppDoor), (HTTP, HttpSmsDoor)],
)
def test_sms_leaves_by_one_of_three(tmp_path: Path, text: str, kind: type) -> None:
    assert isinstance(read_doors(write(tmp_path, text))[Channel.SMS], kind)
    assert isinstance(read_doors(write(tmp_path, MAIL + text))[Channel.MAIL], SmtpDoor)


def test_webhooks_have_names(tmp_path: Path) -> None:
    text = HOOK + HOOK.replace("ops", "hall")
    assert isinstance(read_doors(write(tmp_path, text))[Channel.WEBHOOK], WebhookDoor)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMPP.replace('"smpp"', '"geheim"'), "sms.kind"),
        (SMPP.replace('"geheim"', '"geheim-geheim"'), "sms.password"),
        (SMPP.replace('"geheim"', '"\u5bc6\u5bc6"'), "sms.password"),
        (SMPP.replace('password = "geheim"', ""), "sms.password"),
        (SMPP.replace("10690001", "geheim"), "sms.source"),
        (SMPP + "port = 0\n", "sms.port"),
        (SMPP + 'device = "geheim"\n', "sms.device"),
        (HTTP.replace("https", "http"), "sms.url"),
        (HTTP.replace("https://", "https://geheim:geheim@"), "sms.url"),
        (HTTP.replace(SECRET, "geheim"), "sms.secret"),
        (HTTP + 'body = "geheim"\n', "sms.body"),
        (HOOK.replace("https", "ftp"), "webhook.ops.url"),
        (HOOK.replace(SECRET, "geheim"), "webhook.ops.secret"),
        (HOOK + "user = 1\n", "webhook.ops.user"),
        ('webhook = "geheim"\n', "webhook"),
        (HTTP + 'geheim = "', FILE),
    ],
)
def test_a_mistake_is_named_by_its_key_and_never_by_its_value(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigFault, match=f"^{said}: ") as told:
        read_doors(write(tmp_path, text))
    shown = f"{told.value} {told.value.__cause__ if said != FILE else ''}"
    assert not [one for one in ("geheim", SECRET) if one in shown]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigFault, match="0600"):
        read_doors(write(tmp_path, SMPP, mode))


def test_patience_is_the_schools(tmp_path: Path) -> None:
    assert read_patience(tmp_path) == Patience()
    folder = write(tmp_path, SMPP + '[patience]\nlongest = "2s"\ngiven_up = "30m"\n')
    assert read_patience(folder) == Patience(longest_ms=2000, given_up_ms=1_800_000)
    read_doors(folder)
    with pytest.raises(ConfigFault, match=r"^patience\.fallback: "):
        read_patience(write(tmp_path, '[patience]\nfallback = "soon"\n'))
    with pytest.raises(ConfigFault, match=r"^patience\.more: "):
        read_patience(write(tmp_path, "[patience]\nmore = 1\n"))


def test_the_page_is_a_file_that_is_read(tmp_path: Path) -> None:
    """All that docs/ways.md shows, together."""
    page = (ROOT / "docs" / "ways.md").read_text(encoding="utf-8").replace('"…"', f'"{SECRET[:8]}"')
    shown = "\n".join(re.findall(r"```toml\n(.*?)```", page, re.DOTALL))
    folder = write(tmp_path, shown.replace(f'alarms"\nsecret = "{SECRET[:8]}"', f'alarms"\nsecret = "{SECRET}"'))
    assert set(read_doors(folder)) == set(Channel)
    assert read_places(folder) == {"hook:ops", "chat:duty"}
    assert read_patience(folder) == Patience()
