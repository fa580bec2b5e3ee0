"""The day that a provider's bill has something under. Pure."""

from cloud.payments.providers.reading import china_day
from shared.clocks.clock import DAY_S, day_number, parse_time

FIRST_S = 946_656_000
"""2000-01-01 in China: campus time begins."""


def day_of_payment(unix_s: int, now_s: int) -> int:
    """The day of China's time, which a bill goes by; of a time before campus time, or not come yet, today's.

    The money is there, or gone, whatever the provider's clock says.
    """
    return day_number(parse_time(china_day(unix_s if FIRST_S <= unix_s <= now_s + DAY_S else now_s)))
