"""The statement after a backup was put back: what came again, what cannot, what nobody can know yet.

Made from the books as they are now and from what the restore has written down; it can be made again at any time. It is
whole when every box has been heard since, has sent all that it keeps, and two persons have closed the list of what
cannot come again.
"""

from pathlib import Path

from cloud.commands.chains.backups.restoring import noted
from cloud.ledger.read.reader import Reader
from cloud.words.recovered import BoxSays, Statement


def statement(reader: Reader, data: Path) -> Statement:
    """Of the ledger of this data folder."""
    restored, view, counts = noted(data), reader.put_back(), reader.counts()
    again = {one.box: one for one in reader.again_by_box()}
    since_ms = restored.at_ms if restored else min((one.at_ms for one in view.found), default=0)
    boxes = [
        BoxSays(
            one.box, one.name, one.heard_ms > since_ms, one.state.unsettled if one.state else None, again.get(one.box)
        )
        for one in reader.boxes()
    ]  # fmt: skip
    return Statement(restored, tuple(boxes), view, tuple(reader.lacks()), counts.records)
