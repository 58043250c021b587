"""A server that a benchmark asks: `sluice up` on a directory, and one connection to it."""
import atexit
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.parse

SLUICE = os.environ.get("SLUICE_BUILD", "build/plain") + "/sluice"
WORKFLOWS = "/apis/argoproj.io/v1alpha1/namespaces/default/workflows"
# sluice takes such names for its settings.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
IDLE_SECONDS = 3
# Nothing is to be deleted meanwhile.
KEEP_ALL = ["--history-workflows", "1000000000", "--history-days", "0", "--history-bytes", "1000Gi"]
ZERO_WORK = {"name": "zero", "container": {"image": "busybox", "command": ["/bin/true"]}}


def workflow(name: str, entrypoint: str, *templates: dict) -> dict:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": name},
            "spec": {"entrypoint": entrypoint, "templates": [ZERO_WORK, *templates]}}


def fan_out(name: str, count: int) -> dict:
    step = {"name": "step", "template": "zero", "withSequence": {"count": str(count)}}
    return workflow(name, "fan", {"name": "fan", "steps": [[step]]})


# Whoever stops the benchmark stops the server.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))


class Server:
    def __init__(self, data: pathlib.Path, *flags: str) -> None:
        began = time.monotonic()
        self.process = subprocess.Popen(
            [SLUICE, "up", "--data", str(data), "--listen", "127.0.0.1:0", "--tls-listen",
             "127.0.0.1:0", *flags], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        atexit.register(self.process.kill)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "http://" not in line:
            sys.exit(f"the server said '{line.strip()}'")
        self.address = urllib.parse.urlparse(line.split()[-1]).netloc
        self.connection = self.connect()
        self.get("/version")
        self.first_answer_ms = (time.monotonic() - began) * 1000

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=600)

    def ask(self, method: str, path: str, body: dict | None = None) -> bytes:
        headers = {"Content-Type": "application/json"} if body else {}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            self.process.kill()
            sys.exit(f"{method} {path}: {answer.status} {text[:300]!r}")
        return text

    def get(self, path: str) -> bytes:
        return self.ask("GET", path)

    def timed_get_ms(self, path: str) -> tuple[float, bytes]:
        began = time.monotonic()
        body = self.get(path)
        return (time.monotonic() - began) * 1000, body

    def memory_mb(self) -> float:
        rollup = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(rollup.split("Pss:")[1].split()[0]) / 1024

    def sleeps(self) -> int:
        """How often its threads have gone to sleep so far."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/status")
        return sum(int(t.read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0])
                   for t in tasks)

    def wake_ups_per_second(self) -> float:
        before = self.sleeps()
        time.sleep(IDLE_SECONDS)
        return (self.sleeps() - before) / IDLE_SECONDS

    def stop(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait()


def figure(name: str, value: float, unit: str, target: str, against: str, raw: dict) -> None:
    print(json.dumps({"name": name, "value": value, "unit": unit, "target": target,
                      "against": against, "raw": raw}), flush=True)
