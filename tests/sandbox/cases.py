"""What every level promises, and what only the higher ones do.  Each case gets a running server."""
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import time

import box
from box import FULL, MISSING, NONE, SAVED, UNSAVED, until

PYTHON = "/usr/bin/python3"
EXISTS = -5  # ERR_EXISTS


def boxed(s): return s.level != NONE
def limits(s): return s.ready["memory"] and s.ready["pids"]


# --- any level ---

def a_command_runs_and_its_end_is_recorded(s):
    before = time.time_ns() // 1000
    a, x = s.sh("plain", "echo out; echo err >&2; printf 'no newline'; exit 3", result_bytes=262144)
    assert (x["executed"], x["code"], x["signal"], x["text"]) == (True, 3, 0, None), x
    assert before <= x["started_us"] <= x["ended_us"] <= x["saved_us"], x
    assert box.started_record(a.dir) == {"id": "plain", "fenced": False,
                                         "at_us": x["started_us"]}
    assert (a.dir / "result").read_text() == "out\nno newline"
    assert a.log() in ("out\nerr\nno newline\n", "out\nno newline\nerr\n", "err\nout\nno newline\n"), a.log()
    fields = (a.dir / "log").read_text().splitlines()[0].split(" ")
    assert len(fields[0]) == 30 and fields[0].endswith("Z") and fields[2] == "F", fields
    try:
        a.connect()
        raise AssertionError("somebody still listens")
    except ConnectionRefusedError:
        pass


def a_missing_command_is_not_an_end_of_the_step(s):
    a, x = s.run("missing", ["no-such-program"])
    assert not x["executed"] and x["code"] == 127, x
    assert "no-such-program" in x["text"] and "not found" in x["text"], x
    a, x = s.run("denied", ["/usr"])
    assert not x["executed"] and x["code"] == 126, x


def a_signal_ends_as_128_plus_its_number(s):
    _, x = s.sh("segv", "kill -SEGV $$")
    assert x["signal"] == 11 and x["code"] == 139, x


def the_race_for_started_has_one_winner(s):
    a = s.order("fenced", ["/bin/sh", "-c", "echo ran"], before=lambda d: box.fence(d, "fenced"))
    m = s.answer(a)
    assert m["type"] == box.FAILED and m["code"] == EXISTS, m
    assert box.started_record(a.dir)["fenced"]
    assert not (a.dir / "exit").exists() and (a.dir / "log").read_text() == ""


def stop_lets_the_command_end_by_itself(s):
    a = s.start("polite", ["/bin/sh", "-c", "trap 'echo bye; exit 5' TERM; echo up; "
                           "while :; do sleep 0.02; done"])
    until(lambda: "up" in a.log(), "the trap is set")
    assert a.ask(box.STOP, grace_us=20_000_000)["type"] == box.DONE
    x = a.wait()
    assert x["code"] == 5 and x["stopped"] and "bye" in a.log(), x


def what_ignores_sigterm_is_killed_after_the_grace_period(s):
    a = s.start("stubborn", ["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.02; done"])
    until(lambda: "up" in a.log(), "the trap is set")
    begin = time.monotonic()
    a.ask(box.STOP, grace_us=300_000)
    state = a.ask(box.STATUS)
    assert state["state"] == 2 and state["stop_us"] > 0, state
    x = a.wait()
    assert x["code"] == 137 and x["signal"] == 9 and x["stopped"], x
    assert 0.25 < time.monotonic() - begin < 10


