"""What must happen in the cases below argo/examples: see conform/checks.py for the words."""
import json
import re

OK = {"phase": "Succeeded"}
FAILED = {"phase": "Failed"}
HELLO = {"$": "hello world"}
CONFIG = "simple-parameters-configmap.yaml"


def ok(**more):
    return {**OK, **more}


def failed(**more):
    return {**FAILED, **more}


def result_of(r, selector):
    found = r.select(selector)
    return (found[0].get("outputs") or {}).get("result") if found else None


def coin_nests(r):
    """Each level of the recursion has one of heads and tails skipped, and one heads ran at last."""
    flips = r.select("flip-coin")
    heads = [n for n in r.select("heads") if n.get("phase") == "Succeeded"]
    skipped = [n for n in r.nodes if n.get("phase") == "Skipped"]
    if len(heads) != 1 or r.log(heads[0]) != "it was heads":
        return f"{len(heads)} heads ran"
    if len(skipped) != len(flips):
        return f"{len(skipped)} skipped in {len(flips)} levels"
    return None


def four_coins(r):
    heads = [n for n in r.select("heads") if n.get("phase") == "Succeeded"]
    if len(heads) != 4 or any(r.log(n) != "it was heads" for n in heads):
        return f"{len(heads)} heads ran, not one for each task"
    return None


def step_result_is_the_flip(r):
    got = r.parameters(r.select("$")[0].get("outputs")).get("stepresult")
    want = result_of(r, "flip-coin")
    return None if got == want and want in ("heads", "tails") else f"{got!r} is not {want!r}"


def complex_coins(r):
    again = result_of(r, "flip-again")
    wanted = {"heads": ({"S": 4, "K": 3}, {"complex-condition": "Skipped",
                                           "heads-regex": "Succeeded", "tails-regex": "Skipped"}),
              "tails": ({"S": 5, "K": 2}, {"complex-condition": "Succeeded",
                                           "heads-regex": "Skipped", "tails-regex": "Succeeded"})}
    if again not in wanted:
        return f"flip-again is {again!r}"
    counts, phases = wanted[again]
    if r.count() != counts:
        return f"leaves are {r.count()} with {again}"
    for name, phase in phases.items():
        if [n["phase"] for n in r.select(name)] != [phase]:
            return f"{name} is not {phase} with {again}"
    return None


def failures_are_told(r):
    text = r.log(r.select("notify")[0])
    found = re.fullmatch(r"send e-mail: (\S+) Failed [\d.]+\. Failed steps (.*)", text, re.S)
    if not found or found[1] != r.name:
        return f"notify says {text!r}"
    return None if "Failed" in found[2] and r.name in found[2] else f"failures are {found[2]!r}"


def retried(limit):
    """Succeeds by an attempt, or fails after limit + 1 of them."""
    name = "/.*\\(\\d+\\)/"
    return {"either": [ok(types={"$": "Retry"}),
                       failed(types={"$": "Retry"}, number_of={name: limit + 1},
                              message="No more retries left")]}


def attempts_count(r):
    for node in r.nodes:
        found = re.search(r"\((\d+)\)$", node["name"])
        if node.get("type") == "Pod" and found and f"retries: {found[1]}" not in r.log(node):
            return f"{node['name']} logs {r.log(node)!r}"
    return None


def conditional_retry(r):
    attempts = [n for n in r.nodes if re.fullmatch(r"retry\(\d+\)", n["displayName"])]
    codes = [(n.get("outputs") or {}).get("exitCode") for n in attempts]
    if len(attempts) > 11:
        return f"{len(attempts)} attempts"
    if len(attempts) < 11 and codes.count("1") != 1:
        return f"stopped after exit codes {codes}"
    return None


def random_sum(r):
    text = r.log(r.select("print")[0])
    number = result_of(r, "generate")
    if not number or not number.isdigit() or not 1 <= int(number) <= 100:
        return f"generate gave {number!r}"
    return None if text == f"result was: {number}" else f"print says {text!r} for {number}"


def nested_sequence(r):
    count = int(result_of(r, "hello-a"))
    want = count if count >= 1 else 2
    got = len([n for n in r.nodes if re.fullmatch(r"hello-b\(\d+:-?\d+\)", n["displayName"])])
    return None if got == want else f"{got} nodes hello-b for {count}"


