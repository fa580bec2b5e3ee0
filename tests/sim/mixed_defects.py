"""A planted defect of mixed payments."""

from tests.sim.terminal_part import TerminalPart


class KeepsAHalf(TerminalPart):
    """A terminal that does not give the first of a torn pair back: the merchant keeps it."""

    def _boot(self, *, clock_set: bool) -> None:
        super()._boot(clock_set=clock_set)
        if self.firmware is not None:
            self.firmware.body.voids.pay_back = lambda now: []  # type: ignore[method-assign]  # the defect