def the_deadline_holds_while_the_server_is_dead(s):
    with box.Server(s.wanted, s.deny, filtered=s.filtered) as other:
        a = other.start("late", ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.02; done"],
                        deadline_us=time.time_ns() // 1000 + 300_000, grace_us=100_000)
        other.kill_spawner()
        x = a.wait()
        assert x["deadline"] and x["code"] == 137, x
        other.start_spawner()


def attempts_outlive_spawner_and_server(s):
    with box.Server(s.wanted, s.deny, filtered=s.filtered) as other:
        a = other.start("survivor", ["/bin/sh", "-c", "while [ ! -e /tmp/stop-$ID ]; do sleep 0.02; "
                                     "done"], env=["PATH=/usr/bin:/bin", f"ID={os.getpid()}"])
        other.kill_spawner()
        other.start_spawner()
        state = a.ask(box.STATUS)
        assert state["state"] == 1 and state["id"] == "survivor", state
        a.ask(box.SIGNAL, signal=signal.SIGTERM)
        assert a.wait()["signal"] == signal.SIGTERM


def die_with_server_ends_with_the_control_pipe(s):
    with box.Server(s.wanted, s.deny, filtered=s.filtered) as other:
        a = other.start("mortal", ["/bin/sleep", "1000"], die_with_server=True)
        b = other.start("immortal", ["/bin/sleep", "1000"])
        other.kill_spawner()
        os.close(other.control[1])
        x = a.wait()
        assert x["signal"] == 9 and x["stopped"], x
        assert b.ask(box.STATUS)["state"] == 1
        b.ask(box.STOP, grace_us=0)
        b.wait()
        other.control = os.pipe()
        other.start_spawner()


def a_temporary_directory_goes_with_its_server(s):
    with box.Server(s.wanted, s.deny, filtered=s.filtered, temporary=True) as other:
        make = "mkdir -p /tmp/x/y && chmod 0 /tmp/x; " if boxed(s) else ""
        a = other.start("mortal", ["/bin/sh", "-c", make + "exec sleep 1000"], die_with_server=True)
        if make:
            until(lambda: list(a.dir.glob("upper*/**/x")), "the step has written")
        other.spawner.close()
        a.dir.joinpath("late").touch()  # as long as the server lives, it is the server's
        os.close(other.control[1])
        other.process.wait(box.WAIT)
        assert not other.data.exists(), list(other.data.rglob("*"))
        other.control = os.pipe()


def what_the_command_leaves_behind_is_killed(s):
    times = [f"100{i}.{os.getpid():07}" for i in range(2)]  # no other process sleeps so long
    a, x = s.sh("orphans", f"(setsid sleep {times[0]} & ) ; (trap '' TERM HUP; sleep {times[1]} & ); "
                "echo $$; exit 0")
    assert x["code"] == 0, x
    left = [pid for pid in os.listdir("/proc") if pid.isdigit()
            and command_line(pid) in [f"sleep\0{time}\0".encode() for time in times]]
    assert left == [], left


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def no_descriptor_of_init_reaches_the_command(s):
    a, x = s.run("fds", [PYTHON, "-c", "import os\n"
                         "d = os.open('/proc/self/fd', os.O_RDONLY)\n"
                         "print(sorted(int(f) for f in os.listdir('/proc/self/fd')))"])
    assert x["code"] == 0
    seen = [int(n) for n in a.log().strip("[]\n").split(",")]
    assert seen[:3] == [0, 1, 2] and len(seen) <= 5, seen


def init_cannot_be_traced_or_read(s):
    pid = "1" if boxed(s) else "os.getppid()"
    a, x = s.run("tracer", [PYTHON, "-c", f"""
import ctypes, os
pid = {pid}
libc = ctypes.CDLL(None, use_errno=True)
print("attach", libc.ptrace(16, pid, 0, 0))
print("seize", libc.ptrace(0x4206, pid, 0, 0))
for name in ("mem", "fd", "environ", "maps"):
    path = f"/proc/{{pid}}/{{name}}"
    try:
        if name == "fd":
            n = [os.readlink(f"{{path}}/{{i}}") for i in range(20)]
        elif name == "mem":
            n = open(path, "rb")
            n.seek(0x400000); n = n.read(10)
        else:
            n = open(path, "rb").read()
        print(name, "open", n)
    except OSError as e:
        print(name, "refused")
buffer = ctypes.create_string_buffer(8)
class V(ctypes.Structure): _fields_ = [("p", ctypes.c_void_p), ("n", ctypes.c_size_t)]
l, r = V(ctypes.addressof(buffer), 8), V(0x400000, 8)
print("readv", libc.process_vm_readv(pid, ctypes.byref(l), 1, ctypes.byref(r), 1, 0))
"""])
    assert x["code"] == 0, a.log()
    assert a.log() == "attach -1\nseize -1\nmem refused\nfd refused\nenviron refused\n" \
                      "maps refused\nreadv -1\n", a.log()


def long_arguments_travel(s):
    args = ["x" * 100_000 for _ in range(10)]
    a, x = s.run("long", [PYTHON, "-c", "import sys; print(sum(map(len, sys.argv[1:])))", *args])
    assert x["code"] == 0 and a.log() == "1000000\n", (x, a.log())


def the_log_keeps_head_and_tail(s):
    cap = 1 << 20
    a, x = s.run("chatty", [PYTHON, "-c",
                            "for i in range(200000): print(i, 'some words to fill the line')"],
                 log_bytes=cap)
    size = (a.dir / "log").stat().st_size
    text = a.log().splitlines()
    assert cap * 0.9 < size < cap + 1000, size
    assert text[0].startswith("0 some") and text[-1].startswith("199999 some"), text[-1]
    marks = [t for t in text if t.startswith("[sluice:")]
    assert len(marks) == 2 and x["log_lost"] > cap, (marks, x)
    assert not (a.dir / "log.tail").exists()
    numbers = [int(t.split()[0]) for t in text if not t.startswith("[")]
    assert numbers == sorted(numbers)


def two_gigabytes_of_log_cost_only_the_cap(s):
    a, x = s.run("flood", ["/bin/sh", "-c", "head -c 2000000000 /dev/zero | tr '\\0' x; echo end"],
                 timeout=120)
    assert x["code"] == 0 and x["log_bytes"] == 2_000_000_004, x
    assert (a.dir / "log").stat().st_size < (64 << 20) + 1000
    assert a.log().rstrip().endswith("end")


def the_result_is_cut_at_its_limit(s):
    a, x = s.sh("result", "head -c 300000 /dev/zero | tr '\\0' r; echo err >&2", result_bytes=262144)
    assert x["result_bytes"] == 262144 and (a.dir / "result").read_bytes() == b"r" * 262144


def stdin_is_empty(s):
    a, x = s.sh("stdin", "cat; echo done")
    assert x["code"] == 0 and a.log() == "done\n"


def work(s, a):
    """A directory that the command may write to, as it sees it."""
    return "/tmp" if boxed(s) else str(s.data / "pods" / a / "work")


def outputs_are_copied_from_inside(s):
    w = work(s, "saver")
    a, x = s.sh("saver", f"""set -e; cd {w}
        echo value > param; mkdir -p tree/deep; echo 1 > tree/deep/file; ln -s deep/file tree/link
        ln -s /etc/shadow tree/secret; chmod 700 tree/deep/file; mkfifo tree/pipe
        ln -s param followed; head -c 3000 /dev/zero > big; mkfifo pipe; ln -s loop loop
        mkdir toomuch; head -c 3000 /dev/zero > toomuch/a""",
        outputs=[(f"{w}/param", "p", 1000), (f"{w}/tree", "t", 1000), (f"{w}/none", "n", 1000),
                 (f"{w}/followed", "f", 1000), (f"{w}/big", "b", 2000), (f"{w}/pipe", "i", 1000),
                 (f"{w}/loop", "l", 1000), (f"{w}/toomuch", "m", 2000)])
    assert x["code"] == 0, a.log()
    o, out = x["outputs"], a.dir / "outbox"
    assert o["p"] == {"state": SAVED, "type": stat.S_IFREG, "bytes": 6, "text": None}, o
    assert (out / "p").read_text() == "value\n" and (out / "f").read_text() == "value\n"
    assert o["t"]["state"] == SAVED and o["t"]["type"] == stat.S_IFDIR, o
    assert os.readlink(out / "t/link") == "deep/file" and os.readlink(out / "t/secret") == "/etc/shadow"
    assert (out / "t/deep/file").stat().st_mode & 0o777 == 0o700
    assert not (out / "t/pipe").exists()
    assert o["n"]["state"] == MISSING and "No such file" in o["n"]["text"], o["n"]
    assert o["b"]["state"] == UNSAVED and "2000 bytes" in o["b"]["text"], o["b"]
    assert o["i"]["state"] == UNSAVED and "neither a file" in o["i"]["text"], o["i"]
    assert o["l"]["state"] == UNSAVED and o["m"]["state"] == UNSAVED, o
    assert sorted(p.name for p in out.iterdir()) == ["f", "p", "t"]


def an_output_that_links_to_a_host_file_gives_nothing_away(s):
    secret = s.data / "secret-key"
    secret.write_text("key")
    secret.chmod(0o600)
    w = work(s, "thief")
    a, x = s.sh("thief", f"ln -s {secret} {w}/stolen; ln -s /etc/shadow {w}/shadow",
                outputs=[(f"{w}/stolen", "s", 1000), (f"{w}/shadow", "h", 10000)])
    if boxed(s):
        assert x["outputs"]["s"]["state"] == MISSING, x
        assert x["outputs"]["h"]["state"] == MISSING, x
    elif os.geteuid() != 0:  # at level none a step reads what its user reads, and no more
        assert x["outputs"]["h"]["state"] == UNSAVED, x


def the_termination_message_is_kept(s):
    w = work(s, "message")
    _, x = s.sh("message", f"printf 'because\\000of' > {w}/message; exit 1", message_path=f"{w}/message")
    assert x["message"] == "because of", x


def exec_runs_beside_the_command(s):
    a = s.start("host", ["/bin/sleep", "1000"])
    r, w = os.pipe()
    null = os.open("/dev/null", os.O_RDONLY)
    with a.connect() as c:
        socket.send_fds(c, [box.message(box.EXEC, 1, argv=["/bin/sh", "-c",
                                                           "echo in $0; cat /proc/$PPID/comm; exit 9"])],
                        [null, w, w])
        os.close(w)
        assert box.receive(c)[0]["type"] == box.STARTED
        m = box.receive(c)[0]
        assert m["type"] == box.EXITED and m["code"] == 9, m
        assert os.read(r, 1000).startswith(b"in /bin/sh\n")
        os.close(r)
        socket.send_fds(c, [box.message(box.EXEC, 2, argv=["no-such-program"])], [null, null, null])
        assert box.receive(c)[0]["type"] == box.STARTED
        m = box.receive(c)[0]
        assert m["code"] == 127 and "not found" in m["text"], m
        socket.send_fds(c, [box.message(box.EXEC, 3, argv=["/bin/sleep", "1000"], timeout_us=100_000)],
                        [null, null, null])
        assert box.receive(c)[0]["type"] == box.STARTED
        m = box.receive(c)[0]
        assert m["code"] == 137 and "time-out" in m["text"], m
        socket.send_fds(c, [box.message(box.EXEC, 4, argv=["/bin/sleep", "1000"])], [null] * 3)
        assert box.receive(c)[0]["type"] == box.STARTED
        assert a.ask(box.STATUS)["execs"] == 1
    until(lambda: a.ask(box.STATUS)["execs"] == 0, "the end of the connection ends its exec")
    os.close(null)
    a.ask(box.STOP, grace_us=0)
    a.wait()


def exec_has_a_terminal(s):
    a = s.start("host2", ["/bin/sleep", "1000"])
    with a.connect() as c:
        c.send(box.message(box.EXEC, 1, argv=["/bin/sh", "-c", "tty >/dev/null && stty size; read x; "
                                              "stty size; echo got $x"], tty=True, rows=11, cols=22))
        m, fds = box.receive(c)
        assert m["type"] == box.STARTED and len(fds) == 1, m
        text = b""
        while b"11 22" not in text:
            text += os.read(fds[0], 1000)
        assert a.ask(box.RESIZE, exec=m["exec"], rows=33, cols=44)["type"] == box.DONE
        os.write(fds[0], b"word\n")
        while b"got word" not in text:
            text += os.read(fds[0], 1000)
        assert b"33 44" in text, text
        assert box.receive(c)[0]["code"] == 0
        os.close(fds[0])
    a.ask(box.STOP, grace_us=0)
    a.wait()


def the_command_can_have_a_terminal(s):
    a = s.start("tty", ["/bin/sh", "-c", "trap 'stty size; exit 0' WINCH; "
                        "test -t 0 && test -t 1 && test -t 2 && echo yes; "
                        "while :; do sleep 0.02; done"], tty=True, result_bytes=1000)
    until(lambda: "yes" in a.log(), "it has a terminal")
    assert a.ask(box.RESIZE, exec=0, rows=5, cols=6)["type"] == box.DONE
    assert a.wait()["code"] == 0 and "5 6" in a.log(), a.log()


def nonsense_on_the_control_socket_is_refused(s):
    a = s.start("target", ["/bin/sleep", "1000"])
    with a.connect() as c:
        for junk in (b"x", b"slx1", b"slx1" + b"\xff" * 100, b"\0" * 2000,
                     box.message(box.STATUS, 1) + b"more", box.message(box.SPAWN, 1, join=True)):
            c.send(junk)
            m = box.receive(c)[0]
            assert m["type"] == box.REFUSED and m["text"], m
    assert a.ask(box.SIGNAL, signal=1000)["type"] == box.REFUSED
    assert a.ask(box.STATUS)["type"] == box.STATE
    a.ask(box.STOP, grace_us=0)
    a.wait()


def a_bad_specification_is_refused_in_words(s):
    for more, words in (({"cwd": "relative"}, "absolute"), ({"argv": []}, "no command"),
                        ({"capabilities": 1 << 19}, "SYS_PTRACE"),
                        ({"outputs": [("/a", "../b", 1)]}, "plain file name"),
                        ({"mounts": [{"source": "relative", "target": "/x"}]}, "absolute"),
                        ({"level": 3}, "unknown")):
        a = s.order(f"bad{len(s.attempts)}", **({"argv": ["/bin/true"]} | more))
        m = s.answer(a)
        assert m["type"] == box.FAILED and words in m["text"], (more, m)
        assert not a.started()
    tag = 999
    fds = [box.memfd(b"garbage"), os.open(s.data, os.O_RDONLY)]
    socket.send_fds(s.spawner, [box.message(box.SPAWN, tag, join=False)], fds)
    assert s.next_but_ends()["type"] == box.FAILED
    s.spawner.send(b"slx1nonsense")
    assert s.next_but_ends()["type"] == box.FAILED
    for fd in fds:
        os.close(fd)


def rlimits_and_environment_are_the_specifications(s):
    a, x = s.sh("rlimit", "ulimit -n; ulimit -c; echo $A$B; env | sort | head -3",
                rlimits=[(7, 123, 123), (4, 0, 0)], env=["PATH=/bin:/usr/bin", "A=1", "B=2"])
    assert a.log().splitlines()[:3] == ["123", "0", "12"], a.log()


def many_at_once(s):
    many = [s.order(f"many{i}", ["/bin/sh", "-c", f"echo {i}"]) for i in range(40)]
    s.answer(many[-1])
    for i, a in enumerate(many):
        until(lambda a=a: (a.dir / "exit").exists(), "all end")
        assert a.log() == f"{i}\n"


# --- levels with a root of their own ---

SECRETS = ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssl/private", "/root/.ssh",
           "/root/.bashrc", "/home/*", "/var/lib/dpkg", "/var/log/*", "/boot/*", "/proc/kcore",
           "/run/docker.sock", "/etc/machine-id", "/etc/hostname", "/sys/kernel", "/sys/firmware",
           "/sys/fs", "/dev/kmsg", "/dev/mem", "/dev/fuse", "/dev/vda", "/lost+found", "/work"]


