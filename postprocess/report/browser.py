"""Prints a page to PDF by a headless browser of the Chromium family."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..errors import ReaderError, RequestError
from ..text_file import replace_file

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Most seconds that printing may take; chosen: a page of a thousand runs prints in a few seconds.
LASTS = 120.0


def find_browser() -> str | None:
    """Return the name of an installed browser."""
    return next((name for name in BROWSERS if shutil.which(name)), None)


def browser_words(browser: str, profile: str) -> list[str]:
    """Return the words that start a browser without window, network and access to a profile."""
    # Chromium's sandbox does not work for root.  That is safe here: the page has no script and may
    # load nothing.
    return [browser, "--headless", "--disable-gpu", f"--user-data-dir={profile}", "--no-first-run",
            "--disable-extensions", "--disable-background-networking", "--disable-dev-shm-usage",
            *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def print_to_pdf(page: Path, pdf: Path) -> None:
    """Print an HTML file."""
    browser = find_browser()
    if browser is None:
        raise RequestError("--pdf needs a browser: install the package chromium, or print the page "
                           "from your browser")
    profile = tempfile.mkdtemp()
    # Not `pdf`, because an older file there would look like success.
    printed = Path(profile) / "page.pdf"
    words = [*browser_words(browser, profile), "--no-pdf-header-footer",
             f"--print-to-pdf={printed}", page.resolve().as_uri()]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=LASTS, check=False,
                              env={**os.environ, "TMPDIR": profile})
    except subprocess.TimeoutExpired:
        raise ReaderError(f"{pdf}: {browser} did not end within {LASTS:g} s") from None
    else:
        if done.returncode or not printed.is_file():
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise ReaderError(f"{pdf}: {browser} failed: {last[0]}")
        replace_file(pdf, printed.read_bytes())
    finally:
        shutil.rmtree(profile, ignore_errors=True)
