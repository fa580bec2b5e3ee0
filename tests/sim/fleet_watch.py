"""What the laws of the way down hear of a terminal: what it says, begins and tries, and why it does not sell."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from edge.link.messages import Type
from edge.terminal.down.orders import Answer
from edge.terminal.firmware.firmware import Firmware
from edge.terminal.taps.display import Bar
from shared.fleet.firmware import Image
from shared.fleet.order import Deed
from tests.sim.disk import PowerCut
from tests.sim.fleet_law import FleetLaw
from tests.sim.papers import SimPapers

if TYPE_CHECKING:
    from tests.sim.terminal_part import TerminalPart

DEADLY = b"# takes the body down with it\n"
"""A program that begins with this ends its self-test in a power cut, as one that hangs ends in the watchdog's."""


def watch(part: "TerminalPart", firmware: Firmware, law: FleetLaw, papers: SimPapers) -> None:
    """A terminal is about to boot."""
    law.papers[part.name] = papers
    _watch_words(part, firmware, law, papers)
    _watch_orders(part, firmware, law)
    _watch_trials(part, firmware, law)


def look_at(part: "TerminalPart", firmware: Firmware, law: FleetLaw) -> None:
    """After each of its inputs: is it only its age that keeps it from selling?"""
    is_stopped = firmware.bar is Bar.CATCHING_UP
    law.catching_up(part.name, is_stopped=is_stopped)


def _watch_words(part: "TerminalPart", firmware: Firmware, law: FleetLaw, papers: SimPapers) -> None:
    seal = firmware.line._seal

    def sealed(kind: Type, payload: bytes, index: int) -> None:
        law.told(part.name, part.device, kind, payload, papers)
        seal(kind, payload, index)

    firmware.line._seal = sealed  # type: ignore[method-assign]


def _watch_orders(part: "TerminalPart", firmware: Firmware, law: FleetLaw) -> None:
    act = firmware._deeds._act

    def acted(deed: Deed) -> Answer | None:
        law.began(part.name, firmware.body.documents.order_held)
        return act(deed)

    firmware._deeds._act = acted  # type: ignore[method-assign]


def _watch_trials(part: "TerminalPart", firmware: Firmware, law: FleetLaw) -> None:
    documents = firmware.body.documents
    really = documents.try_firmware

    def tried(has_passed: Callable[[Image], bool], last_seq: int) -> None:
        def passed(image: Image) -> bool:
            law.tries(part.name, image.release)
            if image.program.startswith(DEADLY):
                raise PowerCut
            return has_passed(image)

        really(passed, last_seq)

    documents.try_firmware = tried  # type: ignore[method-assign]
