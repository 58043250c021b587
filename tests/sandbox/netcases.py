"""The pod network: what pods can do with addresses, and what they cannot.  Each case gets a server."""
import contextlib
import ipaddress
import os
import socket
import threading

import box
from box import until

PYTHON = "/usr/bin/python3"
POD = 0x7f610000 + (os.getpid() % 255 + 1 << 8)  # 127.97.N.0: another suite may run here
COMMON = """
import ctypes, errno, os, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def tcp(family=socket.AF_INET):
    s = socket.socket(family); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); return s
def call(f, *args):
    try:
        f(*args); return "ok"
    except OSError as e:
        return errno.errorcode[e.errno]
"""


def ip(n: int) -> str:
    return str(ipaddress.ip_address(POD + n))


def python(s, name, n, code, **more):
    a = s.start(name, [PYTHON, "-u", "-c", COMMON + code], address=POD + n, **more)
    return a


def result(s, name, n, code, **more) -> list:
    a = python(s, name, n, code, **more)
    x = a.wait()
    assert x["code"] == 0, (x["code"], x["text"], a.log()[-600:])
    return a.log().splitlines()


@contextlib.contextmanager
def host_server(family=socket.AF_INET, address="127.0.0.1", kind=socket.SOCK_STREAM):
    """Somebody on the machine's loopback, who must hear nothing.  Gives the port and who came."""
    came = []
    with socket.socket(family, kind) as l:
        l.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            l.listen()
        l.settimeout(0.05)
        stop = threading.Event()

        def serve():
            while not stop.is_set():
                try:
                    came.append(l.accept()[1] if kind == socket.SOCK_STREAM else l.recvfrom(100)[1])
                except TimeoutError:
                    pass
        t = threading.Thread(target=serve)
        t.start()
        try:
            yield l.getsockname()[1], came
        finally:
            stop.set()
            t.join()


# --- what works ---

SERVER = """
l = socket.socket(FAMILY); l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
l.bind(ADDRESS); l.listen(); print("up", l.getsockname()[0], flush=True)
while True:
    c, peer = l.accept(); c.sendall((sys.argv[0] if False else "NAME " + peer[0]).encode()); c.close()
"""


def server(s, name, n, address, family="socket.AF_INET"):
    a = python(s, name, n, SERVER.replace("FAMILY", family).replace("ADDRESS", repr(address))
               .replace("NAME", name))
    until(lambda: "up" in a.log(), "the server listens")
    return a


def end(*attempts):
    for a in attempts:
        a.ask(box.STOP, grace_us=0)
        a.wait()


def two_pods_serve_one_port_and_a_third_reaches_both(s):
    a = server(s, "left", 10, ("0.0.0.0", 8080))
    b = server(s, "right", 11, ("::", 8080), "socket.AF_INET6")
    assert ip(10) in a.log() and "::ffff:" + ip(11) in b.log(), (a.log(), b.log())
    got = result(s, "third", 12, f"""
for address in ("{ip(10)}", "{ip(11)}", "::ffff:{ip(10)}"):
    c = socket.create_connection((address, 8080)); print(c.recv(100).decode())
""")
    assert got == [f"left {ip(12)}", f"right ::ffff:{ip(12)}", f"left {ip(12)}"], got
    with socket.create_connection((ip(10), 8080)) as c:  # the machine reaches it too
        assert c.recv(100) == b"left 127.0.0.1"
    end(a, b)


def loopback_is_the_pods_own(s):
    with host_server() as (port, came), host_server(socket.AF_INET6, "::1") as (port6, came6):
        got = result(s, "loop", 13, f"""
l = tcp(); l.bind(("127.0.0.1", 9000)); l.listen()
for to in (("127.0.0.1", 9000), ("localhost", 9000), ("127.1.2.3", 9000), ("0.0.0.0", 9000), ("::1", 9000),
           ("::", 9000), ("::ffff:127.0.0.1", 9000)):
    print(call(socket.create_connection, to))
for to in (("127.0.0.1", {port}), ("127.0.0.2", {port}), ("0.0.0.0", {port}), ("::1", {port6}),
           ("::ffff:127.0.0.1", {port}), ("::", {port6})):
    print(call(socket.create_connection, to))
""")
    assert got == ["ok"] * 7 + ["ECONNREFUSED"] * 6 and not came and not came6, (got, came, came6)


