"""The vocabulary of the expectation tables: one function for each key.

Each takes the result and the key's value and yields a sentence for everything that is not so.
"""
from conform.result import LETTERS, Result

LONG = {letter: phase for phase, letter in LETTERS.items()}


def as_list(value) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def short(text: str) -> str:
    text = repr(text)
    return text if len(text) < 200 else text[:120] + " ... " + text[-60:]


def phase(r: Result, want):
    if r.phase not in as_list(want):
        yield f"workflow is {r.phase or 'nothing'} ({r.message}), not {want}"


def leaf(r: Result, want: str):
    wanted = {part[-1]: int(part[:-1]) for part in want.split()}
    if r.count() != wanted:
        got = " ".join(f"{n}{letter}" for letter, n in sorted(r.count().items()))
        yield f"leaves are {got or 'none'}, not {want}"


def nodes(r: Result, want: dict):
    """Selector to a phase: a letter of README's, or the word."""
    for selector, state in want.items():
        found = r.select(selector)
        if not found:
            yield f"no node {selector}"
        for node in found:
            states = [LONG.get(s, s) for s in as_list(state)]
            if node.get("phase") not in states:
                yield (f"node {node['displayName']} is {node.get('phase')} "
                       f"({node.get('message', '')}), not {'/'.join(states)}")


def types(r: Result, want: dict):
    for selector, kind in want.items():
        found = r.select(selector)
        if not any(n.get("type") == kind for n in found):
            yield f"node {selector} is {[n.get('type') for n in found]}, not {kind}"


def absent(r: Result, want):
    for selector in as_list(want):
        if r.select(selector):
            yield f"there is a node {selector}"


def message(r: Result, want):
    for part in as_list(want):
        if part not in r.message:
            yield f"message is {short(r.message)}, without {part!r}"


def messages(r: Result, want: dict):
    for selector, parts in want.items():
        texts = [n.get("message", "") for n in r.select(selector)]
        for part in as_list(parts):
            if not any(part in text for text in texts):
                yield f"node {selector} says {texts}, not {part!r}"


def logs(r: Result, want: dict):
    """Selector to lines in the log of one of its nodes; a list: each is in one's.  "": no lines."""
    for selector, texts in want.items():
        got = [r.log(n) for n in r.select(selector)]
        for text in as_list(texts):
            if not any(f"\n{text}\n" in f"\n{log}\n" if text else log == "" for log in got):
                yield f"log of {selector} is {short(str(got))}, not {text!r}"


def has(r: Result, want: dict):
    """Selector to parts that one of its nodes' logs contains; "*" stands for any node."""
    for selector, parts in want.items():
        got = r.all_logs() if selector == "*" else [r.log(n) for n in r.select(selector)]
        for part in as_list(parts):
            if not any(part in text for text in got):
                yield f"no log of {selector} contains {part!r}: {short(str(got))}"


def has_not(r: Result, want):
    for part in as_list(want):
        for text in r.all_logs():
            if part in text:
                yield f"a log contains {part!r}"


def texts(r: Result, want):
    """These are whole logs, each of a node of its own."""
    left = r.all_logs()
    for text in as_list(want):
        if text in left:
            left.remove(text)
        else:
            yield f"no log is {text!r}: {short(str(left))}"


def _values(r: Result, want: dict, where: str):
    for selector, values in want.items():
        found = r.select(selector)
        if not found:
            yield f"no node {selector}"
        for name, value in values.items():
            got = [r.parameters(n.get(where)).get(name) for n in found]
            allowed = as_list(value)
            if found and not any(g in allowed for g in got):
                yield f"{where} {name} of {selector} is {short(str(got))}, not {value!r}"


def inputs(r: Result, want: dict):
    yield from _values(r, want, "inputs")


def outputs(r: Result, want: dict):
    """Selector to output parameters; "result" is the result.  A list: any of these."""
    yield from _values(r, want, "outputs")


def workflow_outputs(r: Result, want: dict):
    got = r.parameters(r.status.get("outputs"))
    for name, value in want.items():
        if got.get(name) != value:
            yield f"workflow output {name} is {got.get(name)!r}, not {value!r}"


