"""Settings of the cloud: DATA/cloud/cloud.json as provisioning writes it, and where the rest lies.

Refuses a missing, unknown or impossible key by its name, and what would lose records (`mqtt`), with the reason.
"""

from dataclasses import dataclass
from pathlib import Path

from shared.errors import ConfigFault
from shared.input.section import Section, from_json
from shared.input.web_address import web_address
from shared.words.refused import why_not
from shared.words.voice import Text

FOLDER = "cloud"
FILE = "cloud.json"
PEOPLE_FILE = "people.db"
"""DATA/cloud/people.db: holders, guardians and what they say; the wallet's accounts service alone serves it."""
DSN_FILE = "ledger.dsn"
"""DATA/cloud/ledger.dsn: where the ledger is when it is no SQLite file, for every command; 0600, one line."""
DSN_FOLDER_FILE = "ledger.folder"
"""Beside it: the data folder that it was written for, so that a copy does not lead to the original's database."""
WALLET_FILE, ACCOUNTS_FILE = "wallet.pem", f"{FOLDER}/accounts.pem"
OPEN_FILE = "open.pem"
"""The open platform's certificate, in its front's own folder."""
FORMAT = 1
_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: our authority, a certificate and its key."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class MqttChoice:
    """What a site may say about its broker sessions; anything but the default is refused where it is used."""

    version: int = 5
    share: str = ""
    """Group of a shared subscription."""


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """One campus. campus_key and ack_key are public halves, 32 bytes; ack_key_file holds the private one, PEM."""

    data: Path
    campus: int
    name: str
    demo: bool
    issuer: bytes
    campus_key: bytes
    ack_key: bytes
    ack_key_file: Path
    tls: TlsFiles
    console_certificate: Path
    console_key: Path
    mqtt: MqttChoice
    console_address: str = ""
    """Where people reach the console, without a slash at its end: messages link to it; empty: they have no link."""

    @property
    def certificates(self) -> tuple[tuple[str, Path], ...]:
        """Whose end is looked at, by their names; those of the fronts where there are any: in a front's own folder, or
        the copy that a school's server has of it here; that of the accounts service where it is its own."""
        named = (("cloud", self.tls.certificate), ("console", self.console_certificate), ("ca", self.tls.ca))
        wallet = (self.data / "front" / WALLET_FILE, self.data / FOLDER / WALLET_FILE)
        platform = (self.data / "open" / OPEN_FILE, self.data / FOLDER / OPEN_FILE)
        beside = (("wallet", wallet), ("accounts", (self.data / ACCOUNTS_FILE,)), ("open", platform))
        there = ((name, [file for file in files if file.exists()]) for name, files in beside)
        return (*named, *((name, files[0]) for name, files in there if files))

    @property
    def inventory(self) -> Path:
        """The signed inventory."""
        return self.data / "inventory.bin"

    def dsn(self, given: str | None) -> str:
        """The ledger's DSN: the one given, else what DSN_FILE says, else the SQLite file of this data folder.

        ConfigFault, which names the original, in a folder that is a copy of one whose ledger stands elsewhere.
        """
        if given:
            return given
        told = _text_of(self.data / FOLDER / DSN_FILE)
        if told:
            _require_own(self.data, told)
        return told or str(self.data / FOLDER / "ledger.db")

    def books(self, given: str | None) -> str:
        """As dsn(), for who works on a ledger that must be there: ConfigFault when it is a file that is not."""
        where = self.dsn(given)
        if "://" not in where and not Path(where).exists():
            raise ConfigFault(
                Text(
                    f"{where}: 没有账本，先执行 cloud import，或用 --dsn 指明",
                    f"{where}: there is no ledger: cloud import first, or name it with --dsn",
                )
            )
        return where


def _require_own(data: Path, dsn: str) -> None:
    other = _text_of(data / FOLDER / DSN_FOLDER_FILE)
    if not other or Path(other) == data.resolve() or _text_of(Path(other) / FOLDER / DSN_FILE) != dsn:
        return
    raise ConfigFault(
        Text(
            f"{data} 是 {other} 的副本，其 {DSN_FILE} 指向原目录的数据库；用 ./ykt verify，或用 --dsn 指明",
            f"{data} is a copy of {other}, whose database its {DSN_FILE} names: use ./ykt verify, or name the ledger "
            "with --dsn",
        )
    )


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as fault:
        raise ConfigFault(Text(f"{file}: 无法读取", f"{file}: cannot be read")) from fault


def load_settings(data: Path) -> CloudSettings:
    """The settings of the campus in `data`; ConfigFault naming what is wrong."""
    file = data / FOLDER / FILE
    try:
        raw = file.read_bytes()
    except OSError as fault:
        raise ConfigFault(
            Text(f"{file}: 无法读取：{why_not(fault).zh}", f"{file}: cannot be read: {why_not(fault).en}")
        ) from fault
    return _parse(Section(from_json(raw, str(file)), file=FILE), data)


def _parse(top: Section, data: Path) -> CloudSettings:
    if top.take("format", int) != FORMAT:
        raise ConfigFault(Text(f"{FILE}: format: 未知版本", f"{FILE}: format: unknown version"))
    folder = data / FOLDER
    tls, console = top.section("tls"), top.section("console")
    mqtt = top.optional_section("mqtt") or Section({}, "mqtt")
    settings = CloudSettings(
        data=data,
        campus=top.take("campus", int),
        name=top.take("name", str),
        demo=top.take("demo", bool),
        issuer=top.octets("issuer", 2),
        campus_key=top.octets("campus_key", _KEY_SIZE),
        ack_key=top.octets("ack_key", _KEY_SIZE),
        ack_key_file=folder / top.take("ack_key_file", str),
        tls=TlsFiles(*(folder / tls.take(name, str) for name in ("ca", "certificate", "key"))),
        console_certificate=folder / console.take("certificate", str),
        console_key=folder / console.take("key", str),
        console_address=web_address(console.take("address", str, ""), console.name("address")),
        mqtt=MqttChoice(mqtt.take("version", int, 5), mqtt.take("share", str, "")),
    )
    for section in (top, tls, console, mqtt):
        section.done()
    return settings
