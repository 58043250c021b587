"""A small server for the tests of spawner and init: speaks their protocol, knows nothing of pods.

The wire format is written down a second time here, on purpose: a change on one side only is found.
"""
import array
import os
import pathlib
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", ROOT / "build/plain")).resolve()
INIT = BUILD / "sluice-init"
BASE = 0x20000000  # of the tests' id range
WAIT = 30  # seconds until something that must happen counts as not happening

HELLO, READY, SPAWN, SPAWNED, FAILED, ENDED = range(1, 7)
STATUS, STATE, SIGNAL, STOP, EXEC, STARTED, EXITED, RESIZE, NAMESPACES, DONE, REFUSED = range(32, 43)
NONE, USER, FULL, BEST = range(4)
USUAL = sum(1 << c for c in (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31))
SAVED, MISSING, UNSAVED = range(3)


class Writer:
    def __init__(self, kind: int):
        self.b = bytearray(b"slx1" + struct.pack("<I", kind))

    def bool(self, v): self.b += bytes([bool(v)])
    def u32(self, v): self.b += struct.pack("<I", v & 0xffffffff)
    def u64(self, v): self.b += struct.pack("<Q", v)
    def i64(self, v): self.b += struct.pack("<q", v)

    def text(self, v):
        if v is None:
            self.u32(0xffffffff)
        else:
            raw = os.fsencode(v)
            self.u32(len(raw))
            self.b += raw + b"\0"

    def bytes(self, v):
        self.u32(len(v))
        self.b += v

    def texts(self, v):
        self.u32(len(v))
        for t in v:
            self.text(t)


class Reader:
    def __init__(self, b: bytes):
        assert b[:4] == b"slx1", b[:4]
        self.b, self.at = b, 4
        self.kind = self.u32()

    def take(self, n):
        part = self.b[self.at:self.at + n]
        assert len(part) == n
        self.at += n
        return part

    def bool(self): return self.take(1) != b"\0"
    def u32(self): return struct.unpack("<I", self.take(4))[0]
    def int(self): return struct.unpack("<i", self.take(4))[0]
    def u64(self): return struct.unpack("<Q", self.take(8))[0]
    def i64(self): return struct.unpack("<q", self.take(8))[0]

    def text(self):
        n = self.u32()
        return None if n == 0xffffffff else os.fsdecode(self.take(n + 1)[:-1])


def spec_bytes(s: dict) -> bytes:
    w = Writer(1000)
    w.u32(s.get("kind", 0))
    w.text(s["id"])
    w.u32(s["level"])
    w.u32(s.get("id_base", 0))
    w.text(s.get("hostname"))
    w.bool(s.get("die_with_server", False))
    w.texts(s.get("argv", []))
    w.texts(s.get("env", ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]))
    w.text(s.get("cwd"))
    w.u32(s.get("uid", 0))
    w.u32(s.get("gid", 0))
    w.u32(len(s.get("groups", [])))
    for g in s.get("groups", []):
        w.u32(g)
    w.u64(s.get("capabilities", USUAL))
    w.bool(s.get("unconfined", False))
    w.bool(s.get("tty", False))
    w.bool(s.get("stdin_open", False))
    w.u32(len(s.get("rlimits", [])))
    for r in s.get("rlimits", []):
        w.u32(r[0]), w.u64(r[1]), w.u64(r[2])
    w.bool(s.get("read_only_root", False))
    w.u32(len(s.get("mounts", [])))
    for m in s.get("mounts", []):
        w.u32(m.get("kind", 0)), w.text(m.get("source")), w.text(m.get("sub_path"))
        w.text(m["target"]), w.bool(m.get("read_only", False)), w.bool(m.get("idmap", False))
        w.bool(m.get("optional", False)), w.u64(m.get("size", 0))
    w.u32(len(s.get("files", [])))
    for path, content, mode in s.get("files", []):
        w.text(path), w.bytes(content), w.u32(mode)
    w.u32(len(s.get("links", [])))
    for path, target in s.get("links", []):
        w.text(path), w.text(target)
    w.u64(s.get("memory_bytes", 0))
    w.u32(s.get("cpu_milli", 0))
    w.u32(s.get("pids", 0))
    w.u64(s.get("shm_bytes", 0))
    w.i64(s.get("deadline_us", 0))
    w.i64(s.get("grace_us", 0))
    w.u32(len(s.get("outputs", [])))
    for path, name, most in s.get("outputs", []):
        w.text(path), w.text(name), w.u64(most)
    w.u64(s.get("outputs_max_bytes", 0))
    w.u64(s.get("log_bytes", 0))
    w.u64(s.get("result_bytes", 0))
    w.text(s.get("message_path"))
    w.text(s.get("progress_path"))
    w.u32(s.get("address", 0))
    ports = s.get("loopback_ports", [])
    w.u32(len(ports))
    for port in ports:
        w.u32(port)
    return bytes(w.b)