def the_hosts_secrets_are_not_there(s):
    key = s.data / "store.key"
    key.write_text("k")
    paths = [*SECRETS, str(key), str(s.data), str(s.data / "pods"), str(box.ROOT)]
    a, x = s.sh("reader", "for p in " + " ".join(paths) + "; do for f in $p; do "
                "if [ -e $f ]; then head -c 1 $f >/dev/null 2>&1 && echo reads $f; "
                "ls $f >/dev/null 2>&1 && [ -d $f ] && [ -n \"$(ls -A $f)\" ] && echo lists $f; fi; "
                "done; done; echo done")
    assert a.log() == "done\n", a.log()


def what_comes_to_the_hosts_root_later_is_hidden_too(s):
    if os.geteuid() != 0:
        return "only root can make names there"
    name = f"box-{os.getpid()}"
    look = f"[ -e /{name}/secret ] || [ -L /{name}-link ]; echo seen $?"
    running = s.start("running", ["/bin/sh", "-c", f"trap '{look}; exit 0' TERM; echo ready; "
                                  "while :; do sleep 0.01; done"])
    until(lambda: "ready" in running.log(), "it runs")
    try:
        os.mkdir(f"/{name}")
        pathlib.Path(f"/{name}/secret").write_text("told")
        os.symlink("/nowhere", f"/{name}-link")
        if s.level == FULL:  # without further ado, for those that run
            layers = pathlib.Path(f"/proc/{s.process.pid}/root{s.data}/layers")
            until(lambda: list(layers.glob(f"skeleton-*/{name}-link")), "the spawner has hidden it")
        a, _ = s.sh("later", look)
        assert a.log() == "seen 1\n", a.log()
        a, _ = s.sh("mkdir", f"mkdir /{name} /{name}-link && {look}", read_only_root=False)
        assert a.log() == "seen 1\n", a.log()
        running.ask(box.STOP, grace_us=20_000_000)
        running.wait()
        assert running.log() == "ready\nseen 1\n", running.log()
    finally:
        os.unlink(f"/{name}-link")
        shutil.rmtree(f"/{name}")


