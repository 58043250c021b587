"""Runs a function as root, as an ordinary user, and as both where user namespaces are refused."""
import os
import shutil
import subprocess
import sys
import tempfile

import box

SOMEBODY = 54321  # no user of the system
EXPECTED = {"root": box.FULL, "user": box.USER, "root-none": box.NONE, "user-none": box.NONE}


def refuser() -> str:
    program = box.BUILD / "tests/sandbox/nouserns"
    source = box.ROOT / "tests/sandbox/nouserns.c"
    program.parent.mkdir(parents=True, exist_ok=True)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O1", "-D_GNU_SOURCE", str(source), "-o", str(program)], check=True)
    return str(program)


def main(one) -> int:
    """`one` gets the kind's name, in a process of that kind.  Arguments: a kind, and what `one` reads."""
    if os.environ.get("BOX_KIND"):
        return one(os.environ["BOX_KIND"]) or 0
    box.filter_file()
    user = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"]
    runs = {"root": [], "user": user, "root-none": [refuser()], "user-none": [*user, refuser()]}
    if os.geteuid() != 0:
        runs = {"user": [], "user-none": [refuser()]}
    bad = 0
    for kind, prefix in runs.items():
        if len(sys.argv) > 1 and sys.argv[1] != kind:
            continue
        place = tempfile.mkdtemp(prefix="box-")
        if kind.startswith("user") and os.geteuid() == 0:
            os.chown(place, SOMEBODY, SOMEBODY)
        environment = dict(os.environ, BOX_KIND=kind, BOX_TMP=place, HOME=place,
                           SLUICE_BUILD=str(box.BUILD))
        bad |= subprocess.run([*prefix, "/usr/bin/python3", sys.argv[0], kind, *sys.argv[2:]],
                              env=environment, check=False).returncode
        shutil.rmtree(place, ignore_errors=True)
    return 1 if bad else 0
