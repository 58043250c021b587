"""Workflows for end-to-end tests, built as JSON (which is YAML too), and what came of them."""
from __future__ import annotations

import json
import os
import secrets
from typing import Any

from harness import Case

# Where steps find what is theirs.  Without isolation these are paths of the machine, so they have to
# be unique, also beside what a killed test with the same pid left, and creatable by anybody.
PLACE = f"/tmp/e2e-{os.getpid()}-{secrets.token_hex(4)}"


def container(name: str, script: str, **more: Any) -> dict[str, Any]:
    """A template that runs a shell script."""
    inner = {k: more.pop(k) for k in ("env", "envFrom", "volumeMounts", "resources", "image",
                                      "workingDir", "securityContext") if k in more}
    return {"name": name, **more, "container": {"image": "alpine", "command": ["sh", "-c", script],
                                                **inner}}


def task(name: str, template: str, **more: Any) -> dict[str, Any]:
    parameters = more.pop("parameters", None)
    if parameters is not None:
        more["arguments"] = {"parameters": [{"name": k, "value": v}
                                            for k, v in parameters.items()]}
    return {"name": name, "template": template, **more}


def dag(name: str, *tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, **more, "dag": {"tasks": list(tasks)}}


def steps(name: str, *groups: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"name": name, **more, "steps": list(groups)}


def inputs(*names: str) -> dict[str, Any]:
    return {"parameters": [{"name": n} for n in names]}


def workflow(*templates: dict[str, Any], name: str = "wf", **spec: Any) -> dict[str, Any]:
    parameters = spec.pop("parameters", None)
    if parameters is not None:
        spec["arguments"] = {"parameters": [{"name": k, "value": v}
                                            for k, v in parameters.items()]}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"entrypoint": templates[0]["name"], **spec, "templates": list(templates)}}


def documents(*objects: dict[str, Any]) -> str:
    """One file with several objects."""
    return "\n---\n".join(json.dumps(o, indent=1) for o in objects) + "\n"


def host_path(name: str, path: Any) -> dict[str, Any]:
    return {"name": name, "hostPath": {"path": str(path), "type": "Directory"}}


def mount(name: str, path: str = PLACE) -> list[dict[str, str]]:
    return [{"name": name, "mountPath": path}]


class Outcome:
    """A Workflow object with its status."""

    def __init__(self, workflow_: dict[str, Any]):
        self.workflow = workflow_
        self.status = workflow_.get("status") or {}
        self.phase = self.status.get("phase", "")
        self.nodes = list((self.status.get("nodes") or {}).values())

    def named(self, name: str) -> list[dict[str, Any]]:
        """By display name; step groups aside."""
        return [n for n in self.nodes
                if n.get("displayName") == name and n.get("type") != "StepGroup"]

    def one(self, name: str) -> dict[str, Any]:
        found = self.named(name)
        if len(found) != 1:
            known = sorted(n.get("displayName", "?") for n in self.nodes)
            raise AssertionError(f"{len(found)} nodes are called {name!r}, of {known}")
        return found[0]

    def phases(self) -> dict[str, str]:
        return {n["displayName"]: n.get("phase", "") for n in self.nodes}

    def output(self, name: str, parameter: str) -> str:
        outputs = self.one(name).get("outputs") or {}
        if parameter == "result":
            return outputs.get("result", "")
        return next((p.get("value", "") for p in outputs.get("parameters") or []
                     if p["name"] == parameter), "")

    def __str__(self) -> str:
        lines = [f"{self.workflow['metadata'].get('name')}: {self.phase} "
                 f"{self.status.get('message', '')}"]
        lines += [f"  {n.get('displayName')} {n.get('type')} {n.get('phase')} "
                  f"{n.get('message', '')}" for n in self.nodes]
        return "\n".join(lines)


def run(t: Case, *objects: dict[str, Any], code: int = 0, seconds: float = 60) -> Outcome:
    """What becomes of the objects, the last of which is the workflow."""
    t.write("wf.yaml", documents(*objects))
    done = t.sluice("run", "wf.yaml", "-o", "json", seconds=seconds)
    t.equal(done.code, code, done)
    return Outcome(done.json())