def artifacts(r: Result, want: dict):
    """Selector (or "" for the workflow) to the names of output artifacts."""
    for selector, names in want.items():
        holders = [r.status] if selector == "" else r.select(selector)
        got = [a["name"] for h in holders for a in (h.get("outputs") or {}).get("artifacts") or []]
        for name in as_list(names):
            if name not in got:
                yield f"no output artifact {name} of {selector or 'the workflow'}: {got}"


def order(r: Result, want):
    """"A < B": every A has ended when a B starts (to the second)."""
    for rule in as_list(want):
        left, right = [part.strip() for part in rule.split(" < ")]
        firsts = [r.span(n)[1] for n in r.select(left)]
        seconds = [r.span(n)[0] for n in r.select(right)]
        if not firsts or not seconds:
            yield f"cannot compare {rule}: a node is missing"
        elif None in firsts or None in seconds:
            yield f"cannot compare {rule}: a time is missing"
        elif max(firsts) > min(seconds):
            yield f"not {rule}"


def at_most(r: Result, want: dict):
    """Pattern of display names to how many pods of these may run at the same time."""
    for selector, most in want.items():
        events = []
        for node in r.select(selector):
            start, end = r.span(node)
            if node.get("type") in ("Pod", "Steps", "DAG") and start and end and end > start:
                events += [(start, 1), (end, -1)]
        running = 0
        for _, step in sorted(events):
            running += step
            if running > most:
                yield f"{running} of {selector} at once, at most {most} may be"
                break


def labels(r: Result, want: dict):
    got = r.workflow.get("metadata", {}).get("labels") or {}
    for name, value in want.items():
        if got.get(name) != value:
            yield f"label {name} is {got.get(name)!r}, not {value!r}"


def status(r: Result, want: dict):
    """Dotted path below the status to a value; True: it is there."""
    for path, value in want.items():
        got = r.status
        for key in path.split("."):
            got = got.get(key) if isinstance(got, dict) else None
        if (got is None) if value is True else (got != value):
            yield f"status.{path} is {short(str(got))}, not {value!r}"


def number_of(r: Result, want: dict):
    """Pattern of display names to the number of nodes."""
    for selector, count in want.items():
        found = [n for n in r.select(selector) if n.get("type") not in ("TaskGroup",)]
        if len(found) not in as_list(count):
            yield f"{len(found)} nodes {selector}, not {count}"


def refused(r: Result, want):
    """Nothing ran, and the error names each of these; "a|b": either."""
    if r.code == 0:
        yield "it was accepted"
    if r.leaves():
        yield "something ran"
    text = r.err + r.out
    for part in as_list(want):
        if not any(choice in text for choice in part.split("|")):
            yield f"the error does not say {part!r}: {short(text[-300:])}"


def either(r: Result, want):
    """One of these sets of checks holds."""
    problems = [list(judge(r, one)) for one in want]
    if all(problems):
        yield "none of the allowed outcomes: " + " / ".join("; ".join(p) for p in problems)


def also(r: Result, want):
    """A function for what has no word here."""
    for function in as_list(want):
        said = function(r)
        if said:
            yield said


EXIT_CODES = {"Succeeded": 0, "Failed": 1, "Error": 1}
WORDS = {f.__name__: f for f in (
    phase, leaf, nodes, types, absent, message, messages, logs, has, has_not, texts, inputs,
    outputs, workflow_outputs, artifacts, order, at_most, labels, status, number_of, refused,
    either, also)}


def judge(r: Result, want: dict):
    for word, value in want.items():
        yield from WORDS[word](r, value)


def problems(r: Result, want: dict) -> list:
    """All that is wrong with a run; empty when it is as expected."""
    if "refused" in want:
        return list(judge(r, want))
    if not r.workflow:
        tail = r.err.strip().splitlines()[-1:] or ["nothing on standard error"]
        return [f"no workflow came back (exit code {r.code}; {r.trouble or short(tail[0])})"]
    found = list(judge(r, want))
    if r.phase in EXIT_CODES and (r.code == 0) != (EXIT_CODES[r.phase] == 0):
        found.append(f"exit code {r.code} for phase {r.phase}")
    return found
