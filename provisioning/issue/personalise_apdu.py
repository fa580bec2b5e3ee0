"""A blank body becomes a card by commands alone, and is read back: CREATE FILE, WRITE KEY, line-protected updates.

The blank knows one key, the transport key 传输密钥. Whoever proves it creates the files and writes the card's own keys
under it (84D4, enciphered and MACed); the last command replaces it, so a body that still takes it is not finished.
Every application gets all its files, records of 0017 (counters, transit record), keys and purse; the subsidy's 补助 has
the main one's, its own name and last day. 0015 is written with byte 9 = 00: the card is refused everywhere until the
desk enables it 领卡激活. Command forms: pboc research, "Issuing"; order of files and keys: shared/purse/cos/layout.py.
Refuses any status word but 9000 (CardSpoiled).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from provisioning.issue.personalise import CAPP_RECORDS, LOAD_KEY_ID, may_unload, subsidy_public
from provisioning.issue.work import CardSpoiled, Condition
from provisioning.keys.levels import CARD_MASTERS, CardKeySet
from provisioning.keys.store import KeyKind
from provisioning.keys.transport import KEY_TYPES, write_key
from shared.purse import commands
from shared.purse.apdu import CardChannel, CommandApdu, ResponseApdu, Sw, sw_text
from shared.purse.commands import SFI_HOLDER, SFI_LOG, SFI_PUBLIC
from shared.purse.cos.images import purse_options
from shared.purse.cos.layout import FID_ADF, FID_SUBSIDY
from shared.purse.crypto import (
    TYPE_EP_LOAD,
    Key,
    encrypt_block,
    load_mac1,
    load_session_key,
    secure_messaging_mac,
)
from shared.purse.files import LOG_DEPTH, LOG_RECORD_SIZE, PUBLIC_SIZE, PublicData, encode_public
from shared.purse.profiles import SUBSIDY, CardProfile
from shared.words.voice import Text, in_both

FID_MF, FID_EP = 0x3F00, 0x0002
SFI_CARD = 0x05
ENABLED_OFFSET = 8
"""Place in file 0015 of the byte that says whether the application is in use."""
ENABLED, DISABLED = 0x01, 0x00
_FREE, _ISSUER, _NEVER, _PLAIN = 0xF0, 0xF2, 0xEF, 0xFF
_BINARY, _VARIABLE, _CYCLIC, _PURSE, _DIRECTORY, _KEY_FILE = 0xA8, 0xAC, 0x2E, 0x2F, 0x38, 0x3F
_KEY_SPACE = 24 * 32
_STATE_ISSUER, _TRIES = 0x02, 0x33
_ADD = 0x01
_EF = Struct(">BHBBBB")
_HEAD = Struct(">BHBB")
_PURSE_FORM = Struct(">BHBBBBBBB2sI")
_INIT_LOAD = Struct(">IHBB4s4s")
_WITH_VERSION = frozenset(
    (KeyKind.PURCHASE, KeyKind.LOAD, KeyKind.TAC, KeyKind.UNLOAD, KeyKind.OVERDRAFT, KeyKind.INTERNAL_AUTH)
)
_IDS = {KeyKind.PURCHASE: 1, KeyKind.LOAD: 1, KeyKind.UNLOAD: 1, KeyKind.OVERDRAFT: 1}
"""Key ids; the others are number 00 of their kind."""
_CHECK_TERMINAL = bytes(6)


class AppJob(NamedTuple):
    """What one application of a card has of its own. Keys, holder, records and ceiling it shares with the others."""

    fid: int
    profile: CardProfile
    public: PublicData

    @property
    def content_0015(self) -> bytes:
        """File 0015 as it is written: not enabled."""
        raw = bytearray(encode_public(self.profile.form, self.public))
        raw[ENABLED_OFFSET] = DISABLED
        return bytes(raw)


@dataclass(frozen=True, slots=True)
class CardJob:
    """Everything that goes onto one card. version: of its keys; card_public: file 0005 of the MF (40 B).

    subsidy_expiry: last day (BCD) of the subsidy purse 补助, empty: the card's; None: it gets no subsidy purse.
    """

    profile: CardProfile
    public: PublicData
    holder: bytes
    card_public: bytes
    version: int
    ceiling_fen: int
    keys: CardKeySet = field(repr=False)
    subsidy_expiry: bytes | None = None

    @property
    def applications(self) -> tuple[AppJob, ...]:
        """The main application, and the subsidy's."""
        main = AppJob(FID_ADF, self.profile, self.public)
        if self.subsidy_expiry is None:
            return (main,)
        return main, AppJob(FID_SUBSIDY, SUBSIDY, subsidy_public(self.public, self.subsidy_expiry))

    def key(self, kind: KeyKind) -> Key | None:
        """Its key of a kind, None where the school has no such master."""
        return self.keys[CARD_MASTERS.index(kind)]


