"""Headless Chromium through chromedriver's HTTP interface; no library is needed."""

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

DRIVER, BROWSER = "chromedriver", "chromium"
MISSING = (
    "chromium and chromedriver are not installed; on Debian: "
    "apt-get install chromium chromium-driver"
)
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


def is_installed():
    return shutil.which(DRIVER) is not None and shutil.which(BROWSER) is not None


class Browser:
    """One session: pages, scripts, screenshots."""

    def __init__(self, address):
        self._address = address
        browser = {"args": ARGUMENTS, "binary": shutil.which(BROWSER)}
        wanted = {
            "alwaysMatch": {
                "goog:chromeOptions": browser,
                "goog:loggingPrefs": {"browser": "ALL"},
            }
        }
        found = self._call("POST", "/session", {"capabilities": wanted})
        self._session = f"/session/{found['sessionId']}"

    def _call(self, method, path, data=None):
        content = None if data is None else json.dumps(data).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(
            self._address + path, content, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def open(self, path):
        self._call("POST", self._session + "/url", {"url": path.as_uri()})

    def run(self, script, *arguments):
        """The value that a function body returns."""
        data = {"script": script, "args": list(arguments)}
        return self._call("POST", self._session + "/execute/sync", data)

    def wait(self, script, *arguments):
        """The value that a function body hands to its last argument, a callback."""
        data = {"script": script, "args": list(arguments)}
        return self._call("POST", self._session + "/execute/async", data)

    def command(self, name, **parameters):
        """A command of the Chrome DevTools protocol."""
        data = {"cmd": name, "params": parameters}
        return self._call("POST", self._session + "/goog/cdp/execute", data)

    def prefer(self, scheme):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def resize(self, width, height):
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def screenshot(self, path):
        path.write_bytes(
            base64.b64decode(self._call("GET", self._session + "/screenshot"))
        )

    def problems(self):
        """What the page's console complains of."""
        entries = self._call("POST", self._session + "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries]

    def close(self):
        self._call("DELETE", self._session)


@contextmanager
def open_browser(folder):
    """Start a driver on a free port, and stop both at the end."""
    log = folder / "driver.log"
    with log.open("wb") as output:
        driver = subprocess.Popen([DRIVER, "--port=0"], stdout=output, stderr=output)
    try:
        browser = Browser(f"http://127.0.0.1:{_port(log)}")
        try:
            yield browser
        finally:
            browser.close()
    finally:
        driver.terminate()
        driver.wait(20)


def _port(log):
    for _ in range(200):
        found = re.search(r"successfully on port (\d+)", log.read_text("utf-8"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise RuntimeError(f"chromedriver gave no port: {log.read_text('utf-8')}")
