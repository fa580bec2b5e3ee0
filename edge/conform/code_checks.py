"""Checks of offline codes of phones, at a terminal that takes documents of kind WALLETS. docs/protocol/codes.md. Pure.

The bench certifies a phone of its own under its own campus key, and says the digits for a person to show or to type.
"""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.conform.document_checks import Centre, begun, fetched, in_use, put_in_use
from edge.conform.report import Failed, Skipped
from edge.conform.stand import Heard, Stand, Steps
from edge.link.messages import Type
from shared.errors import WireFault
from shared.fleet.document import DocumentKind
from shared.fleet.wallets import Wallets, wallets_body
from shared.ids import CardId
from shared.keys.offline_code import Certificate, Code, Phone, Use, code_digits, sign_use
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.records import MAC_SIZE, CodeRecord, Kind, Stored, decode
from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text

_LABEL = b"openykt bench phone v1\0"
_LIMITS = Wallets(2, 30_00, 1000_00)
_OFF = Wallets(0, 0, 0)
_LIFE_S = 3600
_BACK_S = 60
"""The certificate began so long ago, for a terminal whose clock is behind."""
_KEY = slice(0, 4)
"""Of the label's digest, which makes the certificate's number: another one with each document."""
_CARD = CardId(b"\xfe\xfe" + bytes(7) + b"\x01")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a phone of the bench shows."""

    certificate: Certificate
    key: ec.EllipticCurvePrivateKey

    def code(self, use: Use) -> Code:
        """Signed."""
        return Code(self.certificate, use, sign_use(self.certificate.phone.number, use, self.key))


def once(stand: Stand) -> Steps[None]:
    """A genuine code is one record, which proves itself; shown again, forged, or where codes are off, it is none."""
    centre = yield from begun(stand, DocumentKind.WALLETS)
    if not stand.tap_s:
        raise Skipped(Text("没有人刷卡（--no-taps）", "nobody taps (--no-taps)"))
    generation = centre.generation + 1
    body = wallets_body(_LIMITS)
    found = yield from fetched(stand, centre, generation, body)
    if found.verdict is Verdict.UNSUPPORTED:
        raise Skipped(Text("终端不收脱机付款码", "it takes no offline codes"))
    in_use(found, generation, body)
    fault = yield from _found(_shown(stand, _phone(stand, centre, generation)))
    yield from put_in_use(stand, centre, generation + 1, wallets_body(_OFF))
    if fault is not None:
        raise fault


def _found(steps: Steps[None]) -> Steps[Failed | Skipped | None]:
    """What a part of a check ends in; what has to be put back is put back behind it."""
    try:
        yield from steps
    except (Failed, Skipped) as fault:
        return fault
    return None


def _shown(stand: Stand, phone: _Shown) -> Steps[None]:
    first = phone.code(Use(1, stand.now.campus_s, b"once"))
    heard = yield from _taken(stand, first, Text("请收 1 元，扫此付款码", "show this code, for 1 yuan"))
    if heard is None:
        raise Skipped(Text(f"{stand.tap_s:g} 秒内没有人扫码", f"no code was taken within {stand.tap_s:g} s"))
    _require_own(stand, heard, first)
    second = phone.code(Use(2, stand.now.campus_s, b"twic"))
    forged = second._replace(signature=first.signature)
    for code, why in ((first, Text("用过的码", "a code that was used")), (forged, Text("伪造的码", "a forged code"))):
        words = Text(f"再收 1 元，扫{why.zh}：终端应拒绝", f"show this code, {why.en}, to be refused")
        if (yield from _taken(stand, code, words)) is not None:
            raise Failed(Text(f"收了{why.zh}", f"it took {why.en}"))


def _phone(stand: Stand, centre: Centre, generation: int) -> _Shown:
    """Certified by the bench, under a number that this terminal has not seen."""
    seed = hashlib.sha256(_LABEL + stand.subject.campus_seed + generation.to_bytes(4, "big")).digest()
    key = ec.derive_private_key(int.from_bytes(seed, "big") >> 1 | 1, ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    number, from_s = int.from_bytes(seed[_KEY], "big") | 1, stand.now.campus_s - _BACK_S
    limits = from_s, from_s + _LIFE_S, _LIMITS.uses, _LIMITS.one_fen
    phone = Phone(stand.subject.campus, centre.key.version, number, _CARD, 0, public, *limits)
    return _Shown(centre.certified(phone), key)


def _taken(stand: Stand, code: Code, words: Text) -> Steps[Heard | None]:
    """Somebody shows it; the next record of a code, None: none came."""
    digits = code_digits(code)
    stand.said.append(Text(f"{words.zh}：{digits}", f"{words.en}: {digits}"))
    until_s, newest = stand.now.mono_s + stand.tap_s, stand.seen.get(stand.epoch, 0)
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.RECORD)
        if heard is None:
            return None
        if heard.seq > newest and heard.payload[1] == Kind.CODE:
            return heard


def _require_own(stand: Stand, heard: Heard, code: Code) -> None:
    """Its record says what was shown, and its MAC is right."""
    try:
        record = decode(heard.payload)
    except WireFault as fault:
        raise Failed(Text(f"记录无法解读：{fault}", f"a record that is none: {fault}")) from fault
    phone, use = code.certificate.phone, code.use
    wanted = phone.card, phone.number, *use, code.signature
    if not isinstance(record, CodeRecord) or wanted != (
        record.card, record.certificate, record.use, record.made_s, record.nonce, record.signature,
    ):  # fmt: skip
        raise Failed(Text("记录里不是所出示的码", "its record does not say what was shown"))
    subject, psam = stand.subject, stand.psam
    stored = Stored(subject.device, heard.epoch, psam, heard.payload).to_bytes()[:-MAC_SIZE]
    if record.mac != terminal_mac(subject.key, mac_input(stored)):
        raise Failed(Text("记录的 MAC 不对", "the MAC of its record is wrong"))