def condition(card: CardChannel, transport: Key, job: CardJob) -> Condition:
    """What the body is worth for this job. CardLost."""
    if _is_written(card, job) and _proves(card, FID_MF, job.key(KeyKind.CONTROL)):
        return Condition.WHOLE
    if not _proves(card, FID_MF, transport):
        return Condition.HALF
    first_file = ResponseApdu.of_any(card.transmit(commands.read_binary(SFI_CARD, 1)))
    return Condition.BLANK if first_file.sw == Sw.FILE_NOT_FOUND else Condition.HALF


def write(card: CardChannel, transport: Key, job: CardJob) -> None:
    """Make the card: 47 commands, 36 more for a subsidy application. CardSpoiled, CardLost.

    The first that changes it creates file 0005; the last replaces the transport key.
    """
    if not _proves(card, FID_MF, transport):
        raise CardSpoiled(Text("传输密钥不对", "the transport key is wrong"))
    for step in _master_file(transport, job):
        _run(card, step)
    for app in job.applications:
        for step in _application(transport, job, app):
            _run(card, step)
    _done(card, commands.select_file(FID_MF))
    control = _needed(job, KeyKind.CONTROL)
    _run(card, _Keyed(transport, KEY_TYPES[KeyKind.CONTROL], 0, _key_content(KeyKind.CONTROL, job.version, control)))


def check(card: CardChannel, job: CardJob) -> None:
    """Read the card back: its files byte for byte, and its load, internal and control keys by what they make.

    Purchase and TAC keys show themselves only in a transaction; their writing was MACed like the others'.
    """
    for app in job.applications:
        _check_application(card, job, app)
    _expect(_proves(card, FID_MF, _needed(job, KeyKind.CONTROL)), Text("卡片主控密钥", "control key of the MF"))
    _expect(_done(card, commands.read_binary(SFI_CARD, len(job.card_public))) == job.card_public, "0005")


def protected(key: Key, challenge: bytes, header: bytes, content: bytes) -> bytes:
    """A command in the clear with its MAC: header CLA INS P1 P2, Lc counts the MAC."""
    head = header + bytes((len(content) + 4,)) + content
    return head + secure_messaging_mac(key, challenge, head)


def _check_application(card: CardChannel, job: CardJob, app: AppJob) -> None:
    _expect(_fci_public(card, app.profile.aid) == app.content_0015, "0015")
    _expect(_done(card, commands.read_binary(SFI_HOLDER, len(job.holder))) == job.holder, "0016")
    for number, record in enumerate(CAPP_RECORDS, 1):
        _expect(_done(card, commands.read_record(app.profile.capp_file, number)) == record, "0017")
    _expect(_done(card, commands.GET_BALANCE) == bytes(4), Text("余额", "balance"))
    _expect(_load_key_is_right(card, job), Text("圈存密钥", "load key"))
    internal = job.key(KeyKind.INTERNAL_AUTH)
    if internal is not None:
        asked = CommandApdu(0x00, 0x88, 0x00, 0x00, job.public.serial[-8:], 8).encode()
        _expect(
            _done(card, asked) == encrypt_block(internal, job.public.serial[-8:]), Text("内部认证密钥", "internal key")
        )
    _expect(_proves(card, None, _needed(job, KeyKind.CONTROL)), Text("应用主控密钥", "control key"))


# --- the steps -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Keyed:
    """84D4: adds a key, or replaces the control key, under the transport key."""

    transport: Key
    p1: int
    key_id: int
    content: bytes = field(repr=False)

    def apdu(self, challenge: bytes) -> bytes:
        return write_key(self.transport, challenge, self.p1, self.key_id, self.content)


@dataclass(frozen=True, slots=True)
class _Protected:
    """04D6 or 04E2 under the maintenance key."""

    key: Key
    header: bytes
    content: bytes

    def apdu(self, challenge: bytes) -> bytes:
        return protected(self.key, challenge, self.header, self.content)


_Step = bytes | _Keyed | _Protected


def _master_file(transport: Key, job: CardJob) -> Iterator[_Step]:
    yield _create(SFI_CARD, _EF.pack(_BINARY, len(job.card_public), _FREE, _FREE, 0xFF, _PLAIN))
    yield _added(transport, job, KeyKind.MAINTENANCE)
    yield _content(job, SFI_CARD, job.card_public)
    for app in job.applications:
        directory = _HEAD.pack(_DIRECTORY, 0, _ISSUER, _NEVER) + b"\x00\xff\xff" + app.profile.aid
        yield _create(app.fid, directory)


def _application(transport: Key, job: CardJob, app: AppJob) -> Iterator[_Step]:
    yield commands.select_file(app.fid)
    yield _create(0, _HEAD.pack(_KEY_FILE, _KEY_SPACE, 0x00, _ISSUER) + b"\xff\xff")
    for fid, size in ((SFI_PUBLIC, PUBLIC_SIZE), (SFI_HOLDER, len(job.holder))):
        yield _create(fid, _EF.pack(_BINARY, size, _FREE, _FREE, 0xFF, _PLAIN))
    yield _create(app.profile.capp_file, _EF.pack(_VARIABLE, sum(map(len, CAPP_RECORDS)), _FREE, _FREE, 0xFF, _PLAIN))
    yield _create(SFI_LOG, _EF.pack(_CYCLIC, LOG_DEPTH << 8 | LOG_RECORD_SIZE, _FREE, _NEVER, 0xFF, _PLAIN))
    yield _create(FID_EP, _purse(job, app.profile))
    for kind in CARD_MASTERS:
        if kind is not KeyKind.CONTROL and job.key(kind) is not None:
            yield _added(transport, job, kind)
    yield _content(job, SFI_PUBLIC, app.content_0015)
    yield _content(job, SFI_HOLDER, job.holder)
    for record in CAPP_RECORDS:
        append = bytes((0x04, 0xE2, 0x00, app.profile.capp_file << 3))
        yield _Protected(_needed(job, KeyKind.MAINTENANCE), append, record)
    yield _added(transport, job, KeyKind.CONTROL)