def the_whole_tree_is_on_the_list(s):
    a, x = s.run("lister", [PYTHON, "-c", """
import os
skip = {"/usr", "/opt", "/proc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
        "/sys/devices/system", "/etc/alternatives", "/etc/ssl/certs", "/etc/fonts", "/etc/terminfo",
        "/etc/perl", "/etc/python3", "/etc/ld.so.conf.d", "/etc/ca-certificates", "/etc/java",
        "/etc/environment.d", "/etc/OpenCL", "/etc/openmpi", "/etc/python", "/etc/crypto-policies"}
def walk(d):
    for name in sorted(os.listdir(d)):
        path = d.rstrip("/") + "/" + name
        print(path)
        if path not in skip and os.path.isdir(path) and not os.path.islink(path):
            walk(path)
walk("/")
"""])
    assert x["code"] == 0, a.log()
    have = set(a.log().split())
    must = {"/bin", "/usr", "/etc", "/etc/passwd", "/etc/group", "/dev/null", "/dev/zero", "/dev/full",
            "/dev/random", "/dev/urandom", "/dev/tty", "/dev/pts", "/dev/pts/ptmx", "/dev/ptmx",
            "/dev/shm", "/dev/termination-log", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/proc", "/sys",
            "/sys/devices", "/sys/devices/system", "/tmp", "/root", "/home", "/var", "/var/tmp", "/run"}
    may = must | {"/" + n for n in ("lib", "lib32", "lib64", "libx32", "sbin", "opt", "media", "mnt",
                                    "srv", "dev", "run/lock", "run/argo", "run/secrets",
                                    "run/secrets/kubernetes.io", "run/secrets/kubernetes.io/serviceaccount",
                                    "var/cache", "var/lib", "var/lock", "var/log", "var/run")}
    may |= {"/etc/" + n for n in """alternatives bash.bashrc ca-certificates ca-certificates.conf
        crypto-policies debian_version environment.d fonts gai.conf host.conf hosts inputrc java
        ld.so.cache ld.so.conf ld.so.conf.d locale.alias locale.conf localtime magic magic.mime
        mime.types networks nsswitch.conf OpenCL openmpi os-release perl pki profile protocols python
        python3 redhat-release resolv.conf rpc services ssl ssl/certs ssl/openssl.cnf ssl/cert.pem
        terminfo timezone xattr.conf""".split()}
    assert must <= have, must - have
    assert have <= may, have - may


