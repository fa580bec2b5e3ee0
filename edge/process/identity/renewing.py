"""A certificate renewed by itself: from the half of its life on, each box at its own moment, the ended one too.

The new one is put beside the old one (`box.pem.next`), durable; the next connection is tried with it, and only one that
was let in takes the old one's place, by a rename. One that is refused stays beside and is tried every other time, so
that neither a wrong new one nor an ended old one keeps the box out. The key stays: it was made here, and a new one
comes with a new enrolment.
"""

import hashlib
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edge.files.disk import sync_folder
from edge.process.identity.install import replace_synced
from edge.process.identity.own import is_of, look_at, open_key, request_of
from edge.settings import TlsSetting
from shared.errors import LinkFault, StoreFault, WireFault
from shared.wire.enrol.messages import PATH_RENEW, RenewAsk, State
from shared.words.voice import Text

if TYPE_CHECKING:
    from edge.process.identity.asking import DoorSetting

log = logging.getLogger(__name__)

NEXT = ".next"
JITTER = 0.1
"""Of its life: boxes that were enrolled on one day do not ask on one day."""
LOOK_S = 3600.0
"""So often it is looked whether it is time; an ask that failed is said again then."""


def next_of(certificate: Path) -> Path:
    """Where the new one waits."""
    return certificate.with_name(certificate.name + NEXT)


def is_due(pem: bytes, now_s: float) -> bool:
    """From half of its life on, and up to a tenth of it later. WireFault."""
    one = look_at(pem)
    share = hashlib.sha256(pem).digest()[0] / 255 * JITTER
    return now_s >= one.begins_s + (one.ends_s - one.begins_s) * (0.5 + share)


def has_ended(pem: bytes, now_s: float) -> bool:
    """Then nobody lets it in. WireFault."""
    return now_s >= look_at(pem).ends_s


def renew(tls: TlsSetting, door: "DoorSetting", now_s: float) -> bool:
    """Ask where it is due; True: a new one waits beside. Blocking, bounded; what fails is said again later."""
    try:
        return _renewed(tls, door, now_s)
    except (LinkFault, WireFault, StoreFault, OSError) as fault:
        log.warning("%s", Text(f"证书未续成：{fault}", f"the certificate was not renewed: {fault}"))
        return False


def _renewed(tls: TlsSetting, door: "DoorSetting", now_s: float) -> bool:
    from edge.process.identity.asking import ask  # HTTP: a MiB that a box seldom needs

    old = tls.certificate.read_bytes()
    if not is_due(old, now_s) or next_of(tls.certificate).exists():
        return False
    key = open_key(tls.key.read_bytes())
    answer = ask(door, PATH_RENEW, RenewAsk(old, request_of(key, look_at(old).name)).encode())
    if answer.state is not State.GRANTED:
        raise LinkFault(Text(f"平台拒绝续期：{answer.why}", f"the platform refused: {answer.why}"))
    if not is_of(answer.body, key) or look_at(answer.body).name != look_at(old).name:
        raise WireFault(Text("回来的证书不是本机的", "the certificate that came is not this box's"))
    if answer.body == old:
        return False
    replace_synced(next_of(tls.certificate), answer.body)
    return True


def promote(certificate: Path) -> None:
    """The new one was let in: it takes the old one's place."""
    next_of(certificate).rename(certificate)
    sync_folder(certificate.parent)


def forget_refused(certificate: Path) -> None:
    """A new one that the broker has refused and the old one is let in: ask for another one, at the next look."""
    with suppress(FileNotFoundError):
        next_of(certificate).unlink()
