"""Debian's Chromium without a window, spoken to over a pipe in its DevTools protocol; for the page's tests and bench.

Protocol: https://chromedevtools.github.io/devtools-protocol/. With --remote-debugging-pipe messages are JSON,
each ended by a zero byte, read from descriptor 3 and written to 4: no port, no library.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

_TIMEOUT = 60.0
_DOMAINS = ("Page", "Network", "Log", "Runtime", "Audits")
_SWITCHES = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-extensions", "--hide-scrollbars", "--lang=en-US",
)  # fmt: skip
_CODES = {"Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
          "ArrowDown": 40, "Tab": 9, " ": 32}  # fmt: skip


def find() -> str | None:
    """Return the path of Chromium, or None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """A running browser; a context manager."""

    def __init__(self, command: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="secrets-guard-chromium-")
        ours, theirs = os.pipe(), os.pipe()
        # High numbers, so that moving them to 3 and 4 overwrites neither.
        given = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in (ours[0], theirs[1])]
        # Root has no use for a sandbox, and a container often none to give.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{given[0]} 4>&{given[1]}', "bash", command, *_SWITCHES, *sandbox,
             f"--user-data-dir={self._folder}", "about:blank"],
            pass_fds=given, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for one in (*given, ours[0], theirs[1]):
            os.close(one)
        self._write, self._read = ours[1], theirs[0]
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Chromium:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the browser and remove what it wrote."""
        try:
            self.call("Browser.close")
            self._process.wait(10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Return the answer to one command. Raises RuntimeError for a refusal, or none within a minute."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        wanted = self._last
        deadline = time.monotonic() + _TIMEOUT
        while True:
            answer = self.message(deadline)
            if answer.get("id") == wanted:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def message(self, deadline: float) -> dict[str, Any]:
        """Return the next message; one that answers nothing is kept among the events."""
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise RuntimeError("Chromium does not answer")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise RuntimeError("Chromium is gone")
            self._buffer += piece
        one, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(one)
        if "method" in message:
            self.events.append(message)
        return message

    def page(self) -> Page:
        """Return a new, empty page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        return Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])


class Page:
    """One page of a browser."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session
        for domain in _DOMAINS:
            self.call(f"{domain}.enable")
        self.shape(1280, 900)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to a command about this page."""
        return self._browser.call(method, self._session, **parameters)

    def shape(self, width: int, height: int) -> None:
        """Give the window a size in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, *, dark: bool = False, printed: bool = False) -> None:
        """Choose the colour scheme, and paper instead of a screen."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="print" if printed else "", features=[scheme])

    def open(self, path: Path) -> float:
        """Load a file and return how many seconds passed until it could be seen and used (load event, two frames)."""
        mine = self._browser.events
        mine[:] = [one for one in mine if one.get("sessionId") != self._session]
        began = time.monotonic()
        self.call("Page.navigate", url=path.as_uri())
        while not self.events("Page.loadEventFired"):
            self._browser.message(began + _TIMEOUT)
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.monotonic() - began

    def events(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all events of this name since the page was opened."""
        mine = [one for one in self._browser.events if one.get("sessionId") == self._session]
        return [one["params"] for one in mine if one["method"] == method]

    def evaluate(self, script: str) -> Any:
        """Return the JSON value of a JavaScript expression; a promise is awaited. Raises RuntimeError if it throws."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, by the names that KeyboardEvent.key has for them."""
        for key in keys:
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            code = _CODES.get(key, ord(key[0].upper()))
            told = {"key": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **told)
            self.call("Input.dispatchKeyEvent", type="keyUp", **told)

    def screenshot(self, path: Path) -> None:
        """Write what the window shows as PNG."""
        from base64 import b64decode

        path.write_bytes(b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
