"""Purchase masters into a PSAM in the reader: 84D4 under its own control key, each with a fresh challenge. Sans-I/O.

New versions first, then retired ones are taken out: their place gets random bytes under no use, and a COS that drops
what has no use drops them. Refuses a PSAM that is not the one named, and any status word but 9000: then nothing is
known to have changed, and all of it may be done again.
"""

from collections.abc import Callable, Collection, Iterable

from provisioning.keeper.keeper import CardKeyName, Keeper
from provisioning.keys.levels import MASTER_SIZE
from provisioning.keys.store import KeyKind, KeyStore, StoredKey
from provisioning.keys.transport import PSAM_NO_USE, PSAM_USAGE, key_field
from shared.errors import ConfigFault, KeyFault
from shared.ids import PsamId
from shared.purse import commands
from shared.purse.apdu import CardChannel, ResponseApdu, Sw, sw_text
from shared.purse.commands import PSAM_APPLICATIONS
from shared.purse.suite import TRIPLE_DES
from shared.words.voice import Text

SFI_TERMINAL = 0x16
CONTROL_VERSION = 1
"""Of the PSAM control master; it is not rotated."""
_HEAD = bytes((0x84, 0xD4, 0x00, 0x00))
_MAC = 4
_ID_SIZE = 6


class PsamRefused(KeyFault):
    """Happens when a PSAM does not take what it is given. Never carries key material."""


def control_name(psam: PsamId) -> CardKeyName:
    """A PSAM's own control key: diversified by its 6-byte id, right-justified."""
    return CardKeyName(KeyKind.PSAM_CONTROL, CONTROL_VERSION, psam.rjust(8, b"\0"))


def require_masters(have: Collection[int], versions: Iterable[int]) -> None:
    """ConfigFault for a version that a PSAM must hold and does not: in a token it does not come out."""
    lacking = [version for version in versions if version not in have]
    if lacking:
        which = ", ".join(map(str, lacking))
        raise ConfigFault(
            Text(
                f"版本 {which} 的消费主密钥在密码设备里，出不来：PSAM 须在移入之前写",
                f"purchase masters of version {which} are in a token and do not come out: write PSAMs before the move",
            )
        )


def with_versions(school: KeyStore, versions: Collection[int]) -> KeyStore:
    """The store with these versions of the purchase master alone: what a PSAM is made of."""
    keys = tuple(key for key in school.keys if key.kind is not KeyKind.PURCHASE or key.version in versions)
    return KeyStore(school.level, school.campus, keys)


def renew(
    psam: CardChannel,
    wanted: PsamId,
    keeper: Keeper,
    masters: Iterable[StoredKey],
    gone: Iterable[int],
    random: Callable[[int], bytes],
) -> None:
    """Write these purchase masters (one that is there already again), and take the versions `gone` out.

    keeper: has the PSAM control master, in the store or in a token. Idempotent.
    """
    if told_id(psam) != wanted:
        raise PsamRefused(Text(f"读写器上不是 {wanted.hex()}", f"another PSAM than {wanted.hex()} is in the reader"))
    _select_application(psam)
    fields = [
        key_field(PSAM_USAGE[1], one.version, one.algorithm, one.for_use(KeyKind.PURCHASE)) for one in masters
    ] + [key_field(PSAM_NO_USE, version, TRIPLE_DES.selector, random(MASTER_SIZE)) for version in gone]
    for field in fields:
        _done(psam, _write(keeper, control_name(wanted), _done(psam, commands.get_challenge()), field))


def told_id(psam: CardChannel) -> PsamId:
    """What its file 0016 says. PsamRefused, CardLost."""
    raw = _done(psam, commands.read_binary(SFI_TERMINAL, _ID_SIZE))
    if len(raw) != _ID_SIZE:
        raise PsamRefused(Text("不是 PSAM", "this is no PSAM"))
    return PsamId(raw)


def _write(keeper: Keeper, control: CardKeyName, challenge: bytes, field: bytes) -> bytes:
    """84D4, as transport.write_key, under a key that a keeper has."""
    hidden = keeper.protect_field(control, field)
    command = _HEAD + bytes((len(hidden) + _MAC,)) + hidden
    return command + keeper.protect_mac(control, challenge, command)


def _select_application(psam: CardChannel) -> None:
    """Where its purchase masters stand; PsamRefused when it is at none of the places."""
    for fid in PSAM_APPLICATIONS:
        answer = ResponseApdu.of_any(psam.transmit(commands.select_file(fid)))
        if answer.sw != Sw.FILE_NOT_FOUND:
            break
    _need_ok(commands.select_file(fid), answer)


def _done(psam: CardChannel, apdu: bytes) -> bytes:
    answer = ResponseApdu.of_any(psam.transmit(apdu))
    _need_ok(apdu, answer)
    return answer.data


def _need_ok(apdu: bytes, answer: ResponseApdu) -> None:
    if answer.sw != Sw.OK:
        why = sw_text(answer.sw)
        head = f"{apdu[:4].hex().upper()}: {answer.sw:04X}"
        raise PsamRefused(Text(f"{head} {why.zh}", f"{head} {why.en}"))
