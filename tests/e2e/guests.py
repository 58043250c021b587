"""Clients that treat a server badly, those who must not feel it, and what it costs the server."""
from __future__ import annotations

import base64
import http.client
import json
import os
import pathlib
import socket
import threading
import time
from typing import Any

from harness import BUILD, Failed, wait_until
from servers import Server

__all__ = ["Neighbour", "Memory", "WebSocket", "raw", "ask_raw", "read_all", "MAPS", "PLAIN"]

MAPS = "/api/v1/namespaces/default/configmaps"
PLAIN = not any(name in str(BUILD) for name in ("asan", "tsan", "cover"))
# Far above what a loaded machine needs, far below what it takes to wait for somebody else's limits.
# Under a sanitizer everything takes longer.
PATIENCE_SECONDS = 8.0 if PLAIN else 25.0


class Neighbour:
    """Somebody else who works with the server meanwhile, or only reads: each request is answered soon
    and well.

        with Neighbour(server):
            ...
    """

    def __init__(self, server: Server, writes: bool = True):
        self.server, self.writes = server, writes
        self.path = f"{MAPS}/neighbour" if writes else MAPS
        self.worst, self.count, self.wrong = 0.0, 0, ""
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def work(self) -> None:
        try:
            self.wrong = self.ask_on()
        except OSError as e:
            self.wrong = repr(e)
        except http.client.HTTPException as e:
            self.wrong = repr(e)

    def ask_on(self) -> str:
        connection = http.client.HTTPConnection(self.server.address, timeout=60)
        fields = self.server.login() | {"Content-Type": "application/merge-patch+json"}
        while not self.over.is_set():
            for method, body in (("GET", None), ("PATCH", '{"data":{"n":"%d"}}' % self.count)):
                if method == "PATCH" and not self.writes:
                    continue
                begin = time.monotonic()
                connection.request(method, self.path, body, fields)
                answer = connection.getresponse()
                text = answer.read()
                self.worst = max(self.worst, time.monotonic() - begin)
                self.count += 1
                if answer.status != 200:
                    return f"{method}: {answer.status} {text!r}"
        return ""

    def __enter__(self) -> "Neighbour":
        if self.writes:
            self.server.ask("POST", MAPS, {"metadata": {"name": "neighbour"}})
        self.thread.start()
        wait_until(lambda: self.count > 0 or self.wrong, "the neighbour is served")
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        before = self.count
        if kind is None:
            wait_until(lambda: self.count > before or self.wrong, "the neighbour is served still")
        self.over.set()
        self.thread.join()
        if kind is None and self.wrong:
            raise Failed(f"the neighbour was not served: {self.wrong}")
        if kind is None and self.worst > PATIENCE_SECONDS:
            raise Failed(f"the neighbour waited for {self.worst:.1f} s")


class Memory:
    """How much the resident memory of a process grows at most while the block runs.  Sanitizers keep
    what is freed, so nothing is compared under them."""

    def __init__(self, pid: int, mib: int):
        self.pid, self.mib = pid, mib
        self.before = 0

    def kib(self, name: str) -> int:
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise Failed(f"no {name} of {self.pid}")

    def __enter__(self) -> "Memory":
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # proc(5): resets VmHWM
        self.before = self.kib("VmRSS")
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        grown = (self.kib("VmHWM") - self.before) / 1024
        if kind is None and PLAIN and grown > self.mib:
            raise Failed(f"the server grew by {grown:.1f} MiB, more than {self.mib}")


def raw(server: Server, data: bytes = b"", receive_bytes: int = 0) -> socket.socket:
    """A connection on which the bytes were sent; with a small buffer for what comes, if told."""
    host, _, port = server.address.partition(":")
    s = socket.socket()
    if receive_bytes:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    s.settimeout(60)
    s.connect((host, int(port)))
    s.sendall(data)
    return s


def login_lines(server: Server) -> bytes:
    return "".join(f"{k}: {v}\r\n" for k, v in server.login().items()).encode()


def ask_raw(server: Server, method: str, path: str, more: bytes = b"") -> bytes:
    """The head of a request, for raw()."""
    return (f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n".encode() + login_lines(server) + more
            + b"\r\n")


def read_all(s: socket.socket) -> bytes:
    """What comes until the other end closes, or cuts."""
    text = b""
    try:
        while part := s.recv(65536):
            text += part
    except ConnectionResetError:
        pass
    return text


class WebSocket:
    """A client of RFC 6455 that masks with zeros, so that sending costs it nothing."""

    def __init__(self, server: Server, path: str, protocol: str):
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket = raw(server, ask_raw(server, "GET", path, (
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n").encode()))
        self.file = self.socket.makefile("rb")
        status = self.file.readline()
        if b" 101 " not in status:
            raise Failed(f"no WebSocket: {status!r} {self.socket.recv(4096)!r}")
        while self.file.readline() != b"\r\n":
            pass

    @staticmethod
    def frame(payload: bytes, opcode: int = 2) -> bytes:
        n = len(payload)
        size = (bytes([0x80 | n]) if n < 126 else bytes([0xFE]) + n.to_bytes(2, "big")
                if n < 65536 else bytes([0xFF]) + n.to_bytes(8, "big"))
        return bytes([0x80 | opcode]) + size + bytes(4) + payload

    def send(self, payload: bytes) -> None:
        self.socket.sendall(self.frame(payload))

    def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; opcode 8 when it closes."""
        head = self.file.read(2)
        if len(head) < 2:
            return 8, b""
        n = head[1] & 0x7F
        if n > 125:
            n = int.from_bytes(self.file.read(2 if n == 126 else 8), "big")
        return head[0] & 0x0F, self.file.read(n)

    def channels(self) -> dict[int, bytes]:
        """All that comes until the end, by channel (the first byte of a message)."""
        found: dict[int, bytes] = {}
        while True:
            opcode, payload = self.receive()
            if opcode == 8:
                return found
            if payload:
                found[payload[0]] = found.get(payload[0], b"") + payload[1:]


def status_of(text: bytes) -> Any:
    """The Status of a raw answer."""
    return json.loads(text.partition(b"\r\n\r\n")[2])
