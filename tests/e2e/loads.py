"""Workflows whose attempts leave a mark outside, so that a test can tell what ran and how often."""
from __future__ import annotations

from flows import *
from harness import *

__all__ = ["Load"]


class Load:
    """Workflows of a loop with retries, a sum over it, a chain and an exit handler.  Each attempt
    appends what it is and the name of its pod to a file of this machine, named after the workflow,
    which is what judges."""

    def __init__(self, t: Case, items: int = 12, chain: int = 4, failing: int = 4):
        """`failing`: every so-manieth item fails once."""
        self.items, self.chain, self.failing = items, chain, failing
        self.total = str(items * (items + 1) // 2)  # the result of the step of that name
        self.shared = t.dir / "shared"
        self.shared.mkdir()
        self.shared.chmod(0o777)
        t.settings(f"host_paths:\n  - {self.shared}\n")
        self.inside = PLACE if isolated() else str(self.shared)
        self.mounts = {"volumeMounts": mount("shared")} if isolated() else {}
        self.volumes = {"volumes": [host_path("shared", self.shared)]} if isolated() else {}

    def mark(self, what: str) -> str:
        return f"echo {what} '{{{{pod.name}}}}' >> {self.inside}/{{{{workflow.name}}}}; "

    def workflow(self, name: str) -> dict[str, Any]:
        item = "{{inputs.parameters.i}}"
        work = {"name": "work", "inputs": inputs("i"), "retryStrategy": {"limit": "3"},
                "script": {"image": "alpine", "command": ["sh"], **self.mounts,
                           "source": self.mark(f"loop-{item}-{{{{retries}}}}") +
                           f"if [ $(({item} % {self.failing})) = 0 ] && [ {{{{retries}}}} = 0 ]; "
                           f"then exit 1; fi; echo {item}"}}
        total = {"name": "total", "inputs": inputs("list"),
                 "script": {"image": "alpine", "command": ["sh"], **self.mounts,
                            "source": self.mark("total") +
                            "echo '{{inputs.parameters.list}}' | tr -dc '0-9,' | tr ',' '\\n' | "
                            "awk '{ s += $1 } END { print s }'"}}
        link = container("link", self.mark(f"link-{item}") + "true", inputs=inputs("i"),
                         **self.mounts)
        bye = container("bye", self.mark("exit") + "true", **self.mounts)
        chain = steps("chain", *[[task(f"link-{i}", "link", parameters={"i": str(i)})]
                                 for i in range(self.chain)])
        loop = task("loop", "work", parameters={"i": "{{item}}"},
                    withSequence={"start": "1", "end": str(self.items)})
        main_ = dag("main", loop, task("total", "total", depends="loop",
                                       parameters={"list": "{{tasks.loop.outputs.result}}"}),
                    task("chain", "chain"))
        return workflow(main_, work, total, chain, link, bye, name=name, parallelism=6,
                        onExit="bye", **self.volumes)

    def lines(self, name: str) -> list[list[str]]:
        path = self.shared / name
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def due(self) -> list[str]:
        """What must stand in the file of a workflow that is over, in any order."""
        due = [f"loop-{i}-0" for i in range(1, self.items + 1)]
        due += [f"loop-{i}-1" for i in range(self.failing, self.items + 1, self.failing)]
        due += ["total", "exit"] + [f"link-{i}" for i in range(self.chain)]
        return due

    def judge(self, t: Case, name: str, about: str) -> None:
        """Each attempt that was due stands there once, in a pod of its own, and nothing else."""
        lines, due = self.lines(name), self.due()
        t.equal(sorted(line[0] for line in lines), sorted(due), about)
        t.equal(len({line[1] for line in lines}), len(due), about)
