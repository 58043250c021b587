"""Runs a function as root, as an ordinary user, and as both where user namespaces are refused."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import box

SOMEBODY = 54321  # no user of the system
EXPECTED = {"root": box.FULL, "user": box.USER, "user-ids": box.USER, "root-none": box.NONE,
            "user-none": box.NONE}


def refuser() -> None:
    program = box.BUILD / "tests/sandbox/nouserns"
    source = box.ROOT / "tests/sandbox/nouserns.c"
    program.parent.mkdir(parents=True, exist_ok=True)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", str(source), "-o", str(program)], check=True)


def stage(to: pathlib.Path) -> None:
    """Copies what a test as another user needs to where that user can read it: the tree may be below
    root's home."""
    to.chmod(0o755)
    for part in ("src", "tests/sandbox"):
        shutil.copytree(box.ROOT / part, to / part)
    shutil.copytree(box.BUILD / "tests/sandbox", to / "build/tests/sandbox")
    shutil.copy2(box.INIT, to / "build/sluice-init")
    shutil.copy2(box.BUILD / "sluice", to / "build/sluice")
    subprocess.run(["chmod", "-R", "a+rX", str(to)], check=True)


def main(one) -> int:
    """`one` gets the kind's name, in a process of that kind.  Arguments: a kind, and what `one` reads."""
    if os.environ.get("BOX_KIND"):
        return one(os.environ["BOX_KIND"]) or 0
    box.filter_file()
    box.filter_file("network")
    refuser()
    with tempfile.TemporaryDirectory(prefix="box-stage-") as name:
        staged = pathlib.Path(name)
        stage(staged)
        return run_all(staged)


def with_account(staged: pathlib.Path) -> list[str]:
    """Runs a command where SOMEBODY is an account with ranges of ids: in a mount namespace whose /etc
    says so."""
    made = staged / "etc"
    subprocess.run(["cp", "-a", "/etc", str(made)], check=True)
    lines = {"passwd": f"somebody:x:{SOMEBODY}:{SOMEBODY}::/:/bin/sh\n",
             "subuid": "somebody:600000000:65536\n", "subgid": f"{SOMEBODY}:610000000:65536\n"}
    for name, line in lines.items():
        with open(made / name, "a", encoding="utf-8") as f:
            f.write(line)
    return ["unshare", "--mount", "/bin/sh", "-c", "mount --bind \"$0\" /etc && exec \"$@\"", str(made)]


def run_all(staged: pathlib.Path) -> int:
    script = str(staged / "tests/sandbox" / pathlib.Path(sys.argv[0]).name)
    nouserns = str(staged / "build/tests/sandbox/nouserns")
    user = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"]
    runs = {"root": [], "user": user, "user-ids": [*with_account(staged), *user],
            "root-none": [nouserns], "user-none": [*user, nouserns]}
    if os.geteuid() != 0:
        runs = {"user": [], "user-none": [nouserns]}
    bad = 0
    for kind, prefix in runs.items():
        if len(sys.argv) > 1 and sys.argv[1] != kind:
            continue
        if kind == "user-ids" and not all(os.path.exists(p) for p in (
                "/usr/bin/newuidmap", "/usr/bin/newgidmap")):
            print("ok 1 - user-ids # SKIP newuidmap is not installed (package uidmap)\n1..1")
            continue
        place = tempfile.mkdtemp(prefix="box-")
        if kind.startswith("user") and os.geteuid() == 0:
            os.chown(place, SOMEBODY, SOMEBODY)
        environment = dict(os.environ, BOX_KIND=kind, BOX_TMP=place, HOME=place,
                           SLUICE_BUILD=str(staged / "build"), PYTHONDONTWRITEBYTECODE="1")
        bad |= subprocess.run([*prefix, "/usr/bin/python3", script, kind, *sys.argv[2:]],
                              env=environment, check=False).returncode
        shutil.rmtree(place, ignore_errors=True)
    return 1 if bad else 0
