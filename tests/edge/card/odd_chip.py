"""A chip between a terminal and a card: it changes answers, or says something of its own instead of asking the card."""

from dataclasses import dataclass, field

OK = b"\x90\x00"


@dataclass
class Odd:
    """A chip whose answers are changed on their way, by INS; and what it was sent."""

    chip: object
    changes: dict = field(default_factory=dict)
    heard: list = field(default_factory=list)

    def power_on(self):
        return self.chip.power_on()

    def transmit(self, apdu, /):
        self.heard.append(apdu[1])
        change = self.changes.get(apdu[1])
        if callable(change):
            return change(apdu, lambda: self.chip.transmit(apdu))
        return self.chip.transmit(apdu) if change is None else bytes.fromhex(change)


def after(word):
    """It does what it was told, and then answers this word alone."""

    def change(_apdu, do):
        do()
        return bytes.fromhex(word)

    return change


def cut_to(size):
    """It does what it was told; of its data only so many bytes come back, or more than there are."""
    return lambda _apdu, do: do()[:-2].ljust(size, b"\0")[:size] + OK
