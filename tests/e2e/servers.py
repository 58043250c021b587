"""A private server for a test, and kubectl on it."""
from __future__ import annotations

import http.client
import subprocess
from typing import Any, Callable

from harness import *

__all__ = ["Server"]


class Server:
    """`sluice up` on free ports, with the test's data directory; stopped when the test ends."""

    prefix: list[str] = []  # words before the command

    def __init__(self, t: Case, *flags: Any):
        self.t, self.flags = t, flags
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        line = self.start_at("127.0.0.1:0", "127.0.0.1:0")
        assert self.process is not None
        if not line.startswith("ready http://"):
            raise Failed(f"the server is not ready: {line!r}\n{self.t.finish(self.process)}")
        self.url = line.split()[1]
        self.address = self.url.removeprefix("http://")

    def start_at(self, plain: str, tls: str,
                 started: Callable[[subprocess.Popen[str]], None] | None = None) -> str:
        """The first line that it says; "" if it ended before.  `started` gets the process first."""
        self.process = self.t.start(*self.prefix, SLUICE, "up", "--data", self.t.data, "--listen", plain,
                                    "--tls-listen", tls, *self.flags)
        assert self.process.stdout is not None
        if started is not None:
            started(self.process)
        return self.process.stdout.readline()

    def start_where_it_was(self, started: Callable[[subprocess.Popen[str]], None] | None = None
                           ) -> str:
        """The same, where clients look for it."""
        known = json.loads((self.t.data / "server.json").read_text())
        return self.start_at(*[known[k].split("://")[1] for k in ("url", "tlsUrl")], started)

    def start_again(self) -> None:
        """Where it was before; somebody else may have that place for a moment."""
        def ready() -> bool:
            if self.start_where_it_was().startswith("ready http://"):
                return True
            assert self.process is not None
            done = self.t.finish(self.process)
            self.t.contains(done.err, "in use", done)
            return False
        wait_until(ready, "its addresses are free")

    def stop(self, number: int = signal.SIGTERM) -> Done:
        assert self.process is not None
        self.process.send_signal(number)
        return self.t.finish(self.process)

    def kubeconfig(self) -> str:
        done = self.t.sluice("kubeconfig", "--data", self.t.data)
        self.t.equal(done.code, 0, done)
        return done.out.strip()

    def login(self) -> dict[str, str]:
        """The header fields that the server's own user needs on the plain port."""
        if isolated():
            return {}
        return {"Authorization": "Bearer " + (self.t.data / "auth/token").read_text().strip()}

    def ask(self, method: str, path: str, body: Any = None, **fields: str) -> tuple[int, Any]:
        """One request on the plain port; an answer that is JSON comes parsed.  Where pods are not
        isolated, nobody is known without a token."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        fields = {"Content-Type": "application/json",
                  **{k.replace("_", "-"): v for k, v in fields.items()}}
        fields = self.login() | fields
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        connection.request(method, path, text, fields)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(raw)
        except ValueError:
            return answer.status, raw.decode(errors="replace")

    def kubectl(self, binary: pathlib.Path) -> Any:
        """A function: kubectl WORD... to its end."""
        env = {"KUBECONFIG": self.kubeconfig()}
        return lambda *words, **more: self.t.command(binary, *words, env=env, **more)