def nothing_reaches_outside(s):
    victim = subprocess.Popen(["/bin/sleep", "1000"])
    a, x = s.run("escape", [PYTHON, "-c", f"""
import ctypes, os, signal, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
    print(name, getattr(libc, name)(*args))
for pid in ({victim.pid}, {s.process.pid}, {os.getpid()}):
    try:
        os.kill(pid, 9); print("killed", pid)
    except OSError:
        pass
call("mount", b"none", b"/mnt", b"tmpfs", 0, None)
call("umount2", b"/proc", 2)
call("unshare", 0x10000000)
call("unshare", 0x00020000)
call("setns", 0, 0)
call("syscall", 313, 0, b"", 0)      # finit_module
call("syscall", 175, None, 0, b"")   # init_module
call("syscall", 169, 0, 0, 0, 0)     # reboot
call("syscall", 425, 1, None)        # io_uring_setup
call("syscall", 321, 0, None, 0)     # bpf
call("syscall", 298, None, 0, -1, -1, 0)  # perf_event_open
call("syscall", 250, 0, 0, 0, 0, 0)  # keyctl
call("syscall", 304, -100, None, 0)  # open_by_handle_at
call("sethostname", b"x", 1)
call("swapon", b"/tmp", 0)
call("socket", 40, 1, 0)
call("socket", 17, 3, 0)
try:
    os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)); open("/tmp/disk", "rb").read(1); print("disk")
except OSError:
    pass
try:
    os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGTERM)
except OSError:
    pass
try:
    open("/proc/sysrq-trigger", "w").write("h"); print("sysrq")
except OSError:
    pass
print("end")
"""])
    assert victim.poll() is None, "a process outside was killed"
    victim.kill()
    victim.wait()
    lines = a.log().splitlines()
    assert lines[-1] == "end" and x["code"] == 0, a.log()
    assert all(l.split()[1] == "-1" for l in lines[:-1]) and len(lines) == 18, a.log()


def a_root_made_ahead_holds_nothing_of_a_step(s):
    if not s.ready["findings"]["overlay"][0]:
        return "no overlays here"
    with box.Server(s.wanted, s.deny, filtered=s.filtered) as other:
        layers, mine = other.data / "layers", f"upper.{other.process.pid}.*"
        for i in range(3):
            if i == 2:
                until(lambda: list(layers.glob(mine)), "a root is made ahead")
            a, x = other.sh(f"ahead{i}", "find /tmp /root -mindepth 1; touch /tmp/mine /root/mine")
            assert x["code"] == 0 and a.log() == "", a.log()
        assert (a.dir / "upper").is_dir() and (a.dir / "work").is_dir()
        other.kill_spawner()
        assert list(layers.glob(mine))
        other.start_spawner()
        assert not list(layers.glob(mine))
        for i in range(2):
            other.sh(f"again{i}", "true")
        until(lambda: list(layers.glob("upper.*")), "a root is made ahead")
        other.spawner.shutdown(socket.SHUT_RDWR)
        other.process.wait(box.WAIT)
        assert not list(layers.iterdir())


def capabilities_are_the_usual_set(s):
    a, x = s.sh("caps", "grep -E 'Cap(Prm|Eff|Bnd|Inh|Amb)|NoNew|Seccomp:' /proc/self/status")
    got = dict(l.split(":\t") for l in a.log().splitlines())
    assert int(got["CapBnd"], 16) == int(got["CapEff"], 16) == box.USUAL, a.log()
    assert int(got["CapInh"], 16) == int(got["CapAmb"], 16) == 0 and got["NoNewPrivs"] == "1", a.log()
    assert got["Seccomp"] == ("2" if s.filtered and "seccomp" not in s.deny else "0"), a.log()
    a, x = s.sh("nocaps", "grep CapEff /proc/self/status", capabilities=0)
    assert a.log() == "CapEff:\t0000000000000000\n", a.log()


def records_cannot_be_forged(s):
    a = s.start("forger", ["/bin/sh", "-c", f"""
        for f in started exit log control; do
            for d in {s.data}/pods/forger /proc/1/cwd /proc/1/root /; do
                mkdir -p $d 2>/dev/null; echo forged > $d/$f; done; done 2>/dev/null
        kill -9 1; kill -STOP 1; sleep 0.05; exit 4"""])
    x = a.wait()
    assert x["code"] == 4 and x["id"] == "forger", x
    assert box.started_record(a.dir)["id"] == "forger"
    assert "forged" not in (a.dir / "log").read_text()


def two_steps_do_not_see_each_other(s):
    first = s.start("first", ["/bin/sh", "-c", "echo mine > /tmp/mine; echo up; exec sleep 1000"])
    until(lambda: "up" in first.log(), "it wrote its file")
    a, x = s.sh("second", "ls /tmp; ls /dev/shm; ps ax 2>/dev/null | grep -c '[s]leep 1000'; hostname",
                hostname="second")
    assert a.log() == "0\nsecond\n", a.log()
    first.ask(box.STOP, grace_us=0)
    first.wait()


def volumes_appear_where_they_belong(s):
    volume = s.data / "volume"
    volume.mkdir(mode=0o777)
    volume.chmod(0o777)
    (volume / "file").write_text("content\n")
    (volume / "sub").mkdir()
    (volume / "sub").chmod(0o777)
    (volume / "out").symlink_to("/etc")
    (volume / "up").symlink_to("../..")
    mounts = [{"source": str(volume), "target": "/data"},
              {"source": str(volume), "target": "/var/run/ro", "read_only": True},
              {"source": str(volume), "sub_path": "sub", "target": "/sub"},
              {"source": str(volume), "sub_path": "new/dir", "target": "/new"},
              {"source": str(volume / "file"), "target": "/etc/one-file", "read_only": True},
              {"source": str(volume / "gone"), "target": "/gone", "optional": True},
              {"kind": 1, "target": "/memory", "size": 1 << 20}]
    a, x = s.sh("volumes", "cat /data/file /etc/one-file; echo x > /sub/x && echo wrote; "
                "echo x > /run/ro/x || echo readonly; ls /new; ls -d /gone; "
                "head -c 2000000 /dev/zero > /memory/x || echo full; mkdir /data/mode 2>&1; cat /etc/extra",
                mounts=mounts, files=[("/etc/extra", b"extra\n", 0o644)])
    lines = a.log().splitlines()
    assert [x for x in lines if x in ("content", "wrote")] == ["content", "content", "wrote"], a.log()
    # The streams are kept apart: a word of stderr may stand before or behind those of stdout.
    assert "readonly" in lines and "full" in lines and "extra" in lines, a.log()
    assert (volume / "sub/x").exists() and (volume / "new/dir").is_dir()
    for path in ("out", "up", "../secret", "out/passwd"):
        b = s.order(f"subpath{len(s.attempts)}", ["/bin/true"],
                    mounts=[{"source": str(volume), "sub_path": path, "target": "/x"}])
        m = s.answer(b)
        assert m["type"] == box.FAILED and "subPath" in m["text"], m


