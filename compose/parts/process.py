"""What the kernel says of a process that is not our child."""

from pathlib import Path


def lives(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not yet collected by its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def began(pid: int) -> int:
    """When it began, in the kernel's ticks: with its number this names it for good. 0 where there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return 0
