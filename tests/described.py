"""How pages that are written from descriptions say fields and their widths."""

from shared.records.widths import Fields

_BYTES = {"B": "1", "H": "2", "h": "2, signed", "I": "4", "?": "1"}


def said(fields: Fields) -> str:
    """Name and bytes of each."""
    return ", ".join(f"{name} {_BYTES.get(width) or width.rstrip('s')}" for name, width in fields)