def flakey_custom(r):
    value = r.parameters(r.status.get("outputs")).get("rand-int-value", "")
    return None if value.isdigit() and 1 <= int(value) <= 10 else f"rand-int-value is {value!r}"


def recursion_results(r):
    got = sorted(int(n["outputs"]["result"]) for n in r.select("iterate-counter"))
    return None if got == list(range(1, 11)) else f"results are {got}"


def random_leaves(r):
    bad = r.count().get("F", 0)
    want = "Failed" if bad else "Succeeded"
    return None if r.phase == want else f"{r.phase} with {bad} failed leaves"


def thirty_seconds(r):
    return None if r.seconds >= 30 else f"it took only {r.seconds:.0f} s"


def ninety_nine_lines(r):
    text = r.log(r.select("$")[0])
    if len(text.split("\n")) != 99:
        return f"{len(text.splitlines())} lines"
    return None if "\x1b[" in text else "no escape sequences"


def showcase_texts(r):
    wanted = {"fanout.result": [{"msg": "alpha=1"}, {"msg": "beta=2"}],
              "fanout.all-params": [{"echoed": "alpha=1"}, {"echoed": "beta=2"}],
              "fanout.echoed-param": ["alpha=1", "beta=2"]}
    lines = dict(line.split("=", 1) for line in r.log(r.select("consume")[0]).splitlines()
                 if "=" in line)
    lines = {k.strip(): v.strip() for k, v in lines.items()}
    for name, value in wanted.items():
        try:
            if json.loads(lines.get(name, "null")) != value:
                return f"{name} is {lines.get(name)}"
        except ValueError:
            return f"{name} is {lines.get(name)}"
    return None


DAEMON = {"images": {"curlimages/curl*": "bash"}, "programs": ["curl"]}
TEMPLATES = ["templates.yaml"]
BOTH = ["templates.yaml", "clustertemplates.yaml"]

