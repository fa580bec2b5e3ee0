"""Have this campus's officers signed this archive? Asked by `openykt-box` before it unpacks one, of what runs now.

The campus is the one that `openykt-box` has kept since the box's first start, not what the box says of it now. When the
officers signed it does not matter here: whether they stand for it still, the box has judged when it took it.
"""

import json
from pathlib import Path

from shared.errors import ConfigFault, WireFault
from shared.fleet.box_release import read_archive, target_of
from shared.words.voice import Text

FILE_MAX = 1 << 20


def prove(archive: Path, officers: Path, campus: Path, number: int) -> str:
    """Empty, or why not. ConfigFault for files that are none; OSError."""
    from shared.keys import trust  # a box without releases needs none of it

    try:
        said = json.loads(campus.read_bytes())
        at, key = int(said["campus"]), bytes.fromhex(said["campus_key"])
    except (ValueError, KeyError, TypeError) as fault:
        raise ConfigFault(Text(f"{campus}: 不是校园说明", f"{campus}: says no campus")) from fault
    try:
        found = read_archive(archive.read_bytes())
        with officers.open("rb") as opened:
            signed = trust.officers_prove(trust.decode_officers(opened.read(FILE_MAX)), at, key)
    except WireFault as fault:
        return str(fault)
    is_it = signed.get(target_of(found.machine, number)) == (found.length, found.digest)
    return "" if is_it else f"the officers do not stand for {found.machine}:{number} with these bytes"