def memfd(content: bytes) -> int:
    fd = os.memfd_create("spec")
    os.write(fd, content) if content else None
    return fd


def message(kind: int, tag: int, **f) -> bytes:
    w = Writer(kind)
    w.u64(tag)
    if kind == HELLO:
        w.u32(f["level"]), w.text(f["data_dir"]), w.texts(f.get("shared", []))
        w.u32(f.get("id_base", 0)), w.text(f.get("recall")), w.bool(f["has_filter"])
        w.bool(f["has_filter"])
        w.bool(f["has_control"]), w.bool(f.get("temporary", False))
    elif kind == SPAWN:
        w.bool(f["join"])
    elif kind == SIGNAL:
        w.u32(f["signal"]), w.bool(f.get("all", False))
    elif kind == STOP:
        w.i64(f["grace_us"])
    elif kind == EXEC:
        w.texts(f["argv"]), w.texts(f.get("env", [])), w.text(f.get("cwd"))
        w.bool(f.get("tty", False)), w.u32(f.get("rows", 0)), w.u32(f.get("cols", 0))
        w.i64(f.get("timeout_us", 0))
    elif kind == RESIZE:
        w.u32(f["exec"]), w.u32(f["rows"]), w.u32(f["cols"])
    return bytes(w.b)


def parse(b: bytes) -> dict:
    r = Reader(b)
    m = {"type": r.kind, "tag": r.u64()}
    if r.kind == READY:
        m |= {"code": r.int(), "text": r.text(), "level": r.int()}
        m["findings"] = {}
        for _ in range(r.u32()):
            name = r.text()
            m["findings"][name] = (r.bool(), r.text())
        m |= {"memory": r.bool(), "pids": r.bool(), "cpu": r.bool()}
    elif r.kind == SPAWNED:
        m["pid"] = r.int()
    elif r.kind in (FAILED, REFUSED):
        m |= {"code": r.int(), "text": r.text()}
    elif r.kind == ENDED:
        m |= {"pid": r.int(), "status": r.int()}
    elif r.kind == STATE:
        m |= {"state": r.int(), "id": r.text(), "started_us": r.i64(), "stop_us": r.i64(),
              "cpu_us": r.u64(), "memory": r.u64(), "peak": r.u64(), "execs": r.u32()}
    elif r.kind == STARTED:
        m["exec"] = r.u32()
    elif r.kind == EXITED:
        m |= {"exec": r.u32(), "code": r.int(), "text": r.text()}
    assert r.at == len(b), "bytes follow the message"
    return m


def exit_record(directory: pathlib.Path) -> dict:
    r = Reader((directory / "exit").read_bytes())
    assert r.kind == 2000
    r.text(), r.bool(), r.i64()
    r = Reader(r.b[r.at:])  # behind the record of the start
    assert r.kind == 2001
    x = {"id": r.text(), "executed": r.bool(), "code": r.int(), "signal": r.int(), "oom": r.bool(),
         "deadline": r.bool(), "stopped": r.bool(), "started_us": r.i64(), "ended_us": r.i64(),
         "saved_us": r.i64(), "cpu_us": r.u64(), "peak": r.u64(), "log_bytes": r.u64(),
         "log_lost": r.u64(), "result_bytes": r.u64(), "text": r.text(), "message": r.text(),
         "progress": r.text()}
    x["outputs"] = {}
    for _ in range(r.u32()):
        name = r.text()
        x["outputs"][name] = {"state": r.int(), "type": r.u32(), "bytes": r.u64(),
                              "text": r.text()}
    return x


def started_record(directory: pathlib.Path) -> dict:
    r = Reader((directory / "started").read_bytes())
    return {"id": r.text(), "fenced": r.bool(), "at_us": r.i64()}


