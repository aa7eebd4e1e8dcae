"""Drives Chromium over its DevTools protocol, and tells what pages saw, as JSON.

Usage: browse.py PROFILE URL...

Each page is opened in the same window, one after the other. It tells by `window.told`, a promise;
beside that stand the status codes that came over the wire for it. A URL given twice in a row is a
reload.
"""

import asyncio
import collections
import json
import pathlib
import subprocess
import sys
import urllib.parse

from websockets.asyncio.client import connect

FLAGS = [
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--mute-audio",
    "--no-first-run",
    # We may be root, and the pages are our own.
    "--no-sandbox",
    "--remote-debugging-port=0",
]
# Shorter than whoever starts us waits: Chromium must end before us.
PATIENCE = 30


class Page:
    """A window, by one DevTools connection."""

    def __init__(self, devtools):
        self.devtools, self.count, self.answers = devtools, 0, {}
        self.loaded, self.paths, self.statuses = asyncio.Event(), {}, []
        self.due = collections.Counter()

    async def listen(self):
        async for message in self.devtools:
            event = json.loads(message)
            if "id" in event:
                self.answers.pop(event["id"]).set_result(event)
            else:
                self.hear(event["method"], event["params"])

    def hear(self, method, params):
        if method == "Page.loadEventFired":
            self.loaded.set()
        elif method == "Network.requestWillBeSent":
            url = urllib.parse.urlsplit(params["request"]["url"])
            self.paths[params["requestId"]] = url.path
            self.due[params["requestId"]] += params["redirectHasExtraInfo"]
        elif method == "Network.responseReceived":
            self.due[params["requestId"]] += params["hasExtraInfo"]
        elif method == "Network.responseReceivedExtraInfo":
            # What came over the wire: a 304 is a 200 to the page.
            self.statuses.append((params["requestId"], params["statusCode"]))

    async def all_statuses(self):
        """They come from another process than what the page tells, and may be later."""
        while self.due - collections.Counter(id for id, _ in self.statuses):
            await asyncio.sleep(0.01)

    async def call(self, method, **params):
        self.count += 1
        answer = self.answers[self.count] = asyncio.get_running_loop().create_future()
        call = {"id": self.count, "method": method, "params": params}
        await self.devtools.send(json.dumps(call))
        answer = await asyncio.wait_for(answer, PATIENCE)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    async def open(self, url, again):
        self.loaded.clear()
        self.paths.clear()
        self.statuses.clear()
        self.due.clear()
        await (self.call("Page.reload") if again else self.call("Page.navigate", url=url))
        await asyncio.wait_for(self.loaded.wait(), PATIENCE)
        told = await self.call(
            "Runtime.evaluate", expression="told", awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in told:
            told = "failed: " + json.dumps(told["exceptionDetails"])
        else:
            told = told["result"]["value"]
        await asyncio.wait_for(self.all_statuses(), PATIENCE)
        # How often a video asks is a matter of its pace; what it is answered is not.
        wire = {(self.paths.get(id, "?"), status) for id, status in self.statuses}
        return {"told": told, "wire": sorted(wire)}


async def devtools_address(profile):
    """Chromium writes it down once it listens."""
    port = pathlib.Path(profile) / "DevToolsActivePort"
    for _ in range(PATIENCE * 20):
        if port.exists() and len(lines := port.read_text().split()) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        await asyncio.sleep(0.05)
    raise TimeoutError("Chromium does not listen")


async def first_window(browser):
    async with connect(browser, max_size=None) as devtools:
        page = Page(devtools)
        listening = asyncio.create_task(page.listen())
        target = (await page.call("Target.createTarget", url="about:blank"))["targetId"]
        listening.cancel()
    return browser[: browser.index("/devtools/")] + "/devtools/page/" + target


async def browse(profile, urls):
    window = await first_window(await devtools_address(profile))
    async with connect(window, max_size=None) as devtools:
        page = Page(devtools)
        listening = asyncio.create_task(page.listen())
        await page.call("Network.enable")
        await page.call("Page.enable")
        before, seen = [None, *urls], []
        for last, url in zip(before, urls):
            seen.append(await page.open(url, again=url == last))
        listening.cancel()
        return seen


def main():
    profile, *urls = sys.argv[1:]
    command = ["chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": sys.stderr, "stderr": sys.stderr}
    chromium = subprocess.Popen(command, **quiet)
    try:
        print(json.dumps(asyncio.run(asyncio.wait_for(browse(profile, urls), PATIENCE))))
    finally:
        chromium.terminate()
        try:
            chromium.wait(3)
        except subprocess.TimeoutExpired:
            chromium.kill()
            chromium.wait()


main()