def the_root_can_be_read_only(s):
    a, x = s.sh("readonly", "touch /x || echo no; touch /usr/x || echo no; echo y > /mnt/vol/y && echo yes",
                read_only_root=True, mounts=[{"kind": 1, "target": "/mnt/vol"}])
    lines = [l for l in a.log().splitlines() if l in ("no", "yes")]
    assert lines == (["no", "no", "yes"]), a.log()


def the_working_directory_is_made(s):
    a, x = s.sh("cwd", "pwd", cwd="/some/new/place")
    assert a.log() == "/some/new/place\n", a.log()


def a_pods_containers_share_what_the_holder_holds(s):
    holder = s.start("holder", [], kind=1, hostname="pod1")
    a = s.order("left", ["/bin/sh", "-c", "readlink /proc/self/ns/user /proc/self/ns/ipc "
                         "/proc/self/ns/uts /proc/self/ns/pid; hostname; echo $$"], join=holder)
    assert s.answer(a)["type"] == box.SPAWNED
    a.wait()
    b = s.order("right", ["/bin/sh", "-c", "readlink /proc/self/ns/user /proc/self/ns/ipc "
                          "/proc/self/ns/uts /proc/self/ns/pid; hostname; echo $$"], join=holder)
    assert s.answer(b)["type"] == box.SPAWNED
    b.wait()
    left, right = a.log().splitlines(), b.log().splitlines()
    assert left[:3] == right[:3] and len(left) == 6, (left, right)
    assert left[4:] == ["pod1", "2"], left
    holder.ask(box.STOP, grace_us=0)
    assert holder.wait()["text"] is None
    c = s.order("orphan", ["/bin/true"], join=holder)
    m = s.answer(c)
    assert m["type"] == box.FAILED and "holder" in m["text"], m


def dev_shm_is_the_holders(s):
    holder = s.start("shm", [], kind=1, shm_bytes=8 << 20)
    for name, script, want in (("put", "echo x > /dev/shm/f; ls /dev/shm", "f\n"),
                               ("get", "cat /dev/shm/f; df -k --output=size /dev/shm | tail -n 1 | tr -d ' '", "x\n8192\n")):
        a = s.order(name, ["/bin/sh", "-c", script], join=holder)
        assert s.answer(a)["type"] == box.SPAWNED
        a.wait()
        assert a.log() == want, a.log()
    a, _ = s.sh("alone", "ls /dev/shm")
    assert a.log() == "", a.log()
    holder.ask(box.STOP, grace_us=0)
    holder.wait()


def what_was_found_need_not_be_tried_again(s):
    if s.deny or not s.ready["findings"]["network"][0] or not s.ready["findings"]["volatile"][0]:
        return "something is missing here, which is always tried"
    if "Seccomp:\t0" not in pathlib.Path("/proc/self/status").read_text():
        return "below a filter everything is always tried"
    cache = s.data / "cache"
    recall = cache / "isolation"
    for tried in (True, False):
        with box.Server(s.wanted, filtered=s.filtered, recall=cache) as other:
            text = other.ready["findings"]["userns"][1]
            assert ("tried last" not in text) == tried, text
            _, x = other.sh("recalled", "true")
            assert x["code"] == 0 and other.level == s.level, (x, other.level)
            assert recall.exists()
    with box.Server(s.wanted, filtered=s.filtered, recall=cache) as other:
        a = other.order("doubtful", ["/bin/true"], level=9)
        assert other.answer(a)["type"] == box.FAILED
        until(lambda: not recall.exists(), "what was recalled is doubted")


def what_could_not_be_tried_is_not_taken_for_missing(s):
    if os.geteuid() == 0:
        return "root is not bound by a limit of processes"
    cache = s.data / "untried"
    with box.Server(s.wanted, filtered=s.filtered, recall=cache, may_fork=False) as other:
        assert other.ready["code"] < 0, other.ready
        assert "could not be tried: " in other.ready["text"], other.ready
        other.process.wait(box.WAIT)
        assert not (cache / "isolation").exists()


# --- root ---

def other_users_own_their_files(s):
    a, x = s.sh("user", "id -u; id -g; id -G; touch /tmp/mine; stat -c %u /tmp/mine; "
                "touch /root/x || echo no; grep CapEff /proc/self/status", uid=1000, gid=1001,
                groups=[2000])
    lines = a.log().splitlines()
    assert lines[:4] == ["1000", "1001", "1001 2000", "1000"] and "no" in lines, a.log()
    assert lines[-1].endswith("0" * 16), a.log()


def steps_of_other_ids_chown_and_leave_nothing_that_cannot_be_removed(s):
    a, x = s.sh("ids", "mkdir -p /tmp/a/b && touch /tmp/a/b/f && chown -R 1234:4321 /tmp/a && "
                "stat -c '%u %g' /tmp/a/b/f && chmod 700 /tmp/a && cat /proc/self/uid_map | wc -l")
    assert x["code"] == 0 and a.log().splitlines()[0] == "1234 4321", (x, a.log())
    if os.geteuid() == 0:
        return
    layers = [d for d in a.dir.iterdir() if d.name.startswith(("upper", "work"))]
    assert subprocess.run(["rm", "-rf", *map(str, layers)], capture_output=True, check=False).returncode
    subprocess.run([str(box.INIT), "--reclaim", str(a.dir)], check=True)
    layers = [d for d in layers if d.exists()]
    subprocess.run(["chmod", "-R", "u+rwx", *map(str, layers)], check=True)
    subprocess.run(["rm", "-rf", *map(str, layers)], check=True)