def fence(directory: pathlib.Path, name: str) -> bool:
    """What a restarted server does: True if the attempt never ran."""
    w = Writer(2000)
    w.text(name), w.bool(True), w.i64(time.time_ns() // 1000)
    temporary = directory / f".fence.{os.getpid()}"
    temporary.write_bytes(w.b)
    try:
        os.link(temporary, directory / "started")
        return True
    except FileExistsError:
        return False
    finally:
        temporary.unlink()


def open_files(pid: int) -> set[str]:
    """What its descriptors lead to; those that it closes meanwhile are left out."""
    found = set()
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{entry}"))
        except FileNotFoundError:
            pass
    return found


def receive(s: socket.socket, timeout: float = WAIT):
    """One message and its descriptors; None at the end of the connection."""
    if not select.select([s], [], [], timeout)[0]:
        raise TimeoutError("no message came")
    data, fds, _, _ = socket.recv_fds(s, 1 << 18, 8)
    return (parse(data), fds) if data else (None, [])


def filter_file(*network: str) -> pathlib.Path:
    """The system-call filter's bytes, from the library that only the server has."""
    where = BUILD / "tests/sandbox"
    program, out = where / "filterdump", where / ("filter" + "".join(network))
    where.mkdir(parents=True, exist_ok=True)
    source = [ROOT / "tests/sandbox/filterdump.c", ROOT / "src/sandbox/filter.c",
              *(ROOT / f"src/base/{name}.c" for name in ("buf", "civil", "clock", "err", "log", "mem"))]
    if not out.exists() or out.stat().st_mtime < max(p.stat().st_mtime for p in source):
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libseccomp"],
                               capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", f"-I{ROOT}/src", *map(str, source),
                        "-o", str(program), *flags], check=True)
        temporary = where / f"filter.{os.getpid()}"
        with open(temporary, "wb") as f:
            subprocess.run([str(program), *network], stdout=f, check=True)
        temporary.rename(out)
    return out


class Attempt:
    """What one container attempt leaves in its directory."""

    def __init__(self, server: "Server", name: str):
        self.server, self.id = server, name
        self.dir = server.data / "pods" / name
        self.pid = None
        self.pidfd = self.life = -1

    def connect(self) -> socket.socket:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fd = os.open(self.dir, os.O_RDONLY | os.O_DIRECTORY)
        try:
            s.connect(f"/proc/self/fd/{fd}/control")
        finally:
            os.close(fd)
        return s

    def ask(self, kind: int, fds=(), **fields):
        with self.connect() as s:
            socket.send_fds(s, [message(kind, 7, **fields)], list(fds))
            return receive(s)[0]

    def wait(self, timeout: float = WAIT) -> dict:
        """Until init is gone; its exit record, or an empty dict."""
        if self.pidfd >= 0:
            if not select.select([self.life], [], [], timeout)[0]:
                raise TimeoutError(f"{self.id} does not end")
            recorded = (self.dir / "exit").exists()
            if not select.select([self.pidfd], [], [], timeout)[0]:
                raise TimeoutError(f"{self.id} does not end")
            assert recorded == (self.dir / "exit").exists(), "the record came after the sign of it"
        else:
            until(lambda: (self.dir / "exit").exists(), f"{self.id} ends", timeout)
        return exit_record(self.dir) if (self.dir / "exit").exists() else {}

    def log(self) -> str:
        lines = (self.dir / "log").read_text(errors="replace").splitlines()
        return "".join(l.split(" ", 3)[3] + ("\n" if l.split(" ", 3)[2] == "F" else "")
                       for l in lines)

    def started(self) -> bool:
        return (self.dir / "started").exists()


def until(condition, what: str, timeout: float = WAIT):
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(0.002)


