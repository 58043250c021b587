"""What end-to-end tests share: private directories, users, waiting with a deadline, killing.

A test file is an executable Python script (3.11, standard library):

    #!/usr/bin/python3
    # users: root user nouserns         (optional: tests/run runs it once as each)
    from harness import *

    @test
    def a_workflow_that_succeeds_exits_with_zero(t: Case):
        t.write("hello.yaml", HELLO)
        done = t.sluice("run", "hello.yaml")
        t.equal(done.code, 0, done)

    main()

Each test gets a directory of its own (t.dir), with HOME, configuration and data below it, so that
nothing of the machine's user is read or written.  When it ends, every process that it started is
killed, and so is every process whose command line names its directory.
"""
from __future__ import annotations

import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from typing import Any, Callable

ROOT = pathlib.Path(os.environ.get("SLUICE_ROOT") or pathlib.Path(__file__).resolve().parents[2])
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD") or ROOT / "build/plain").resolve()
SLUICE = BUILD / "sluice"
NOUSERNS = BUILD / "tests/e2e/nouserns"
ORDINARY_ID = 54321
DEADLINE_SECONDS = float(os.environ.get("TEST_DEADLINE", "60"))

__all__ = ["ROOT", "BUILD", "SLUICE", "NOUSERNS", "ORDINARY_ID", "Case", "Done", "Failed", "Skip",
           "test", "main", "wait_until", "is_root", "isolated", "run_as", "kill_tree", "children_of", "alive",
           "json", "os", "pathlib", "random", "shutil", "signal", "subprocess", "sys", "time"]


class Failed(Exception):
    """The test does not hold."""


class Skip(Exception):
    """The test cannot run here, and the reason."""


class Done:
    """A command that ended."""

    def __init__(self, command: list[str], code: int, out: str, err: str, seconds: float):
        self.command, self.code, self.out, self.err, self.seconds = command, code, out, err, seconds

    def __str__(self) -> str:
        return (f"$ {' '.join(self.command)}\nexit code {self.code} after {self.seconds:.2f} s\n"
                f"--- stdout\n{self.out}--- stderr\n{self.err}---")

    def json(self) -> Any:
        try:
            return json.loads(self.out)
        except ValueError as e:
            raise Failed(f"no JSON ({e}):\n{self}") from e


def is_root() -> bool:
    return os.geteuid() == 0


def isolated() -> bool:
    """Without isolation paths are the machine's, and pods with volumes run one after another."""
    return is_root() or subprocess.run(["unshare", "-U", "true"], check=False,
                                       stderr=subprocess.DEVNULL).returncode == 0


def run_as(user: str) -> list[str]:
    """The words before a command that run it as "root", "user" or "nouserns" (see tests/run)."""
    if user in ("", "root"):
        return []
    prefix = []
    if is_root():
        prefix = ["setpriv", f"--reuid={ORDINARY_ID}", f"--regid={ORDINARY_ID}", "--clear-groups"]
    return prefix + ([str(NOUSERNS)] if user == "nouserns" else [])


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """The first true value of the condition.  Looks often; fails at the deadline."""
    end = time.monotonic() + seconds
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def children_of(pid: int) -> list[int]:
    """All descendants, parents first."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry))
    found = list(parents.get(pid, []))
    for child in found:
        found += parents.get(child, [])
    return found


def kill_tree(pid: int) -> None:
    """SIGKILL to a process and all its descendants.  They are stopped first, so none forks away."""
    for one in [pid, *children_of(pid)]:
        send(one, signal.SIGSTOP)
    for one in [pid, *children_of(pid)]:
        send(one, signal.SIGKILL)


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def processes_that_name(text: str) -> list[int]:
    """Those with the text in their command line or as their working directory, but for us."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            line = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace")
            where = os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
        if text in line or where.startswith(text):
            found.append(int(entry))
    return found