def installed_programs_can_be_changed_privately(s):
    a, x = s.sh("write", "echo x > /usr/bin/only-mine && rm /usr/bin/env && ls /usr/bin/only-mine && "
                "chown 12:13 /usr/bin/only-mine && ls /usr/bin/env")
    assert a.log().startswith("/usr/bin/only-mine\n") and x["code"] == 2, a.log()
    assert not os.path.exists("/usr/bin/only-mine") and os.path.exists("/usr/bin/env")


def the_links_of_alternatives_are_the_hosts_and_change_privately(s):
    a, x = s.sh("links", "cd /etc/alternatives && ls -A && touch mine && rm -f awk && ln -s /bin/false awk && "
                "readlink awk && ls -A mine && ls -ld .")
    lines = a.log().splitlines()
    host = sorted(os.listdir("/etc/alternatives"))
    assert x["code"] == 0 and lines[:-3] and sorted(lines[:-3]) == host, a.log()
    assert lines[-3:-1] == ["/bin/false", "mine"] and " root root " in lines[-1], a.log()
    assert not os.path.exists("/etc/alternatives/mine"), "changed on the host"
    b, x = s.sh("links again", "readlink /etc/alternatives/awk; ls /etc/shadow /etc/alternatives/../passwd-")
    assert b.log().splitlines()[0] == os.readlink("/etc/alternatives/awk"), b.log()
    assert x["code"] == 2, b.log()


def a_kept_etc_is_the_one_that_would_be_generated(s):
    if s.level != box.FULL or s.deny:
        return "only real root keeps one, where nothing is missing"
    if os.stat(s.data).st_dev != os.stat("/").st_dev:
        return "the test's files are not in the file system of /"
    cache = s.data / "kept"
    cache.mkdir()
    show = ("cd /etc && find . | sort && cat $(find . -type f | sort) | sha256sum && "
            "stat -c '%A %U %G %n' . passwd hosts ssl ssl/certs; ls /etc/shadow")

    def run(kept):
        with box.Server(s.wanted, filtered=s.filtered, recall=cache) as other:
            open_now = box.open_files(other.process.pid)
            copies = [c for c in cache.glob("etc.*") if str(c.resolve()) in open_now]
            assert len(copies) == kept, open_now
            a, _ = other.sh("show", show)
            other.sh("change", "touch /etc/mine /etc/ssl/certs/mine && rm /etc/rpc && "
                     "chown 3:4 /etc/profile && echo 1.2.3.4 x >> /etc/hosts && mv /etc/fonts /etc/letters")
            b, _ = other.sh("show again", show)
            assert a.log() == want and b.log() == want, (a.log(), b.log())
            the_whole_tree_is_on_the_list(other)
            the_hosts_secrets_are_not_there(other)
            return copies

    def whole():
        return [c for c in cache.glob("etc.*") if "\nend\n" in (c / "list").read_text()
                ] if list(cache.glob("etc.*/list")) else []

    a, _ = s.sh("generated", show)
    want = a.log()
    run(kept=0)
    until(whole, "a copy is kept")
    first, = run(kept=1)
    assert not (first / "tree/mine").exists() and (first / "tree/rpc").exists()
    assert (first / "tree/passwd").stat().st_mode & 0o022 == 0, "others may change it"

    def stale(change):
        old, = whole()
        change(old)
        run(kept=0)
        until(lambda: whole() and not old.exists(), "another copy takes its place")
        run(kept=1)

    listed = first / "list"
    stale(lambda c: (c / "list").write_text(listed.read_text().replace("=profile\t1", "=profile\t2")))
    stale(lambda c: (c / "list").write_text((c / "list").read_text()[:-5]))  # its maker was killed
    stale(lambda c: c.chmod(0o777))


def a_fork_bomb_meets_its_limit(s):
    a, x = s.run("bomb", [PYTHON, "-c", """
import os
n = 0
try:
    while True:
        if os.fork() == 0:
            os.read(os.pipe()[0], 1)
        n += 1
except OSError as e:
    print(n, e.errno)
"""], pids=50)
    n, errno = map(int, a.log().split())
    assert 30 < n < 50 and errno == 11, a.log()


def too_much_memory_is_reported(s):
    a, x = s.run("hungry", [PYTHON, "-c", "x = b'x' * (200 << 20); print('ate')"],
                 memory_bytes=64 << 20)
    assert x["oom"] and x["code"] == 137, x
    assert (32 << 20) < x["peak"] <= (65 << 20), x
    a, x = s.run("modest", [PYTHON, "-c", "print('fine')"], memory_bytes=64 << 20)
    assert not x["oom"] and x["code"] == 0 and x["peak"] < 64 << 20, x


def the_processor_is_limited(s):
    a, x = s.sh("cpu", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done", cpu_milli=100)
    elapsed = x["ended_us"] - x["started_us"]
    assert x["cpu_us"] < 0.6 * elapsed, x


def a_server_that_cannot_see_this_one_leaves_its_groups_alone(s):
    if os.geteuid() != 0:
        return "only root gets a pid namespace without a user namespace"
    s.sh("seen", "exit 0", pids=30)
    other = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", str(box.BUILD / "sluice"),
                            "doctor"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
                           check=False)
    assert "control groups can be made" in other.stdout, other
    _, x = s.sh("unseen", "exit 0", pids=31)
    assert x["code"] == 0, x
    return None


def groups_are_used_again(s):
    for i in range(5):
        _, x = s.sh(f"again{i}", "exit 0", memory_bytes=(50 + i) << 20, pids=20 + i)
        assert x["code"] == 0 and not x["oom"]


# --- level none ---