class Server:
    """Starts a spawner and talks to it."""

    def __init__(self, level: int = BEST, deny: str = "", data: pathlib.Path | None = None,
                 shared=(), filtered: bool = True, temporary: bool = False,
                 recall: pathlib.Path | None = None, may_fork: bool = True):
        self.owns = data is None
        self.data = data or pathlib.Path(tempfile.mkdtemp(prefix="box-", dir=os.environ.get("BOX_TMP")))
        self.control = os.pipe()
        self.tag = 0
        self.closed = False
        self.spawner = None
        self.wanted, self.deny, self.shared, self.filtered = level, deny, list(shared), filtered
        self.temporary, self.recall, self.may_fork = temporary, recall, may_fork
        self.attempts = []
        self.start_spawner()

    def start_spawner(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {"PATH": os.environ["PATH"]} | ({"SLUICE_DENY": self.deny} if self.deny else {})

        def three():
            os.umask(0o077)  # the spawner must not depend on its server's
            if not self.may_fork:
                resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)
        if theirs.fileno() == 3:
            os.set_inheritable(3, True)
        self.process = subprocess.Popen([str(INIT), "--spawner"], env=environment, close_fds=False,
                                        preexec_fn=three)
        theirs.close()
        self.spawner = ours
        fds = []
        if self.filtered:
            fds += [os.open(filter_file(), os.O_RDONLY), os.open(filter_file("network"), os.O_RDONLY)]
        fds.append(os.dup(self.control[0]))
        hello = message(HELLO, 1, level=self.wanted, data_dir=str(self.data), shared=self.shared,
                        id_base=BASE if os.geteuid() == 0 else 0, has_filter=self.filtered,
                        has_control=True, temporary=self.temporary,
                        recall=str(self.recall) if self.recall else None)
        socket.send_fds(ours, [hello], fds)
        for fd in fds:
            os.close(fd)
        self.ready = receive(ours)[0]
        self.level = self.ready["level"] if self.ready else None

    def spec(self, name: str, argv, **more) -> dict:
        s = {"id": name, "level": self.level, "argv": list(argv)} | more
        if os.geteuid() == 0 and self.level != NONE:
            s.setdefault("id_base", BASE)
        return s

    def order(self, name: str, argv, join: Attempt | None = None, before=None, **more) -> Attempt:
        """Tells the spawner, without waiting."""
        a = Attempt(self, name)
        a.dir.mkdir(parents=True, mode=0o700)
        if before:
            before(a.dir)
        self.tag += 1
        a.tag = self.tag
        self.attempts.append(a)
        spec = memfd(spec_bytes(self.spec(name, argv, **more)))
        fds = [spec, os.open(a.dir, os.O_RDONLY | os.O_DIRECTORY)]
        if join:
            fds.append(os.open(join.dir, os.O_RDONLY | os.O_DIRECTORY))
        try:
            socket.send_fds(self.spawner, [message(SPAWN, a.tag, join=bool(join))], fds)
        finally:
            for fd in fds:
                os.close(fd)
        return a

    def answer(self, a: Attempt, timeout: float = WAIT) -> dict:
        while True:
            m, fds = receive(self.spawner, timeout)
            if m is None:
                raise ConnectionError("the spawner is gone")
            if m["type"] in (SPAWNED, FAILED):
                for other in self.attempts:
                    if other.tag == m["tag"] and m["type"] == SPAWNED:
                        other.pid, (other.pidfd, other.life) = m["pid"], fds
                if m["tag"] == a.tag:
                    return m

    def next_but_ends(self) -> dict:
        """The spawner's next message; it may still tell of attempts of earlier cases that ended."""
        while True:
            m, _ = receive(self.spawner)
            if m is None:
                raise ConnectionError("the spawner is gone")
            if m["type"] != ENDED:
                return m

    def start(self, name: str, argv, **more) -> Attempt:
        a = self.order(name, argv, **more)
        m = self.answer(a)
        if m["type"] != SPAWNED:
            raise RuntimeError(m["text"])
        return a

    def run(self, name: str, argv, timeout: float = WAIT, **more):
        a = self.start(name, argv, **more)
        return a, a.wait(timeout)

    def sh(self, name: str, script: str, **more):
        return self.run(name, ["/bin/sh", "-c", script], **more)

    def kill_spawner(self):
        self.process.kill()
        self.process.wait()
        self.spawner.close()

    def close(self):
        if self.closed:
            return
        self.closed = True
        self.spawner.close()
        self.process.wait(WAIT)
        os.close(self.control[0]), os.close(self.control[1])
        for a in self.attempts:
            if a.pidfd >= 0:
                try:
                    signal.pidfd_send_signal(a.pidfd, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                os.close(a.pidfd)
                os.close(a.life)
        if self.owns:
            subprocess.run(["chmod", "-R", "u+rwx", str(self.data)], check=False,
                           stderr=subprocess.DEVNULL)
            shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self): return self
    def __exit__(self, *_): self.close()


class Tap:
    """Runs functions as tests and prints TAP."""

    def __init__(self):
        self.n, self.bad = 0, 0

    def run(self, function, *args, name: str | None = None):
        self.n += 1
        title = name or function.__name__.replace("_", " ").strip()
        try:
            skip = function(*args)
            print(f"ok {self.n} - {title}" + (f" # SKIP {skip}" if skip else ""), flush=True)
        except Exception as why:  # pylint: disable=broad-except
            import traceback
            self.bad += 1
            print(f"not ok {self.n} - {title}", flush=True)
            for line in traceback.format_exc().splitlines() or [str(why)]:
                print(f"# {line}", flush=True)

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.bad else 0)