def shared_ports_of_the_machines_loopback_are_reached_under_the_pods_name(s):
    with host_server() as (port, came), host_server() as (other, others):
        got = result(s, "shared", 18, f"""
for to in (("127.0.0.1", {port}), ("::1", {port}), ("localhost", {port}), ("0.0.0.0", {port}), ("127.0.0.2", {port}),
           ("127.0.0.1", {other}), ("::1", {other})):
    print(call(socket.create_connection, to))
l = tcp(); l.bind(("", {port})); l.listen(); print(call(socket.create_connection, ("{ip(18)}", {port})))
""", loopback_ports=[port])
        until(lambda: len(came) == 4, "all have come")
    assert got == ["ok"] * 4 + ["ECONNREFUSED"] * 3 + ["ok"] and not others, (got, others)
    assert {peer[0] for peer in came} == {ip(18)}, came


def low_ports_are_moved_and_found_again(s):
    a = server(s, "web", 14, ("", 80))
    got = result(s, "browser", 15, f"""
print(socket.create_connection(("{ip(14)}", 80)).recv(100).decode())
l = socket.socket(); print(call(l.bind, ("", 64512 + 80)))
l = tcp(); print(call(l.bind, ("", 80)))
""")
    assert got == [f"web {ip(15)}", "EADDRINUSE", "ok"], got
    with socket.create_connection((ip(14), 64512 + 80)) as c:
        assert c.recv(100) == b"web 127.0.0.1"
    end(a)


def a_listener_without_an_address_is_the_pods(s):
    got = result(s, "unbound", 16, """
l = socket.socket(); l.listen(); print(l.getsockname()[0])
l = socket.socket(socket.AF_INET6); l.listen(); print(l.getsockname()[0])
l = tcp(); l.bind(("192.0.2.1", 7000)); print(l.getsockname())
""")
    assert got == [ip(16), "::ffff:" + ip(16), str((ip(16), 7000))], got


def one_port_for_both_families_is_one_server(s):
    """As asyncio and others do it: 0.0.0.0 and, for IPv6 alone, ::."""
    got = result(s, "pair", 17, """
import asyncio
async def serve(r, w):
    w.write(b"hello"); w.close()
async def main():
    server = await asyncio.start_server(serve, None, 8000)
    print(len(server.sockets))
    for to in ("127.0.0.1", "::1"):
        r, w = await asyncio.open_connection(to, 8000); print((await r.read()).decode())
asyncio.run(main())
""")
    assert got == ["2", "hello", "hello"], got


def datagrams_go_between_pods(s):
    a = python(s, "udp", 18, """
l = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); l.bind(("", 5353)); print("up", flush=True)
data, peer = l.recvfrom(100); print(data.decode(), peer[0], flush=True); l.sendto(b"back", peer)
""")
    until(lambda: "up" in a.log(), "it listens")
    got = result(s, "sender", 19, f"""
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.settimeout(10)
c.sendto(b"ping", ("{ip(18)}", 5353)); print(*c.recvfrom(100))
""")
    a.wait()
    assert got == [f"b'back' ('{ip(18)}', 5353)"] and f"ping {ip(19)}" in a.log(), (got, a.log())


def unix_sockets_mean_what_the_caller_means(s):
    got = result(s, "unix", 20, """
os.umask(0o027); os.mkdir("/tmp/d"); os.chdir("/tmp/d")
l = socket.socket(socket.AF_UNIX); l.bind("here"); l.listen()
print(os.stat("/tmp/d/here").st_mode & 0o777 == 0o750)
c = socket.socket(socket.AF_UNIX); c.connect("here"); p, _ = l.accept()
print(struct.unpack("3i", p.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:] == (os.getuid(), os.getgid()))
print(call(socket.socket(socket.AF_UNIX).connect, "/tmp/none"))
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); d.bind("/tmp/d/gram")
e = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); e.sendto(b"x", "gram"); print(d.recv(10))
os.chroot("/tmp/d"); os.chdir("/"); print(call(socket.socket(socket.AF_UNIX).connect, "/here"))
""")
    assert got == ["True", "True", "ENOENT", "b'x'", "ok"], got