def fixed_paths_are_links_while_the_step_runs(s):
    fixed = s.data / "host/fixed/outputs"
    target = s.data / "pods/linked/work/out"
    a, x = s.sh("linked", f"mkdir {target}; echo v > {fixed}/param; readlink {fixed}",
                links=[(str(fixed), str(target))], outputs=[(f"{fixed}/param", "p", 100)])
    assert a.log() == f"{target}\n", a.log()
    assert x["outputs"]["p"]["state"] == SAVED, x
    assert not fixed.is_symlink()
    fixed.mkdir(parents=True, exist_ok=True)
    _, x = s.run("clash", ["/bin/true"], links=[(str(fixed), str(target))])
    assert (x["executed"], x["code"]) == (False, 128) and str(fixed) in x["text"], x
    assert fixed.is_dir() and not fixed.is_symlink()
    _, x = s.run("inside", ["pwd"], cwd=str(fixed / "in"), links=[(str(fixed / "in"), "/usr")])
    assert x["code"] == 0 and not (fixed / "in").is_symlink(), x


def an_attempt_that_lost_the_race_leaves_the_links_of_others_alone(s):
    shared, fixed = s.data / "shared", s.data / "fixed-place"
    shared.mkdir()
    links = [(str(fixed), str(shared))]
    a = s.start("holds-it", ["/bin/sh", "-c", f"while [ ! -e {shared}/go ]; do sleep 0.02; done; "
                             f"echo line > {fixed}/line"], links=links)
    late = s.order("too-late", ["/bin/true"], links=links, before=lambda d: box.fence(d, "too-late"))
    m = s.answer(late)
    assert m["type"] == box.FAILED and m["code"] == EXISTS, m
    (shared / "go").touch()
    x = a.wait()
    assert x["code"] == 0 and (shared / "line").read_text() == "line\n", (x, a.log())
    assert not fixed.is_symlink()


def what_forks_without_end_is_over_with_the_command(s):
    """With a limit for all of the user's processes, as the server sets it."""
    if os.geteuid() == 0:
        return "root is not bound by a limit of processes"
    mine = sum(len(os.listdir(f"/proc/{pid}/task")) for pid in os.listdir("/proc") if pid.isdigit() and
               os.path.exists(f"/proc/{pid}") and os.stat(f"/proc/{pid}").st_uid == os.geteuid())
    for name, bomb in (("group", "f() { while :; do (f) & done; }"),
                       ("sessions", "f() { while :; do setsid sh $BOMB & done; }")):
        script = s.data / f"{name}.sh"
        script.write_text(f"{bomb}\nf 2>/dev/null\n")
        a = s.start(f"bomb-{name}", ["/bin/sh", str(script)], env=[f"PATH=/usr/bin:/bin", f"BOMB={script}"],
                    rlimits=[(6, mine + 200, mine + 200)])
        a.ask(box.STOP, grace_us=300_000)
        a.wait()
        left = [pid for pid in os.listdir("/proc") if pid.isdigit() and str(script).encode()
                in command_line(pid)]
        assert left == [], left
    return None


def holders_need_namespaces(s):
    m = s.answer(s.order("holder", [], kind=1))
    assert m["type"] == box.FAILED and "without isolation" in m["text"], m


ANY = [a_command_runs_and_its_end_is_recorded, a_missing_command_is_not_an_end_of_the_step,
       a_signal_ends_as_128_plus_its_number, the_race_for_started_has_one_winner,
       stop_lets_the_command_end_by_itself, what_ignores_sigterm_is_killed_after_the_grace_period,
       the_deadline_holds_while_the_server_is_dead, attempts_outlive_spawner_and_server,
       die_with_server_ends_with_the_control_pipe, a_temporary_directory_goes_with_its_server, what_the_command_leaves_behind_is_killed,
       no_descriptor_of_init_reaches_the_command, init_cannot_be_traced_or_read,
       long_arguments_travel, the_log_keeps_head_and_tail, two_gigabytes_of_log_cost_only_the_cap,
       the_result_is_cut_at_its_limit, stdin_is_empty, outputs_are_copied_from_inside,
       an_output_that_links_to_a_host_file_gives_nothing_away, the_termination_message_is_kept,
       exec_runs_beside_the_command, exec_has_a_terminal, the_command_can_have_a_terminal,
       nonsense_on_the_control_socket_is_refused, a_bad_specification_is_refused_in_words,
       rlimits_and_environment_are_the_specifications, many_at_once]
BOXED = [the_hosts_secrets_are_not_there, what_comes_to_the_hosts_root_later_is_hidden_too,
         the_whole_tree_is_on_the_list, nothing_reaches_outside,
         a_root_made_ahead_holds_nothing_of_a_step,
         capabilities_are_the_usual_set, records_cannot_be_forged, two_steps_do_not_see_each_other,
         volumes_appear_where_they_belong, the_root_can_be_read_only, the_working_directory_is_made,
         a_pods_containers_share_what_the_holder_holds, dev_shm_is_the_holders,
         what_was_found_need_not_be_tried_again,
         what_could_not_be_tried_is_not_taken_for_missing]
RANGED = [other_users_own_their_files,
          steps_of_other_ids_chown_and_leave_nothing_that_cannot_be_removed]
WRITABLE = [installed_programs_can_be_changed_privately,
            the_links_of_alternatives_are_the_hosts_and_change_privately,
            a_kept_etc_is_the_one_that_would_be_generated]
LIMITED = [a_fork_bomb_meets_its_limit, too_much_memory_is_reported, the_processor_is_limited,
           groups_are_used_again, a_server_that_cannot_see_this_one_leaves_its_groups_alone]
BARE = [fixed_paths_are_links_while_the_step_runs,
        an_attempt_that_lost_the_race_leaves_the_links_of_others_alone,
        what_forks_without_end_is_over_with_the_command, holders_need_namespaces]


def all_of(s):
    cases = list(ANY)
    if boxed(s):
        cases += BOXED
        if os.geteuid() == 0 or s.ready["findings"]["subids"][0]:
            cases += RANGED
    else:
        cases += BARE
    if s.level == FULL:
        cases += WRITABLE
    if limits(s):
        cases += LIMITED
    return cases
