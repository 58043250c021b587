"""What one `sluice run` did: its workflow, nodes and logs, with the look-ups that checks need."""
import datetime
import json
import re

LEAF_TYPES = {"Pod", "HTTP", "Suspend", "Skipped", "Plugin"}
LETTERS = {"Succeeded": "S", "Failed": "F", "Error": "E", "Skipped": "K", "Omitted": "O"}


def fnv1a(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def documents(text: str) -> list:
    """All JSON values of a text, one after another; the items of lists in their place."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            break
        value, at = decoder.raw_decode(text, at)
        found += value.get("items", [value]) if isinstance(value, dict) else [value]
    return found


def moment(text):
    if not text:
        return None
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Result:
    def __init__(self, code: int, out: str, err: str, seconds: float, pick: str = ""):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds
        self.trouble = ""
        self.workflow: dict = {}
        try:
            workflows = [d for d in documents(out) if d.get("kind") == "Workflow"]
        except (ValueError, AttributeError) as wrong:
            self.trouble, workflows = f"standard output is no JSON: {wrong}", []
        self.workflows = workflows
        for one in workflows:
            if not pick or one["metadata"].get("name", "").startswith(pick):
                self.workflow = one
        self.name = self.workflow.get("metadata", {}).get("name", "")
        self.status = self.workflow.get("status") or {}
        self.nodes = list((self.status.get("nodes") or {}).values())
        self._logs = self._read_logs()

    @property
    def phase(self) -> str:
        return self.status.get("phase", "")

    @property
    def message(self) -> str:
        return self.status.get("message", "")

    def leaves(self) -> list:
        return [n for n in self.nodes if n.get("type") in LEAF_TYPES]

    def count(self) -> dict:
        counts: dict = {}
        for node in self.leaves():
            letter = LETTERS.get(node.get("phase", ""), "?")
            counts[letter] = counts.get(letter, 0) + 1
        return counts

    def select(self, selector: str) -> list:
        """Nodes by display name; "$rest" by full name, the workflow's name before the rest;
        "/pattern/" by a regular expression over the display name."""
        if selector.startswith("$"):
            return [n for n in self.nodes if n.get("name") == self.name + selector[1:]]
        if len(selector) > 1 and selector[0] == selector[-1] == "/":
            return [n for n in self.nodes if re.fullmatch(selector[1:-1], n["displayName"])]
        return [n for n in self.nodes if n.get("displayName") == selector
                and n.get("type") != "StepGroup"]

    def pod_names(self, node: dict) -> list:
        """The names that its pod may have."""
        ref = node.get("templateRef") or {}
        template = ref.get("template") or node.get("templateName", "")
        if node.get("name") == self.name:
            return [self.name]
        number = fnv1a(node.get("name", ""))
        return [f"{self.name}-{template}-{number}"[-253:], node.get("id", ""),
                f"{self.name}-{number}"]

    def _read_logs(self) -> dict:
        logs: dict = {}
        for line in self.err.splitlines():
            pod, colon, text = line.partition(": ")
            if not colon and line.endswith(":"):
                pod, text = line[:-1], ""
            logs.setdefault(pod, []).append(text)
        return logs

    def log(self, node: dict) -> str:
        """The log of a pod, without the last newline; of a retry, the last attempt's."""
        if node.get("type") == "Retry":
            attempts = [n for n in self.nodes if n["id"] in node.get("children", [])]
            attempts.sort(key=lambda n: len(n["name"]) * 1000 + int(
                re.search(r"\((\d+)\)$", n["name"]).group(1)
                if re.search(r"\((\d+)\)$", n["name"]) else 0))
            return self.log(attempts[-1]) if attempts else ""
        for pod in self.pod_names(node):
            if pod in self._logs:
                return "\n".join(self._logs[pod])
        return ""

    def all_logs(self) -> list:
        return [self.log(n) for n in self.nodes if n.get("type") == "Pod"]

    @staticmethod
    def parameters(of: dict) -> dict:
        found = {p["name"]: p.get("value") for p in (of or {}).get("parameters") or []}
        if "result" in (of or {}):
            found.setdefault("result", of["result"])
        return found

    @staticmethod
    def span(node: dict):
        return moment(node.get("startedAt")), moment(node.get("finishedAt"))