def blocking_connects_wait_and_others_go_on(s):
    got = result(s, "wait", 21, """
l = tcp(); l.bind(("", 7001)); l.listen(0)
fill = [socket.socket() for _ in range(3)]
for f in fill: f.setblocking(False); f.connect_ex(("127.0.0.1", 7001))
done = []
def slow():
    c = socket.socket(); c.connect(("127.0.0.1", 7001)); done.append(1)
t = threading.Thread(target=slow); t.start()
time.sleep(0.05); k = tcp(); k.bind(("", 7002)); k.listen(); print("others go on", len(done))
def accept():
    while True: l.accept()
threading.Thread(target=accept, daemon=True).start()
t.join(30); print(len(done)); os._exit(0)
""")
    assert got == ["others go on 0", "1"], got


def signals_do_not_lose_a_connection(s):
    """Each call is interrupted by handlers at any moment, and returns what it came to.  The signals of one
    call are few: with a timer that goes on for ever, a caller on a busy machine is interrupted each time
    before anybody could have answered it."""
    a = server(s, "target", 22, ("", 7003))
    got = result(s, "alarm", 23, f"""
import random, signal
signal.signal(signal.SIGALRM, lambda *_: None); signal.siginterrupt(signal.SIGALRM, False)
caller = threading.main_thread().ident; left = 0; over = False
def interrupt():
    global left
    while not over:
        time.sleep(random.uniform(0, 0.0002))
        if left > 0:
            left -= 1; signal.pthread_kill(caller, signal.SIGALRM)
t = threading.Thread(target=interrupt); t.start()
bad = []
for i in range(300):
    c = socket.socket(); left = 4
    r = call(c.connect, ("{ip(22)}", 7003))
    if r != "ok": bad.append(r)
    c.close()
over = True; t.join(); print(bad)
""")
    end(a)
    assert got == ["[]"], got


def commands_in_the_container_have_its_address(s):
    a = server(s, "served", 24, ("", 7004))
    read, write = os.pipe()
    with a.connect() as c, open(os.devnull) as null:
        code = "import socket; print(socket.create_connection(('127.0.0.1', 7004)).recv(99).decode())"
        socket.send_fds(c, [box.message(box.EXEC, 1, argv=[PYTHON, "-c", code])],
                        [null.fileno(), write, write])
        assert box.receive(c)[0]["type"] == box.STARTED
        m = box.receive(c)[0]
        os.close(write)
        text = os.read(read, 1000).decode()
        os.close(read)
        assert m["code"] == 0 and text == f"served {ip(24)}\n", (m, text)
    end(a)


# --- attacks ---

def another_pods_address_cannot_be_taken(s):
    got = result(s, "thief", 30, f"""
for family, to in ((socket.AF_INET, ("{ip(31)}", 8080)), (socket.AF_INET6, ("::ffff:{ip(31)}", 8081)),
                   (socket.AF_INET, ("127.0.0.1", 8082)), (socket.AF_INET, ("127.96.0.1", 8083))):
    l = tcp(family); l.bind(to); print(l.getsockname()[0])
""")
    assert got == [ip(30), "::ffff:" + ip(30), ip(30), ip(30)], got


