"""The scenarios of tests/fault/run: what is run, how a user recovers, what must hold afterwards."""
from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3
import subprocess


HERE = pathlib.Path(__file__).resolve().parent


class Wrong(Exception):
    """What must hold does not."""


class Scenario:
    """One command and its check; `name` and the methods are what a new one brings."""

    name = ""

    def prepare(self, directory: pathlib.Path) -> None:
        """Fills the fresh directory, which is also HOME and where commands run."""

    def command(self) -> list[str]:
        """Words behind `sluice`; this run has the fault."""
        raise NotImplementedError

    def recover(self, first: subprocess.CompletedProcess[str]) -> list[list[str]]:
        """What is run without faults afterwards."""
        return [] if first.returncode == 0 else [self.command()]

    def check(self, directory: pathlib.Path, last: subprocess.CompletedProcess[str]) -> None:
        """Raises Wrong.  `last` is the last command that was run."""
        raise NotImplementedError

    def clean(self, directory: pathlib.Path) -> None:
        """Takes away what removing the directory does not."""


class ImageAlias(Scenario):
    """Editing the settings leaves the old file or the new one, and nothing beside it."""

    name = "image-alias"
    before = "# mine\nmax_pods: 3 # few\nimages:\n  - {image: b, host: true}\n"
    after = before.replace("images:\n", "images:\n  - {image: a, host: true}\n")

    def prepare(self, directory: pathlib.Path) -> None:
        (directory / "sluice.yaml").write_text(self.before)

    def command(self) -> list[str]:
        return ["image", "alias", "a", "host", "--config", "sluice.yaml"]

    def check(self, directory: pathlib.Path, last: subprocess.CompletedProcess[str]) -> None:
        if last.returncode != 0:
            raise Wrong(f"does not recover: {last.stderr}")
        got = (directory / "sluice.yaml").read_text()
        if got != self.after:
            raise Wrong(f"the file holds\n{got}")
        if left := [p.name for p in directory.iterdir() if p.name != "sluice.yaml"]:
            raise Wrong(f"left behind: {left}")


def reasons_of(status: dict) -> list[str]:
    """What the workflow and its failed nodes say."""
    nodes = [n for n in status.get("nodes", {}).values() if n["phase"] in ("Failed", "Error")]
    return [one["message"] for one in [status, *nodes] if one.get("message")]


class Workflow(Scenario):
    """One workflow whose steps append the names of their pods to a file of the host.

    A name that stands there twice is an attempt that ran twice.  A fault may make the workflow end
    as Failed or Error, but then it says why; a workflow that succeeds has left every mark.
    """

    def __init__(self, name: str, marks: int):
        self.name, self.marks = name, marks
        self.directory = pathlib.Path()

    def prepare(self, directory: pathlib.Path) -> None:
        self.directory = directory
        text = (HERE / "workflows" / f"{self.name}.yaml").read_text()
        (directory / "effects").mkdir(mode=0o777)
        (directory / "effects").chmod(0o777)
        (directory / "workflow.yaml").write_text(
            text.replace("EFFECTS", str(directory / "effects")))
        (directory / "sluice.yaml").write_text(f"host_paths: [{directory}/effects]\n")

    def words(self, *more: str) -> list[str]:
        return ["run", "--config", "sluice.yaml", "--data", "data", "-o", "json", *more]

    def command(self) -> list[str]:
        return self.words("workflow.yaml")

    def recover(self, first: subprocess.CompletedProcess[str]) -> list[list[str]]:
        if self.status_of(first):
            return []
        # What was accepted is gone on with; what was not is sent again.
        return [self.words("--resume") if self.marked() or self.accepted() else self.command()]

    def status_of(self, done: subprocess.CompletedProcess[str]) -> dict:
        """The status that was printed, if the workflow ended."""
        try:
            return json.loads(done.stdout)["status"]
        except (ValueError, KeyError, TypeError):
            return {}

    def accepted(self) -> bool:
        database = self.directory / "data/sluice.db"
        if not database.exists():
            return False
        try:
            uri = f"file:{database}?mode=ro"
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
                return bool(connection.execute(
                    "select 1 from objects where resource like 'workflows%' limit 1").fetchone())
        except sqlite3.Error:
            return False

    def marked(self) -> list[str]:
        log = self.directory / "effects/log"
        return log.read_text().split() if log.exists() else []

    def check(self, directory: pathlib.Path, last: subprocess.CompletedProcess[str]) -> None:
        status = self.status_of(last)
        if not status and "nothing is left to be run" in last.stderr + last.stdout:
            status = {"phase": "Succeeded"}  # it had ended; the marks show how
        if not status:
            raise Wrong(f"does not recover ({last.returncode}): {last.stdout}{last.stderr}")
        marks = self.marked()
        if len(marks) != len(set(marks)):
            raise Wrong(f"an attempt ran twice: {sorted(marks)}")
        if status["phase"] == "Succeeded":
            # A fault may keep a pod from starting; its retry then stands in for it or comes on top.
            pods = [n for n in status.get("nodes", {}).values() if n["type"] == "Pod"]
            never = len([n for n in pods if "(exit code 128)" in n.get("message", "")])
            ran = len(pods) - never if pods else self.marks
            if len(marks) != ran or not self.marks <= ran + never <= self.marks + never:
                raise Wrong(f"{ran} of {self.marks} attempts should have run: {sorted(marks)}")
        elif status["phase"] not in ("Failed", "Error") or not reasons_of(status):
            raise Wrong(f"ended as {status['phase']} and does not say why")


ALL: list[Scenario] = [ImageAlias(), Workflow("chain", 3), Workflow("loop", 6),
                       Workflow("retry", 3), Workflow("exit", 2), Workflow("artifact", 2)]
