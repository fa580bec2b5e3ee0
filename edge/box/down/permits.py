"""Which terminals a box may bring a release of firmware: those whose permit names it, once they have it in use. Pure.

A terminal checks its permit itself; this spares a line what would be refused. Who else hears of a release (a broadcast)
is not meant.
"""

from collections.abc import Mapping
from contextlib import suppress

from edge.box.down.documents import Document, Name
from shared.errors import WireFault
from shared.fleet.document import DocumentKind, Head, device_scope
from shared.fleet.permit import decode_permit
from shared.ids import DeviceId


def permit_of(device: DeviceId) -> Name:
    """The document that says it."""
    return DocumentKind.PERMIT, device_scope(device)


def may_take(held: Mapping[Name, Document], device: DeviceId, firmware: Head, in_use: int) -> bool:
    """held: what counts here; in_use: the generation of its permit that this terminal says it uses, 0: none."""
    found = held.get(permit_of(device))
    if found is None or found.head.generation != in_use:
        return False
    with suppress(WireFault):
        return decode_permit(found.kept.body).is_for(firmware)
    return False