def fast_open_does_not_connect(s):
    with host_server() as (port, came):
        got = result(s, "fast", 32, f"""
F = 0x20000000
print(call(lambda: socket.socket().sendto(b"x", F, ("127.0.0.1", {port}))))
print(call(lambda: socket.socket().sendmsg([b"x"], [], F, ("127.0.0.1", {port}))))
raw = struct.pack("<HH4s8x", 2, socket.htons({port}), socket.inet_aton("127.0.0.1"))
class V(ctypes.Structure): _fields_ = [("p", ctypes.c_char_p), ("n", ctypes.c_size_t)]
class H(ctypes.Structure): _fields_ = [("name", ctypes.c_char_p), ("nn", ctypes.c_uint), ("v", ctypes.POINTER(V)),
    ("vn", ctypes.c_size_t), ("c", ctypes.c_void_p), ("cn", ctypes.c_size_t), ("f", ctypes.c_int), ("len", ctypes.c_uint)]
v = V(b"x", 1); h = H(raw, 16, ctypes.pointer(v), 1, None, 0, 0, 0)
print(libc.sendmmsg(socket.socket().fileno(), ctypes.byref(h), 1, F), errno.errorcode[ctypes.get_errno()])
s = socket.socket(); s.setsockopt(6, 30, 1)  # TCP_FASTOPEN_CONNECT: connect() is deferred to the first write
call(s.connect, ("127.0.0.1", {port})); print(call(s.sendall, b"x"))
""")
    assert got[:3] == ["EPERM", "EPERM", "-1 EPERM"] and got[3] in ("ECONNREFUSED", "EPIPE", "ENOTCONN"), got
    assert not came, came


def other_ways_to_a_socket_are_closed(s):
    got = result(s, "ways", 33, """
def made(*a):
    return call(lambda: socket.socket(*a))
print(made(40, 1, 0), made(17, 3, 0), made(2, 5, 0), made(2, 1, 132), made(10, 5, 132), made(43, 1, 0), made(2, 1, 256))
for nr in (425, 426, 427):
    print(libc.syscall(nr, 1, 0, 0), errno.errorcode[ctypes.get_errno()])
print(libc.syscall(0x40000000 | 42, 3, 0, 0), errno.errorcode[ctypes.get_errno()])
""")
    assert got[0].split() == ["EAFNOSUPPORT"] * 7, got
    assert got[1:4] == ["-1 EPERM"] * 3 and got[4] == "-1 ENOSYS", got


def the_32_bit_table_is_closed(s):
    """int 0x80 reaches i386 calls from a 64-bit program."""
    if os.uname().machine != "x86_64":
        return "only x86-64 has it"
    got = result(s, "int80", 34, """
import mmap
m = mmap.mmap(-1, 4096, prot=7)
m.write(bytes.fromhex("53b866010000bb02000000b901000000ba00000000cd805bc3"))  # i386 socket(2, 1, 0)
f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))
print(f())
""")
    assert got == ["-38"], got
    return None


RACE = """
own = tcp(); own.bind(("", 7005)); own.listen(1000)
def accept():
    while True: own.accept()[0].close()
threading.Thread(target=accept, daemon=True).start()
"""


def changing_the_address_meanwhile_reaches_nobody(s):
    """A thread switches the address in memory between one that is allowed and the machine's."""
    with host_server() as (port, came):
        got = result(s, "memory", 35, RACE + f"""
good = struct.pack("<HH4s8x", 2, socket.htons(7005), socket.inet_aton("{ip(35)}"))
evil = struct.pack("<HH4s8x", 2, socket.htons({port}), socket.inet_aton("127.0.0.1"))
buffer = ctypes.create_string_buffer(good, 16)
stop = False
def flip():
    while not stop:
        ctypes.memmove(buffer, evil, 16); ctypes.memmove(buffer, good, 16)
threading.Thread(target=flip).start()
n = 0
for i in range(3000):
    c = socket.socket(); n += libc.connect(c.fileno(), buffer, 16) == 0; c.close()
stop = True; print(n > 0)
os._exit(0)
""")
    assert got == ["True"] and not came, (got, came)


def swapping_the_descriptor_meanwhile_reaches_nobody(s):
    """A thread puts a TCP socket behind the number of a Unix socket and back."""
    with host_server() as (port, came):
        got = result(s, "swap", 36, RACE + f"""
evil = struct.pack("<HH4s8x", 2, socket.htons({port}), socket.inet_aton("127.0.0.1"))
number = os.dup(0); stop = False
def flip():
    while not stop:
        a = socket.socket(socket.AF_UNIX); b = socket.socket()
        os.dup2(a.fileno(), number); os.dup2(b.fileno(), number); a.close(); b.close()
threading.Thread(target=flip).start()
for i in range(1000):
    libc.connect(number, evil, 16)
stop = True; print("done"); os._exit(0)
""")
    assert got == ["done"] and not came, (got, came)