CASES = {
    "examples/archive-location.yaml": ok(
        leaf="1S", has={"$": "hello world"}, artifacts={"$": "main-logs"}),
    "examples/arguments-parameters-from-configmap.yaml": [
        ok(files=[CONFIG], leaf="1S", logs=HELLO), {"phase": "Error"}],
    "examples/arguments-parameters.yaml": [
        ok(leaf="1S", inputs={"$": {"message": "hello world"}}, logs=HELLO),
        ok(args=["-p", "message=goodbye"], logs={"$": "goodbye"})],
    "examples/artifact-gc-workflow.yaml": ok(
        needs="artifact GC", leaf="1S", artifacts={"$": ["on-completion", "on-deletion"]}),
    "examples/artifact-passing-subpath.yaml": ok(
        leaf="3S", has={"list-artifact": "hello_world.txt"},
        logs={"consume-artifact": "hello world"}),
    "examples/artifact-repository-ref.yaml": [
        ok(files=["artifact-repositories.yaml"], leaf="1S", logs=HELLO,
           status={"artifactRepositoryRef.key": "my-key"}),
        {"phase": "Error"}],
    "examples/coinflip-recursive.yaml": ok(runs=2, also=coin_nests),
    "examples/colored-logs.yaml": ok(seconds=100, leaf="1S", also=ninety_nine_lines),
    "examples/conditional-artifacts.yaml": ok(runs=2, leaf="2S 1K", artifacts={"$": "result"}),
    "examples/conditional-parameters.yaml": ok(
        runs=2, leaf="2S 1K", also=step_result_is_the_flip),
    "examples/conditionals-complex.yaml": ok(runs=3, also=complex_coins),
    "examples/container-set-template/outputs-result-workflow.yaml": ok(
        outputs={"a": {"result": "hi"}}, nodes={"b": "S"}),
    "examples/container-set-template/parallel-workflow.yaml": ok(),
    "examples/container-set-template/sequence-workflow.yaml": ok(),
    "examples/container-set-template/workspace-workflow.yaml": ok(
        outputs={"$": {"out": "hi"}}, artifacts={"$": "out"}),
    "examples/continue-on-fail.yaml": ok(
        leaf="3S 1F", nodes={"A": "S", "B": "S", "C": "F", "D": "S"},
        messages={"C": "(exit code 1)"}, at_most={"/[A-D]/": 1}),
    "examples/cron-backfill.yaml": ok(needs="server (cron)", pick="backfill-v2", leaf="3S"),
    "examples/cron-workflow-multiple-schedules.yaml": ok(needs="server (cron)"),
    "examples/cron-workflow.yaml": ok(needs="server (cron)"),
    "examples/custom-metrics.yaml": {"needs": "metrics", "runs": 2, "also": flakey_custom},
    "examples/daemon-step.yaml": ok(needs="network probes", leaf="6S", **DAEMON),
    "examples/dag-coinflip.yaml": ok(
        also=four_coins, order=["A < B", "A < C", "B < D", "C < D"]),
    "examples/dag-conditional-artifacts.yaml": ok(
        runs=2, leaf="2S 1K", artifacts={"$": "result"}),
    "examples/dag-conditional-parameters.yaml": ok(
        runs=2, leaf="2S 1K", also=step_result_is_the_flip),
    "examples/dag-custom-metrics.yaml": ok(
        leaf="4S", nodes={"TEST-ONE(0:command:ONE-A,tag:TEST-ONE-A)": "S"},
        has={"*": "console output-->TEST-ONE-A"}),
    "examples/dag-daemon-task.yaml": ok(
        needs="network probes", leaf="6S", order=[f"producer-{i} < consumer" for i in (1, 2, 3)],
        **DAEMON),
    "examples/dag-diamond-steps.yaml": ok(
        leaf="12S", texts=[f"{task}{i}" for task in "ABCD" for i in (1, 2, 3)],
        order=["A < B", "A < C", "B < D", "C < D"]),
    "examples/dag-diamond.yaml": ok(
        leaf="4S", logs={task: task for task in "ABCD"},
        order=["A < B", "A < C", "B < D", "C < D"]),
    "examples/dag-enhanced-depends.yaml": ok(
        leaf="5S 1F 1O",
        nodes={"A": "S", "B": "S", "should-execute-1": "S", "should-execute-2": "S",
               "should-execute-3": "S", "C": "F", "should-not-execute": "O"},
        messages={"C": "(exit code 1)"}),
    "examples/dag-inline-cronworkflow.yaml": ok(needs="server (cron)"),
    "examples/dag-inline-workflow.yaml": ok(leaf="1S", nodes={"a": "S"}, logs={"a": "hello argo"}),
    "examples/dag-targets.yaml": [
        ok(leaf="3S", nodes={"A": "S", "C": "S", "E": "S"}, absent=["B", "D"]),
        ok(args=["-p", "target=B E"], leaf="4S", nodes={"B": "S"}, absent=["D"])],
    "examples/exit-handler-dag-level.yaml": ok(
        leaf="8S", logs={task: task for task in "ABCD"}, texts=["task cleanup"] * 4,
        order=["A.onExit < B", "A.onExit < C"]),
    "examples/exit-handler-slack.yaml": failed(
        nodes={"$": "S", "$.onExit": "F"}, logs={"$": "hello"}),
    "examples/exit-handler-with-artifacts.yaml": ok(
        leaf="2S", logs={"step-1.onExit": "Welcome"}),
    "examples/exit-handler-with-param.yaml": ok(
        leaf="2S", outputs={"step-1": {"result": "hello world"}},
        logs={"step-1.onExit": "hello world"}),
    "examples/exit-handlers.yaml": failed(
        leaf="2S 1F 1K", messages={"$": "(exit code 1)"}, also=failures_are_told,
        nodes={"notify": "S", "celebrate": "K", "cry": "S"}, logs={"cry": "boohoo!"}),
    "examples/expression-reusing-verbose-snippets.yaml": ok(
        leaf="1S", has={"$": "The week's average temperature was 35.8 with a minimum of 15 and a "
                             "maximum of 57."}),
    "examples/expression-tag-template-workflow.yaml": ok(
        leaf="1S", inputs={"task-0(0:3)": {"foo": "3"}},
        also=lambda r: None if any(
            re.match(r"hello 30 @ \d{4}", r.parameters(n.get("outputs")).get("output") or "")
            for n in r.select("task-0(0:3)")) else "output does not begin 'hello 30 @ <year>'"),
    "examples/gc-ttl.yaml": ok(logs=HELLO),
    "examples/global-outputs.yaml": ok(
        leaf="5S", workflow_outputs={"my-global-param": "hello world"},
        artifacts={"": "my-global-art"}, logs={"consume-global-param": "hello world",
                                              "consume-global-art": "hello world"}),
    "examples/global-parameters-from-configmap.yaml": ok(files=[CONFIG], leaf="1S", logs=HELLO),
    "examples/global-parameters.yaml": ok(leaf="1S", logs=HELLO),
    "examples/handle-large-output-results.yaml": ok(
        programs=["jq"], leaf="4S", outputs={"get-items": {"count": "3"}},
        logs={"sequence-param(0:0)": '"a"', "sequence-param(1:1)": '"b"',
              "sequence-param(2:2)": '"c"'}),
    "examples/hello-world.yaml": ok(
        leaf="1S", types={"$": "Pod"}, logs=HELLO, status={"progress": "1/1"},
        labels={"workflows.argoproj.io/phase": "Succeeded",
                "workflows.argoproj.io/completed": "true"}),
    "examples/http-success-condition.yaml": ok(
        leaf="2S",
        serve={"/201": (201, ""), "/google": (200, "says google")},
        edit=[("https://httpbin.org/status/201", "{server}/201"),
              ('"https://google.com"', '"{server}/google"')]),
    "examples/image-pull-secrets.yaml": ok(leaf="1S", logs=HELLO),
    "examples/input-artifact-git.yaml": ok(needs="the internet"),
    "examples/input-artifact-raw.yaml": ok(
        leaf="1S", logs={"$": "this is\nthe raw file\ncontents"}),
    "examples/intermediate-parameters.yaml": ok(needs="resume"),
    "examples/k8s-jobs.yaml": ok(needs="resource templates", seconds=15),
    "examples/k8s-owner-reference.yaml": ok(),
    "examples/k8s-patch-json-pod.yaml": ok(needs="resource templates"),
    "examples/k8s-patch-json-workflow.yaml": ok(
        needs="resource templates", labels={"foo": "bar"}),
    "examples/k8s-patch-pod.yaml": ok(needs="resource templates"),
    "examples/k8s-set-owner-reference.yaml": ok(),
    "examples/label-value-from-workflow.yaml": ok(leaf="1S", labels={"foo": "bar"}),
    "examples/life-cycle-hooks-wf-level.yaml": ok(
        serve={"/x": (200, "{}")},
        edit=[("https://raw[^\"]*", "{server}/x")],
        nodes={"step1": "S", "$.hooks.running": "S", "$.onExit": "S"}),
    "examples/loops-arbitrary-sequential-steps.yaml": failed(
        has={"/unit-step\\(0:.*\\)/": "succeeds 1", "/unit-step\\(1:.*\\)/": "succeeds 2",
             "/unit-step\\(2:.*\\)/": "succeeds 3",
             "/unit-step\\(3:.*\\)/": "will fail and stop here"},
        nodes={"/unit-step\\([0-2]:.*\\)/": "S", "/unit-step\\(3:.*\\)/": "F"},
        absent=["/unit-step\\([45]:.*\\)/"], at_most={"/unit-step.*/": 1},
        messages={"/.*/": "template has failed or errored children and failFast enabled"}),
    "examples/loops-dag.yaml": ok(
        leaf="5S", nodes={"A": "S", "B(0:foo)": "S", "B(1:bar)": "S", "B(2:baz)": "S", "C": "S"},
        types={"B": "TaskGroup"}, order=["/B\\(.*\\)/ < C"]),
    "examples/loops-param-argument.yaml": ok(
        leaf="4S", nodes={name: "S" for name in (
            "os-debian-9.1", "os-debian-8.9", "os-alpine-3.6", "os-ubuntu-17.10")},
        inputs={"os-ubuntu-17.10": {"image": "ubuntu", "tag": "17.10"}}),
    "examples/loops-sequence.yaml": ok(
        leaf="25S", texts=[*map(str, range(5)), *map(str, range(100, 106)), "200", "201", "202",
                           *map(str, range(6)), *(f"testuser0{i}" for i in range(5))]),
    "examples/loops.yaml": ok(
        leaf="2S", logs={"print-message-loop(0:hello world)": "hello world",
                         "print-message-loop(1:goodbye world)": "goodbye world"}),
    "examples/map-reduce.yaml": ok(
        leaf="6S", outputs={"split": {"result": '["0", "1", "2", "3"]'}}),
    "examples/nested-workflow.yaml": ok(
        leaf="4S", outputs={"nested-wf": {"nested-out-parameter": "my-output-parameter"}},
        has={"consume": ["input parameter value: my-output-parameter",
                         "input artifact contents:", "hello world"]}),
    "examples/node-selector.yaml": ok(leaf="1S", has={"$": "Linux"}),
    "examples/output-parameter.yaml": ok(
        leaf="2S", outputs={"generate-parameter": {"hello-param": "hello world"}},
        logs={"consume-parameter": "hello world"}),
    "examples/parallelism-limit.yaml": ok(
        seconds=60, leaf="10S", nodes={"sleep(0:this)": "S", "sleep(9:complete)": "S"},
        at_most={"/sleep.*/": 2}),
    "examples/parallelism-nested-workflow.yaml": ok(
        seconds=130, leaf="8S", at_most={"/seq-step.*/": 1},
        order=["/seq-step\\(0:.*\\)/ < /seq-step\\(1:.*\\)/",
               "/seq-step\\(2:.*\\)/ < /seq-step\\(3:.*\\)/"]),
    "examples/parallelism-nested.yaml": ok(seconds=50, leaf="16S", at_most={"/seq-step.*/": 4}),
    "examples/parallelism-template-limit.yaml": ok(
        seconds=60, leaf="10S", at_most={"/sleep.*/": 2}),
    "examples/parameter-aggregation-dag.yaml": ok(
        leaf="10S 2K", logs={"print-nums": '["1","2","3","4"]',
                             "print-evenness": '["odd","even","odd","even"]'},
        nodes={"/divide-by-2\\([13]:.*\\)/": "S", "/divide-by-2\\([02]:.*\\)/": "K",
               "print(0:1)": "S", "print(1:2)": "S"}),
    "examples/parameter-aggregation-script.yaml": ok(
        leaf="6S 2K", nodes={"/divide-by-2\\([13]:.*\\)/": "S", "/divide-by-2\\([02]:.*\\)/": "K"},
        logs={"/divide-by-2\\(1:.*\\)/": "1", "/divide-by-2\\(3:.*\\)/": "2"}),
    "examples/pod-metadata-wf-field.yaml": ok(leaf="1S", logs={"hello1": "hello1"}),
    "examples/pod-metadata.yaml": ok(leaf="1S", logs={"hello1": "hello1"}),
    "examples/pod-resources.yaml": ok(leaf="1S", logs=HELLO),
    "examples/pod-spec-from-previous-step.yaml": ok(
        leaf="2S", outputs={"parse-resources": {
            "resources": '{"memory": "10Gi", "cpu": "2000m"}'}},
        logs={"setup-resources": "{memory: 10Gi, cpu: 2000m}"}),
    "examples/pod-spec-patch-wf-tmpl.yaml": ok(leaf="1S", logs=HELLO),
    "examples/pod-spec-yaml-patch.yaml": ok(leaf="1S"),
    "examples/recursive-for-loop.yaml": ok(
        leaf="10S 1K", also=recursion_results,
        messages={"continue": "when '10 < 10' evaluated false"}),
    "examples/resubmit.yaml": {"phase": ["Succeeded", "Failed"], "runs": 2,
                               "also": random_leaves},
    "examples/retry-conditional.yaml": failed(
        outputs={"safe-to-retry": {"result": "true"}}, also=conditional_retry,
        either=[{"messages": {"retry": "retryStrategy.expression evaluated to false"}},
                {"messages": {"retry": "No more retries left"}}]),
    "examples/retry-container.yaml": retried(10),
    "examples/retry-script.yaml": retried(10),
    "examples/retry-with-steps.yaml": {
        "phase": ["Succeeded", "Failed"], "also": attempts_count, "types": {"hello1": "Retry"}},
    "examples/scripts-bash.yaml": ok(leaf="2S", also=random_sum),
    "examples/secrets.yaml": ok(
        files=["my-secret.yaml"], has={"$": ["secret from env: S00perS3cretPa55word",
                                             "secret from file: S00perS3cretPa55word"]}),
    "examples/sidecar-nginx.yaml": ok(
        needs="pod network", images={"curlimages/curl*": "bash"}, programs=["curl"],
        has={"$": "nginx"}),
    "examples/sidecar.yaml": ok(needs="pod network", images={"alpine*": "apk"},
                                programs=["curl"]),
    "examples/skipped-output-defaults/consumer-input-default.yaml": ok(
        leaf="1S 1K", nodes={"producer": "K"}, inputs={"consumer": {"in": "fallback-from-input"}},
        logs={"consumer": "consumer got: [fallback-from-input]"}),
    "examples/skipped-output-defaults/expression-fallback.yaml": ok(
        nodes={"producer": "K"}, outputs={"$": {"result": "expr-fallback"}}),
    "examples/skipped-output-defaults/producer-output-default.yaml": ok(
        leaf="1S 1K", logs={"consumer": "consumer got: [hello-from-producer]"}),
    "examples/status-reference.yaml": ok(
        leaf="1S 1F 1K", nodes={"flakey-container": "F", "failed": "S", "succeeded": "K"},
        logs={"failed": "the flakey container failed"}),
    "examples/step-level-timeout.yaml": failed(
        seconds=15, leaf="2F", nodes={"sleep1": "F", "sleep2": "F"}),
    "examples/steps-daemon-retry-strategy.yaml": ok(
        needs="network probes", at_most={"/client.*/": 1}, nodes={"server": "S"}),
    "examples/steps.yaml": ok(
        leaf="3S", logs={n: n for n in ("hello1", "hello2a", "hello2b")},
        order=["hello1 < hello2a", "hello1 < hello2b"],
        types={"$[0]": "StepGroup", "$[1]": "StepGroup"}),
    "examples/suspend-template.yaml": ok(needs="resume", seconds=25, leaf="4S"),
    "examples/synchronization-mutex-tmpl-level.yaml": ok(
        seconds=260, leaf="10S",
        at_most={"/synchronization-acquire-lock\\(.*\\)/": 1,
                 "/synchronization-acquire-lock1\\(.*\\)/": 1}),
    "examples/synchronization-mutex-wf-level.yaml": ok(leaf="1S"),
    "examples/synchronization-tmpl-level.yaml": ok(
        seconds=40, files=["my-config.yaml"], leaf="5S",
        at_most={"/synchronization-acquire-lock.*/": 2}, also=thirty_seconds),
    "examples/synchronization-wf-level.yaml": ok(
        files=["my-config.yaml"], leaf="1S"),
    "examples/timeouts-step.yaml": failed(
        seconds=15, leaf="1F", has={"$": "123"},
        messages={"$": "Pod was active on the node longer than the specified deadline"}),
    "examples/title-and-description-with-markdown.yaml": ok(logs=HELLO),
    "examples/variables-showcase.yaml": ok(
        needs="network probes", images={"alpine*": "busybox"}, also=showcase_texts,
        outputs={"prepare": {"greeting-out": "greeting=hello target=world"}},
        workflow_outputs={"prepared-param": "greeting=hello target=world"}),
    "examples/volumes-existing.yaml": ok(
        files=["testvolume.yaml"], leaf="2S", has={"print": ["Volume access log:", "accessed at:"]}),
    "examples/withsequence-nested-result.yaml": ok(runs=2, also=nested_sequence),

    "examples/cluster-workflow-template/mixed-cluster-namespaced-wftmpl-steps.yaml": ok(
        files=BOTH, leaf="5S",
        nodes={n: "S" for n in ("hello1", "hello2b", "inner-hello1", "inner-hello2a",
                                "inner-hello2b")},
        order=["inner-hello1 < inner-hello2a", "inner-hello1 < inner-hello2b"]),
    "examples/cluster-workflow-template/workflow-template-ref-with-entrypoint-arg-passing.yaml": ok(
        files=["clustertemplates.yaml"], leaf="1S", logs=HELLO,
        status={"storedWorkflowTemplateSpec": True},
        labels={"workflows.argoproj.io/cluster-workflow-template":
                "cluster-workflow-template-print-message"}),
    "examples/cluster-workflow-template/workflow-template-ref.yaml": ok(
        files=["clustertemplates.yaml"], leaf="1S", logs=HELLO),
    "examples/workflow-template/dag.yaml": ok(
        files=TEMPLATES, leaf="7S",
        texts=["A", "B", "D", "inner-A", "inner-B", "inner-C", "inner-D"]),
    "examples/workflow-template/retry-with-steps.yaml": {
        "files": TEMPLATES, "phase": ["Succeeded", "Failed"], "types": {"hello1": "Retry"}},
    "examples/workflow-template/steps.yaml": ok(
        files=TEMPLATES, leaf="5S",
        nodes={n: "S" for n in ("hello1", "hello2b", "inner-hello1", "inner-hello2a",
                                "inner-hello2b")}),
    "examples/workflow-template/workflow-template-ref-with-entrypoint-arg-passing.yaml": ok(
        files=TEMPLATES, leaf="1S", logs=HELLO),
}
