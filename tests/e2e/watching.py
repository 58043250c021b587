"""A client that watches a kind through restarts of the server, and checks what it is told."""
from __future__ import annotations

import http.client
import threading
from typing import Any

from harness import *
from servers import Server

__all__ = ["Watcher"]


class Watcher(threading.Thread):
    """Lists once, then watches from the version that it heard of last, whatever breaks off; after a
    410 it lists again.  `seen` are the objects by name, as the events have it."""

    def __init__(self, server: Server, path: str):
        super().__init__(daemon=True)
        self.server, self.path = server, path
        self.seen: dict[str, Any] = {}
        self.version = 0
        self.events = self.resumed = self.lists = 0
        self.wrong = ""
        self.enough = False
        self.start()

    def run(self) -> None:
        while not self.enough and not self.wrong:
            try:
                if self.version == 0:
                    self.list()
                else:
                    self.watch()
            except (OSError, http.client.HTTPException, ValueError):
                self.resumed += 1
                time.sleep(0.02)

    def list(self) -> None:
        status, found = self.server.ask("GET", self.path)
        if status != 200:
            return
        self.lists += 1
        self.seen = {o["metadata"]["name"]: o for o in found["items"]}
        self.version = int(found["metadata"]["resourceVersion"])

    def watch(self) -> None:
        connection = http.client.HTTPConnection(self.server.address, timeout=60)
        try:
            connection.request("GET", f"{self.path}?watch=1&resourceVersion={self.version}"
                                      "&timeoutSeconds=30", headers=self.server.login())
            answer = connection.getresponse()
            if answer.status != 200:
                self.refused(answer.status, json.loads(answer.read()))
                return
            for line in iter(answer.readline, b""):
                if not line.endswith(b"\n"):
                    break  # cut off by a kill: it was not told
                self.take(json.loads(line))
                if self.enough or self.wrong or self.version == 0:
                    break
        finally:
            connection.close()

    def refused(self, status: int, why: Any) -> None:
        if status == 410:
            self.version = 0
        elif status not in (429, 503):
            self.wrong = f"{status}: {why}"

    def take(self, event: dict[str, Any]) -> None:
        kind, o = event["type"], event["object"]
        if kind == "ERROR":
            self.wrong = "" if o["code"] == 410 else f"an error: {o}"
            self.version = 0
            return
        name, version = o["metadata"]["name"], int(o["metadata"]["resourceVersion"])
        if version <= self.version:
            self.wrong = f"{name} at {version} was told after {self.version}"
        elif (kind == "ADDED") == (name in self.seen):
            self.wrong = f"{kind} {name}, known: {name in self.seen}"
        self.version = version
        self.events += 1
        if kind == "DELETED":
            self.seen.pop(name, None)
        else:
            self.seen[name] = o

    def stop(self) -> None:
        self.enough = True

    def versions(self) -> dict[str, str]:
        return {name: o["metadata"]["resourceVersion"] for name, o in list(self.seen.items())}

    def has_all(self, t: Case) -> None:
        """What was told comes to what there is, and nothing was told twice."""
        def now() -> bool:
            status, found = self.server.ask("GET", self.path)
            return bool(self.wrong) or (status == 200 and self.versions() == {
                o["metadata"]["name"]: o["metadata"]["resourceVersion"] for o in found["items"]})
        wait_until(now, f"the watcher of {self.path} knows all")
        t.equal(self.wrong, "", self.path)