class Case:
    """One test's directory, processes and checks."""

    def __init__(self, name: str):
        self.name = name
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sluice-e2e-"))
        self.data = self.dir / "data"
        self.started: list[subprocess.Popen[str]] = []
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.dir / "home"),
            "TMPDIR": str(self.dir / "tmp"), "LANG": "C.UTF-8",
        }
        for name_, value in os.environ.items():
            # What selects sanitizers, faults and coverage goes through; settings do not.
            if name_.startswith(("ASAN_", "UBSAN_", "TSAN_", "GCOV_", "SLUICE_DENY")):
                self.env[name_] = value
        (self.dir / "home").mkdir()
        (self.dir / "tmp").mkdir()

    # Files.

    def write(self, name: str, text: str, mode: int = 0o644) -> pathlib.Path:
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def settings(self, text: str) -> pathlib.Path:
        """The sluice.yaml that every command of this test reads."""
        path = self.write("home/.config/sluice/sluice.yaml", text)
        return path

    def read(self, name: str) -> str:
        return (self.dir / name).read_text()

    # Processes.

    def start(self, *words: Any, user: str = "", env: dict[str, str] | None = None,
              stdin: int = subprocess.DEVNULL, **more: Any) -> subprocess.Popen[str]:
        """Starts a command in the test's directory; its output is a pipe unless told otherwise."""
        command = run_as(user) + [str(w) for w in words]
        if user not in ("", "root") and is_root():
            self.give_to_user()
        for stream in ("stdout", "stderr"):
            more.setdefault(stream, subprocess.PIPE)
        more.setdefault("cwd", self.dir)
        process = subprocess.Popen(command, env={**self.env, **(env or {})}, stdin=stdin, text=True,
                                   errors="replace", **more)
        self.started.append(process)
        return process

    def finish(self, process: subprocess.Popen[str], seconds: float = DEADLINE_SECONDS,
               text: str | None = None) -> Done:
        """Waits for a process that was started; one that does not end fails the test."""
        begin = time.monotonic()
        try:
            out, err = process.communicate(text, timeout=seconds)
        except subprocess.TimeoutExpired as e:
            kill_tree(process.pid)
            out, err = process.communicate()
            raise Failed(f"no end after {seconds} s: {process.args}\n{out}\n{err}") from e
        return Done(list(map(str, process.args)), process.returncode, out or "", err or "",
                    time.monotonic() - begin)

    def command(self, *words: Any, seconds: float = DEADLINE_SECONDS, text: str | None = None,
                **more: Any) -> Done:
        stdin = subprocess.PIPE if text is not None else subprocess.DEVNULL
        return self.finish(self.start(*words, stdin=stdin, **more), seconds, text)

    def sluice(self, *words: Any, **more: Any) -> Done:
        """`sluice WORD...` in the test's directory, to its end."""
        return self.command(SLUICE, *words, **more)

    def start_sluice(self, *words: Any, **more: Any) -> subprocess.Popen[str]:
        return self.start(SLUICE, *words, **more)

    def give_to_user(self) -> None:
        for path in [self.dir, *self.dir.rglob("*")]:
            if path.lstat().st_uid == 0:
                os.lchown(path, ORDINARY_ID, ORDINARY_ID)

    def close(self, keep: bool) -> None:
        for process in self.started:
            if process.poll() is None:
                kill_tree(process.pid)
                process.wait()
            for stream in (process.stdout, process.stderr, process.stdin):
                if stream is not None:
                    stream.close()
        for pid in processes_that_name(str(self.dir)):
            kill_tree(pid)
        for place in pathlib.Path("/tmp").glob(f"e2e-{os.getpid()}-*"):  # flows.PLACE
            if place.is_symlink():  # of an init that was just killed (sandbox/boxlink.h)
                place.unlink(missing_ok=True)
        if keep:
            print(f"# kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    # Checks.  `about` is printed when they fail; a Done shows the whole command.

    def true(self, value: Any, about: Any = "") -> None:
        if not value:
            raise Failed(f"not true: {value!r}\n{about}")

    def equal(self, got: Any, want: Any, about: Any = "") -> None:
        if got != want:
            raise Failed(f"got  {got!r}\nwant {want!r}\n{about}")

    def contains(self, text: str, part: str, about: Any = "") -> None:
        if part not in text:
            raise Failed(f"{part!r} is not in\n{text}\n{about}")

    def lacks(self, text: str, part: str, about: Any = "") -> None:
        if part in text:
            raise Failed(f"{part!r} is in\n{text}\n{about}")

    def fails(self, done: Done, *parts: str, code: int = 1) -> None:
        """The command ended with the code, and said each part on stderr."""
        self.equal(done.code, code, done)
        for part in parts:
            self.contains(done.err, part, done)


tests: list[Callable[[Case], None]] = []


def test(function: Callable[[Case], None]) -> Callable[[Case], None]:
    tests.append(function)
    return function


def run_one(function: Callable[[Case], None], number: int) -> bool:
    name = function.__name__
    case = Case(name)
    verdict, story = f"ok {number} - {name}", ""
    try:
        function(case)
    except Skip as e:
        verdict += f" # SKIP {e}"
    except Failed as e:
        verdict, story = "not " + verdict, str(e)
        line = traceback.extract_tb(e.__traceback__)[1]
        story = f"line {line.lineno}: {line.line}\n{story}"
    except Exception:  # pylint: disable=broad-except  a broken test is a failed one
        verdict, story = "not " + verdict, traceback.format_exc(limit=-3)
    finally:
        case.close(keep=bool(os.environ.get("TEST_KEEP")) and verdict.startswith("not"))
    print(verdict)
    for line in story.splitlines():
        print(f"#   {line}")
    sys.stdout.flush()
    return not verdict.startswith("not")


def main() -> None:
    """Runs the tests of the file, or those whose name contains the first argument."""
    text = sys.argv[1] if len(sys.argv) > 1 else ""
    selected = [f for f in tests if text in f.__name__]
    if not SLUICE.exists():
        print(f"not ok 1 - {SLUICE} is built")
        sys.exit(1)
    print(f"1..{len(selected)}")
    good = [run_one(f, i) for i, f in enumerate(selected, 1)]
    sys.exit(0 if all(good) else 1)
