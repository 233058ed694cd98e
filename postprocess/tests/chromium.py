"""A headless Chromium that a test drives over a pipe (the DevTools protocol)."""
from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from postprocess.report.browser import browser_words, find_browser

ANSWERS = 90.0  # seconds; chosen: Chromium starts in about ten on a busy machine


class Chromium:
    """A page of a browser; use as a context."""

    def __enter__(self) -> Chromium:
        self.profile = tempfile.mkdtemp()
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        words = browser_words(find_browser(), self.profile)
        # The protocol's ends are the descriptors 3 (in) and 4 (out) of the browser.
        shell = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        self.child = subprocess.Popen(
            ["bash", "-c", shell, "bash", words[0], "--remote-debugging-pipe", *words[1:]],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(to_browser, from_browser), env={**os.environ, "TMPDIR": self.profile})
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.number, self.session = b"", 0, None
        self.events: list[dict] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *_) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method: str, **parameters) -> dict:
        """Send a command and return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "result" in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _next(self) -> dict:
        end = time.monotonic() + ANSWERS
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_end], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self.read_end, 1 << 20)
            assert piece, "the browser has ended"
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def open(self, page: Path, width: int, height: int, media: str = "screen") -> None:
        """Show a file in a window of this size, as on a screen or in print."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia", media=media)
        self.ask("Page.navigate", url=page.resolve().as_uri())
        end = time.monotonic() + ANSWERS
        loaded = "document.readyState == 'complete' && location.protocol == 'file:'"
        while not self.value(loaded):
            assert time.monotonic() < end, "the page does not load"
            time.sleep(0.05)

    def value(self, expression: str):
        """Evaluate an expression in the page."""
        return self.ask("Runtime.evaluate", expression=expression,
                        returnByValue=True)["result"].get("value")

    def picture(self, path: Path) -> None:
        """Write a picture of the whole page."""
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))
