"""A console as a person sees it: who signs in to it, and how a browser is begun that keeps quiet on the network."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

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


@dataclass
class Console:
    """A console process over a made campus, its first sign-in link, and who vouches for it."""

    process: subprocess.Popen[str]
    address: str
    link: str
    ca: Path


def sign_in(page: Page, console: Console) -> None:
    page.goto(console.link)
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.click("button.main")
