"""Pods for tests: written as Python, run by podrun, read back as JSON."""
from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import Any

from harness import BUILD, Case, Done, Failed, wait_until

PODRUN = BUILD / "tests/e2e/podrun"
INIT = BUILD / "sluice-init"


def container(name: str = "main", script: str | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "image": "busybox"}
    if script is not None:
        made["command"] = ["sh", "-c", script]
    made.update(more)
    return made


def pod(name: str, *containers: dict[str, Any], io: dict[str, Any] | None = None,
        **spec: Any) -> dict[str, Any]:
    spec = {"restartPolicy": "Never", "containers": list(containers), **spec}
    made: dict[str, Any] = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name},
                            "spec": spec}
    if io is not None:
        made["metadata"]["annotations"] = {"sluice.dev/io": json.dumps(io)}
    return made


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}, "data": data}


def secret(name: str, **data: str) -> dict[str, Any]:
    return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name}, "stringData": data}


class Pods:
    """What podrun printed: each Pod by name, and the events that it traced."""

    def __init__(self, done: Done):
        self.done = done
        self.by_name: dict[str, Any] = {}
        self.commits = 0
        for line in done.out.splitlines():
            try:
                value = json.loads(line)
            except ValueError as e:
                raise Failed(f"{e}: {line}") from e
            if "commits" in value:
                self.commits = value["commits"]
            else:
                self.by_name[value["metadata"]["name"]] = value

    def __getitem__(self, name: str) -> "Pod":
        if name not in self.by_name:
            raise Failed(f"no pod {name}\n{self.done}")
        return Pod(self.by_name[name])

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def versions(self, name: str) -> list["Pod"]:
        """Each version that was published, from --trace."""
        found = [json.loads(x) for x in self.done.err.splitlines() if x.startswith("{")]
        return [Pod(x) for x in found if x["metadata"]["name"] == name]


class Pod:
    def __init__(self, value: Any):
        self.value = value
        self.status = value.get("status", {})
        self.phase = self.status.get("phase", "")
        self.reason = self.status.get("reason", "")
        self.message = self.status.get("message", "")
        self.uid = value["metadata"]["uid"]

    def container(self, name: str = "main") -> Any:
        both = self.status.get("containerStatuses", []) + self.status.get(
            "initContainerStatuses", [])
        return next(c for c in both if c["name"] == name)

    def state(self, name: str = "main") -> tuple[str, Any]:
        return next(iter(self.container(name)["state"].items()))

    def exit(self, name: str = "main") -> tuple[int, str]:
        kind, state = self.state(name)
        if kind != "terminated":
            raise Failed(f"{name} is {kind}: {state}")
        return state["exitCode"], state["reason"]

    @property
    def outputs(self) -> Any:
        return json.loads(self.value["metadata"]["annotations"]["sluice.dev/outputs"])

    @property
    def result(self) -> str:
        return self.outputs["result"]

    def __str__(self) -> str:
        return json.dumps(self.value, indent=1)


def start(t: Case, objects: list[Any], *flags: Any, **more: Any) -> subprocess.Popen[str]:
    path = t.write("pods.json", json.dumps(objects))
    path.chmod(0o644)
    return t.start(PODRUN, "--data", t.data, "--init", INIT, *flags, path, **more)


def run(t: Case, objects: list[Any], *flags: Any, seconds: float = 60, **more: Any) -> Pods:
    """Runs until every Pod is over."""
    done = t.finish(start(t, objects, *flags, **more), seconds)
    if done.code != 0:
        raise Failed(str(done))
    return Pods(done)


def one(t: Case, p: dict[str, Any], *others: dict[str, Any], flags: tuple[Any, ...] = (),
        **more: Any) -> Pod:
    return run(t, [*others, p], *flags, **more)[p["metadata"]["name"]]


def log(t: Case, p: Pod, name: str = "main", attempt: int = 0) -> str:
    """A container's log as text."""
    path = t.data / "pods" / p.uid / name / str(attempt) / "log"
    lines = path.read_text(errors="replace").splitlines()
    return "".join(x.split(" ", 3)[3] + "\n" for x in lines)


def kill_server(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # The spawner ends when its socket closes; the next one must not meet it.
    wait_until(lambda: process.poll() is not None, "podrun is dead")
