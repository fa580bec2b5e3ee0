"""How long to wait before trying again: doubling from PAUSE_MIN_S, never above PAUSE_MAX_S, for as long as it takes."""

PAUSE_MIN_S, PAUSE_MAX_S = 0.05, 2.0


def pause_s(failures: int) -> float:
    """Wait before the next attempt after so many failures in a row."""
    return float(min(PAUSE_MIN_S * 2 ** min(failures, 8), PAUSE_MAX_S))
