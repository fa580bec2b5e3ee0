"""`cloud code`: a payment code 付款码 of a card, as its holder's phone would show it.

Demonstrations only: whoever reads a code can spend with it, and a school's codes are given to their holders alone.
"""

import json
import secrets
import sys
from contextlib import closing
from pathlib import Path

from cloud.commands.imports import read_inventory
from cloud.commands.opening import wall_now
from cloud.ledger.journal.opened import open_prepared
from cloud.payments.codes.door import CodeDoor
from cloud.payments.views import code_view
from cloud.process.settings import load_settings
from shared.errors import ConfigFault
from shared.words.voice import Text


def show_code(data: Path, dsn: str | None, label: str, *, as_json: bool) -> int:
    """Print a new one. ConfigFault for an unknown card, or on the books of a real campus."""
    settings = load_settings(data)
    card = next((row.card for row in read_inventory(settings).cards if row.label == label), None)
    if card is None:
        raise ConfigFault(Text(f"清单中没有卡 {label}", f"no card {label} in the inventory"))
    with closing(open_prepared(settings.books(dsn))) as opened:
        if not opened.picture.registry.demo:
            raise ConfigFault(Text("只限演示：付款码只给持卡人", "demonstrations only: codes are for their holders"))
        code = CodeDoor(opened, secrets.token_bytes).new(card, wall_now())
    sys.stdout.write(json.dumps(code_view(code)) + "\n" if as_json else f"{code.code}\n")
    return 0
