"""A case of the index: its file, what it needs, what must happen, and how it is run."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from conform import checks
from conform.images import rules
from conform.result import Result
from conform.server import FileServer

HERE = pathlib.Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 90
# What a variation may say about how to run it; everything else are checks.
HOW = {"args", "files", "submit", "edit", "images", "runs", "seconds", "needs", "pick", "serve",
       "isolated", "programs"}


class Case:
    def __init__(self, area: str, row: dict, root: pathlib.Path, expectation):
        self.area, self.file, self.kind = area, row["file"], row["class"]
        self.path = root / area / row["file"]
        self.support = root / area / "support"
        self.variations = expectation if isinstance(expectation, list) else [expectation]
        first = self.variations[0] or {}
        self.needs = first.get("needs", "")
        self.seconds = max((v or {}).get("seconds", 0) for v in self.variations)

    @property
    def slow(self) -> bool:
        return self.seconds > 30

    def missing_programs(self) -> list:
        wanted = {p for v in self.variations for p in (v or {}).get("programs", [])}
        return sorted(p for p in wanted if shutil.which(p) is None)

    def run(self, sluice: pathlib.Path, options) -> list:
        found = []
        for variation in self.variations:
            how = {k: v for k, v in variation.items() if k in HOW}
            want = {k: v for k, v in variation.items() if k not in HOW}
            for _ in range(how.get("runs", 1)):
                result = execute(self, how, sluice, options)
                said = checks.problems(result, want)
                if said and how.get("args"):
                    said = [f"with {' '.join(how['args'])}: {s}" for s in said]
                found += said
                if said:
                    break
        return found


def wrapper_workflow(template: str) -> str:
    """A Workflow that runs a WorkflowTemplate, as `submit --from` makes it."""
    return json.dumps({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "metadata": {"generateName": template + "-", "namespace": "default"},
        "spec": {"workflowTemplateRef": {"name": template}}})


def prepare(case: Case, how: dict, folder: pathlib.Path) -> list:
    """The files to give to `sluice run`, objects first: copies where they are adapted."""
    files = []
    for source in [*(case.support / name for name in how.get("files", [])), case.path]:
        text = source.read_text(errors="surrogateescape")
        changed = text
        for old, new in how.get("edit", []):
            changed = re.sub(old, new, changed)
        path = source
        if changed != text:
            path = folder / source.name
            path.write_text(changed, errors="surrogateescape")
        files.append(str(path))
    if how.get("submit"):
        wrapper = folder / "submit.json"
        wrapper.write_text(wrapper_workflow(how["submit"]))
        files.append(str(wrapper))
    return files


def settings(folder: pathlib.Path, extra: dict) -> pathlib.Path:
    path = folder / "sluice.yaml"
    lines = ["images:"] + [f"  - {json.dumps(rule)}" for rule in rules(HERE / "images", extra)]
    path.write_text("\n".join(lines) + "\n")
    return path


def stop(process: subprocess.Popen) -> None:
    """In order, then at once, then by force: only the last may leave pods behind."""
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
            return


def execute(case: Case, how: dict, sluice: pathlib.Path, options) -> Result:
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(
            tempfile.TemporaryDirectory(prefix="conform-", ignore_cleanup_errors=True)))
        words = {}
        if how.get("serve"):
            words["{server}"] = stack.enter_context(FileServer(how["serve"])).url
        args = [re.sub(r"\{server\}", lambda m: words[m[0]], a) for a in how.get("args", [])]
        how = dict(how, edit=[(old, re.sub(r"\{server\}", lambda m: words[m[0]], new))
                              for old, new in how.get("edit", [])])
        command = [str(sluice), "run", *prepare(case, how, folder), *args,
                   "--config", str(settings(folder, how.get("images", {}))),
                   "--data", str(folder / "data"), "-o", "json", "--log"]
        if options.isolation:
            command += ["--isolation", options.isolation]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SLUICE_")}
        out, err = folder / "out", folder / "err"
        start = time.monotonic()
        with open(out, "wb") as out_file, open(err, "wb") as err_file:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out_file,
                                       stderr=err_file, cwd=folder, env=environment)
            late = False
            try:
                process.wait(timeout=max(LIMIT_SECONDS, how.get("seconds", 0) * 3))
            except subprocess.TimeoutExpired:
                late = True
                stop(process)
        result = Result(process.returncode, out.read_text(errors="replace"),
                        err.read_text(errors="replace"), time.monotonic() - start,
                        how.get("pick", ""))
        if late:
            result.trouble = f"no end after {result.seconds:.0f} s"
        if options.keep:
            print(f"# {case.file}: {' '.join(command)}\n{result.out}\n{result.err}", flush=True)
        return result
