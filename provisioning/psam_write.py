"""Purchase masters into a PSAM in the reader: 84D4 under its own control key, each with a fresh challenge. Sans-I/O.

Refuses a PSAM that is not the one named, and any status word but 9000: then nothing is known to have changed.
"""

from collections.abc import Mapping, Sequence

from provisioning.key_store import KeyKind, StoredKey
from provisioning.transport import PSAM_USAGE, key_field, write_key
from shared.errors import KeyFault
from shared.ids import PsamId
from shared.purse import commands
from shared.purse.apdu import CardChannel, ResponseApdu, Sw, sw_text
from shared.purse.commands import PSAM_APPLICATIONS
from shared.purse.crypto import Key

SFI_TERMINAL = 0x16


class PsamRefused(KeyFault):
    """Happens when a PSAM does not take what it is given. Never carries key material."""


def renew(
    psam: CardChannel, wanted: PsamId, control: Key, masters: Mapping[int, StoredKey], versions: Sequence[int]
) -> None:
    """Write these versions of the purchase master; a version that is there already is written again."""
    if _done(psam, commands.read_binary(SFI_TERMINAL, len(wanted))) != wanted:
        raise PsamRefused(f"读写器上不是 {wanted.hex()} / another PSAM is in the reader")
    _select_application(psam)
    for version in versions:
        master = masters[version]
        content = key_field(PSAM_USAGE[1], version, master.algorithm, master.for_use(KeyKind.PURCHASE))
        _done(psam, write_key(control, _done(psam, commands.get_challenge()), 0x00, 0x00, content))


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
        raise PsamRefused(f"{apdu[:4].hex().upper()}: {answer.sw:04X} {' / '.join(sw_text(answer.sw))}")
