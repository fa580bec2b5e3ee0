"""place.json in a box's folder: where its broker and its enrolment door are, and by which code it came in."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from shared.errors import ConfigFault
from shared.input.section import Section, from_json
from shared.words.voice import Text

NAME = "place.json"


@dataclass(frozen=True, slots=True)
class Place:
    """HOST:PORT of both; code: the public part of the code."""

    broker: str
    server: str
    code: str

    def encode(self) -> bytes:
        """For its file."""
        return json.dumps(asdict(self)).encode() + b"\n"


def place_of(folder: Path) -> Place | None:
    """None: this box was not enrolled by a code. ConfigFault, OSError."""
    file = folder / NAME
    if not file.exists():
        return None
    row = Section(from_json(file.read_bytes(), str(file)), file=NAME)
    found = Place(row.take("broker", str), row.take("server", str), row.take("code", str))
    row.done()
    return found


def broker_of(folder: Path, said: str) -> str:
    """What was said on the command line, or what the box was told when it was enrolled. ConfigFault."""
    place = place_of(folder)
    if not said and place is None:
        raise ConfigFault(Text("--broker: 须给出", "--broker: is needed"))
    return said or (place.broker if place else "")
