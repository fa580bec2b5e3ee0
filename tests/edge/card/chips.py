"""Chips for tests of what stands around a card: they answer from a table and keep what happened to them."""

from shared.purse.errors import CardLost

ATR = bytes.fromhex("3B8180018080")


class Scripted:
    """Answers by instruction byte, 6D00 else; `dies` is an instruction under which it loses its power."""

    def __init__(self, answers=None, dies=None):
        self.answers = answers or {}
        self.dies = dies
        self.said = []

    def power_on(self):
        self.said.append("on")
        return ATR

    def power_off(self):
        self.said.append("off")

    def transmit(self, apdu, /):
        self.said.append(apdu.hex())
        if apdu[1] == self.dies:
            raise CardLost("no power")
        return bytes.fromhex(self.answers.get(apdu[1], "6D00"))