def _purse(job: CardJob, profile: CardProfile) -> bytes:
    options = purse_options(profile, ep_unload=may_unload(profile, job.keys.unload))
    return _PURSE_FORM.pack(
        _PURSE, 0x0208, _FREE, 0x00, 0xFF, SFI_LOG, SFI_LOG, 0, options, bytes(2), job.ceiling_fen
    )  # fmt: skip


def _create(fid: int, content: bytes) -> bytes:
    return CommandApdu(0x80, 0xE0, fid >> 8, fid & 0xFF, content).encode()


def _content(job: CardJob, sfi: int, content: bytes) -> _Protected:
    return _Protected(_needed(job, KeyKind.MAINTENANCE), bytes((0x04, 0xD6, 0x80 | sfi, 0x00)), content)


def _added(transport: Key, job: CardJob, kind: KeyKind) -> _Keyed:
    return _Keyed(transport, _ADD, _IDS.get(kind, 0), _key_content(kind, job.version, _needed(job, kind)))


def _key_content(kind: KeyKind, version: int, key: Key) -> bytes:
    attributes = (version, key.suite.selector) if kind in _WITH_VERSION else (_STATE_ISSUER, _TRIES)
    return bytes((KEY_TYPES[kind], _FREE, _FREE, *attributes)) + key.octets


def _needed(job: CardJob, kind: KeyKind) -> Key:
    key = job.key(kind)
    if key is None:
        raise CardSpoiled(Text(f"学校没有此主密钥：{kind}", f"the school has no such master: {kind}"))
    return key


# --- talking to the card -------------------------------------------------------------------------------------------


def _run(card: CardChannel, step: _Step) -> None:
    if isinstance(step, bytes):
        _done(card, step)
    else:
        _done(card, step.apdu(_done(card, commands.get_challenge())))


def _done(card: CardChannel, apdu: bytes) -> bytes:
    answer = ResponseApdu.of_any(card.transmit(apdu))
    if answer.sw != Sw.OK:
        why = sw_text(answer.sw)
        head = f"{apdu[:4].hex().upper()}: {answer.sw:04X}"
        raise CardSpoiled(Text(f"{head} {why.zh}", f"{head} {why.en}"))
    return answer.data


def _proves(card: CardChannel, fid: int | None, key: Key | None) -> bool:
    """Whether the directory (None: the current one) takes this control key."""
    if key is None:
        return False
    if fid is not None and ResponseApdu.of_any(card.transmit(commands.select_file(fid))).sw != Sw.OK:
        return False
    challenge = ResponseApdu.of_any(card.transmit(commands.get_challenge(8)))
    if challenge.sw != Sw.OK or len(challenge.data) != 8:
        return False
    proof = CommandApdu(0x00, 0x82, 0x00, 0x00, encrypt_block(key, challenge.data)).encode()
    return ResponseApdu.of_any(card.transmit(proof)).sw == Sw.OK


def _is_written(card: CardChannel, job: CardJob) -> bool:
    return all(_fci_public(card, app.profile.aid) == app.content_0015 for app in job.applications)


def _fci_public(card: CardChannel, aid: bytes) -> bytes | None:
    """File 0015 of the application, which is selected by that; None when it is not there."""
    if ResponseApdu.of_any(card.transmit(commands.select_name(aid))).sw != Sw.OK:
        return None
    answer = ResponseApdu.of_any(card.transmit(commands.read_binary(SFI_PUBLIC, PUBLIC_SIZE)))
    return answer.data if answer.sw == Sw.OK else None


def _load_key_is_right(card: CardChannel, job: CardJob) -> bool:
    answer = _done(card, commands.init_load(LOAD_KEY_ID, 0, _CHECK_TERMINAL))
    if len(answer) != _INIT_LOAD.size:
        return False
    balance, counter, version, _, rnd, mac1 = _INIT_LOAD.unpack(answer)
    session = load_session_key(job.keys.load, rnd, counter)
    return (balance, version) == (0, job.version) and mac1 == load_mac1(
        session, balance, 0, TYPE_EP_LOAD, _CHECK_TERMINAL
    )


def _expect(is_right: bool, what: str | Text) -> None:  # reads as a sentence where it is called
    if not is_right:
        of = in_both(what)
        raise CardSpoiled(Text(f"回读不符：{of.zh}", f"reads back otherwise: {of.en}"))
