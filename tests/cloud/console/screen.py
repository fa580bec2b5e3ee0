"""A console as a person sees it: who signs in to it, and how a browser is begun that keeps quiet on the network."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error, Page

PASSWORD = "a long enough password"
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--ignore-certificate-errors",  # in a shared worker, too, which a context's own word does not reach
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NO_WAY = ("ERR_ADDRESS_UNREACHABLE", "ERR_NETWORK_CHANGED")
"""What Chromium says, of its own host, too, where an interface of the machine comes or goes just then."""
TRIES = 3


@dataclass
class Console:
    """A console process over a made campus, its first sign-in link, and who vouches for it."""

    process: subprocess.Popen[str]
    address: str
    link: str
    ca: Path


def reach(page: Page, link: str) -> None:
    """Go there for the first time, with another try where nothing was asked of anybody for want of a way."""
    for left in reversed(range(TRIES)):
        try:
            page.goto(link)
        except Error as fault:
            if not left or not any(word in str(fault) for word in NO_WAY):
                raise
        else:
            return


def sign_in(page: Page, console: Console) -> None:
    reach(page, console.link)
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.click("button.main")