def abstract_names_of_others_are_out_of_reach(s):
    with socket.socket(socket.AF_UNIX) as host, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gram:
        name = f"sluice-test-{os.getpid()}"
        host.bind("\0" + name)
        host.listen()
        gram.bind("\0" + name + "d")
        gram.settimeout(0.2)
        a = python(s, "mine", 37, f"""
l = socket.socket(socket.AF_UNIX); l.bind("\\0{name}"); l.listen(); print("up", flush=True)
c = socket.socket(socket.AF_UNIX); c.connect("\\0{name}"); l.accept(); print("own ok", flush=True); time.sleep(60)
""")
        until(lambda: "own ok" in a.log(), "the pod has the name for itself")
        got = result(s, "other", 38, f"""
print(call(socket.socket(socket.AF_UNIX).connect, "\\0{name}"))
print(call(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", "\\0{name}d")))
print(call(socket.socket(socket.AF_UNIX).bind, "\\0" + "x" * 107))
""")
        end(a)
        assert got == ["ECONNREFUSED", "ECONNREFUSED", "EINVAL"], got
        host.settimeout(0.05)
        with contextlib.suppress(TimeoutError):
            raise AssertionError(host.accept())


def the_machine_sees_a_pod_as_a_pod(s):
    """Also at the machine's own other addresses: nobody there may take a pod for its owner."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "this machine has no address but loopback"
        address = probe.getsockname()[0]
    if address.startswith("127."):
        return "this machine has no address but loopback"
    with host_server(address=address) as (port, came):
        got = result(s, "inner", 39, f"print(call(socket.create_connection, ('{address}', {port})))")
        until(lambda: came or got != ["ok"], "it came")
    assert all(peer[0] == ip(39) for peer in came), (got, came)
    return None


def ports_of_other_pods_may_be_scanned(s):
    a = server(s, "scanned", 40, ("", 7006))
    got = result(s, "scanner", 41, f"""
print([p for p in range(7000, 7010) if socket.socket().connect_ex(("{ip(40)}", p)) == 0])
""")
    end(a)
    assert got == ["[7006]"], got


def bad_arguments_are_the_callers_errors(s):
    got = result(s, "bad", 42, """
s = socket.socket()
def raw(f, *a):
    ctypes.set_errno(0); r = f(*a); return errno.errorcode.get(ctypes.get_errno(), r)
print(raw(libc.connect, s.fileno(), ctypes.c_void_p(8), 16), raw(libc.connect, 999, b"x" * 16, 16),
      raw(libc.connect, 0, b"x" * 16, 16), raw(libc.bind, s.fileno(), b"\\2\\0", 2),
      raw(libc.bind, s.fileno(), b"x" * 200, 200), raw(libc.listen, 0, 1),
      raw(libc.bind, s.fileno(), b"x" * 16, -1))
""")
    assert got == ["EFAULT EBADF ENOTSOCK EINVAL EINVAL ENOTSOCK EINVAL"], got


ALL = [two_pods_serve_one_port_and_a_third_reaches_both, loopback_is_the_pods_own,
       shared_ports_of_the_machines_loopback_are_reached_under_the_pods_name,
       low_ports_are_moved_and_found_again, a_listener_without_an_address_is_the_pods,
       one_port_for_both_families_is_one_server, datagrams_go_between_pods,
       unix_sockets_mean_what_the_caller_means, blocking_connects_wait_and_others_go_on,
       signals_do_not_lose_a_connection, commands_in_the_container_have_its_address,
       another_pods_address_cannot_be_taken, fast_open_does_not_connect,
       other_ways_to_a_socket_are_closed, the_32_bit_table_is_closed,
       changing_the_address_meanwhile_reaches_nobody, swapping_the_descriptor_meanwhile_reaches_nobody,
       abstract_names_of_others_are_out_of_reach, the_machine_sees_a_pod_as_a_pod,
       ports_of_other_pods_may_be_scanned, bad_arguments_are_the_callers_errors]
