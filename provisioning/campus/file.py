"""A file that is to be, as a value. Writing it is the folder's work."""

from typing import NamedTuple


class File(NamedTuple):
    """Path below the data folder, and bytes. The repr shows no content."""

    path: str
    body: bytes

    def __repr__(self) -> str:
        return f"File({self.path}, {len(self.body)} bytes)"
