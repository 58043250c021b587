"""The scenarios of tests/fault/run: what is run, how a user recovers, what must hold afterwards."""
from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3
import subprocess
import time


HERE = pathlib.Path(__file__).resolve().parent
LEFT_SECONDS = 30
OUT_OF_MEMORY = 137  # as kill -9, but told


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

    def ended(self, temporary: pathlib.Path, first: subprocess.CompletedProcess[str]) -> None:
        """What must hold when the run with the fault is over; `temporary` is what its $TMPDIR was."""

    def recover(self, first: subprocess.CompletedProcess[str]) -> list[list[str]]:
        """What is run without faults afterwards."""
        return [] if first.returncode == 0 else [self.command()]

    def check(self, directory: pathlib.Path, last: subprocess.CompletedProcess[str]) -> None:
        """Raises Wrong.  `last` is the last command that was run."""
        raise NotImplementedError


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


def never_ran(pod: dict) -> bool:
    """It failed for want of a start (128) or of an init (137), not by its command."""
    return pod["phase"] in ("Failed", "Error") and any(
        words in pod.get("message", "") for words in ("(exit code 128)", "(exit code 137)"))


class Workflow(Scenario):
    """One workflow whose steps append the names of their pods to a file of the host.

    A name that stands there twice is an attempt that ran twice.  A fault may make the workflow end
    as Failed or Error, but then it says why; a workflow that succeeds has left every mark.
    """

    def __init__(self, name: str, marks: int):
        self.name, self.file, self.marks = name, f"{name}.yaml", marks
        self.directory = self.effects = pathlib.Path()

    def prepare(self, directory: pathlib.Path) -> None:
        self.directory = directory
        (directory / "sluice.yaml").write_text(f"host_paths: [{directory}]\n")
        self.write("effects")

    def write(self, effects: str) -> None:
        """The workflow, whose steps leave their marks in this directory."""
        self.effects = self.directory / effects
        self.effects.mkdir()
        self.effects.chmod(0o777)
        text = (HERE / "workflows" / self.file).read_text()
        (self.directory / "workflow.yaml").write_text(text.replace("EFFECTS", str(self.effects)))

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
        log = self.effects / "log"
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
            self.check_marks([n for n in status.get("nodes", {}).values() if n["type"] == "Pod"],
                             marks)
        elif status["phase"] not in ("Failed", "Error") or not reasons_of(status):
            raise Wrong(f"ended as {status['phase']} and does not say why")

    def check_marks(self, pods: list[dict], marks: list[str]) -> None:
        """Each attempt left its mark, but for those that a fault kept from running, which say so; a
        retry then stands in for one or comes on top."""
        if not pods:  # nothing is known of them
            if len(marks) != self.marks:
                raise Wrong(f"{self.marks} attempts should have run: {sorted(marks)}")
            return
        left = {mark.rsplit("-", 1)[-1] for mark in marks}  # a pod's name ends as its node's id
        for pod in pods:
            number = pod["id"].rsplit("-", 1)[-1]
            if number not in left and not never_ran(pod):
                raise Wrong(f"{pod['name']} ended as {pod['phase']} and left no mark: {sorted(left)}")
            left.discard(number)
        if left or len(pods) < self.marks:
            raise Wrong(f"{self.marks} attempts were due, there are {len(pods)}; left over: {left}")


class Temporary(Workflow):
    """A workflow without --data: what dies takes its steps along, and a user starts afresh.

    A run that ends by itself leaves nothing in $TMPDIR.
    """

    def __init__(self, file: str, marks: int):
        super().__init__("temporary", marks)
        self.file = file

    def words(self, *more: str) -> list[str]:
        return ["run", "--config", "sluice.yaml", "-o", "json", *more]

    def ended(self, temporary: pathlib.Path, first: subprocess.CompletedProcess[str]) -> None:
        marks = self.marked()
        if len(marks) != len(set(marks)):
            raise Wrong(f"an attempt ran twice: {sorted(marks)}")
        end = time.monotonic() + LEFT_SECONDS  # the spawner removes it, right after the run
        # Out of memory is as kill -9: before there is a spawner, or when it dies as the run leaves,
        # nobody is left to do it.
        killed = (first.returncode < 0 or first.returncode == OUT_OF_MEMORY or
                  "out of memory" in first.stderr)
        while not killed and any(temporary.iterdir()):
            if time.monotonic() > end:
                raise Wrong(f"left behind: {list(temporary.iterdir())}")
            time.sleep(0.01)

    def recover(self, first: subprocess.CompletedProcess[str]) -> list[list[str]]:
        if self.status_of(first):
            return []
        # Elsewhere: a step of the first run may be about to leave its mark before it dies.
        self.write("again")
        return [self.command()]


ALL: list[Scenario] = [ImageAlias(), Workflow("chain", 3), Workflow("loop", 6),
                       Workflow("retry", 3), Workflow("exit", 2), Workflow("artifact", 2),
                       Temporary("retry.yaml", 3)]
