"""What must happen in the cases below argo/e2e: see conform/checks.py for the words.

`needs` names the part that a case waits for.  K is Skipped, O Omitted, as in the index.
"""
OK = {"phase": "Succeeded"}
FAILED = {"phase": "Failed"}


def ok(**more):
    return {**OK, **more}


def failed(**more):
    return {**FAILED, **more}


TEMPLATE = "workflow-template-whalesay-template"

CASES = {
    "e2e/cron/cron-and-malformed-template.yaml": {"refused": ["entrypoints"]},
    "e2e/cron/multiple-schedules.yaml": ok(needs="server (cron)"),
    "e2e/cron/param.yaml": ok(needs="server (cron)", texts=["foo"]),

    "e2e/expectedfailures/dag-disbale-failFast-2.yaml": failed(
        seconds=40, leaf="2S 5F 1O",
        nodes={"A": "S", "B": "S", "C": "F", "D": "F", "E": "O", "/C\\([0-3]\\)/": "F"},
        number_of={"/C\\(.\\)/": 4}, messages={"D": "(exit code 2)"}),
    "e2e/expectedfailures/dag-exhausted-retries.yaml": failed(
        leaf="1S 2F 1O", nodes={"success1": "S", "sub-dag1": "F", "fail": "F", "success2": "O"},
        types={"fail": "Retry"}, number_of={"/fail\\(.\\)/": 2}),
    "e2e/expectedfailures/dag-fail.yaml": failed(
        leaf="2S 1F 1O", nodes={"A": "S", "B": "S", "C": "F", "D": "O"},
        messages={"C": "(exit code 1)"}, has={"A": "A", "B": "B", "C": "C"}),
    "e2e/expectedfailures/dag-failFast-hang.yaml": failed(
        seconds=40, leaf="3S 2F 1O",
        nodes={"A": "S", "B": "S", "C": "F", "sub-dag-a": "S", "sub-dag-b": "F", "D": "O"},
        types={"sub-dag-b": "Retry", "C": "Steps"}),
    "e2e/expectedfailures/dag-noroot-branch-failed.yaml": failed(
        seconds=40, leaf="4S 4F", nodes={"A": "S", "B": "S", "D": "S", "E": "S", "C": "F"}),
    "e2e/expectedfailures/empty-parameter-dag.yaml": {
        "refused": ["inputs.parameters.message was not supplied", "templates.abc.tasks.a"]},
    "e2e/expectedfailures/exit-handler-fail-missing-output.yaml": failed(
        nodes={"step1": "F"}, messages={"step1": "(exit code 1)"},
        also=lambda r: None if any(
            "hello-param" in r.parameters(n.get("inputs"))
            and r.parameters(n.get("inputs"))["hello-param"] for n in r.select("step1.onExit"))
        else "step1.onExit has no input hello-param with a value"),
    "e2e/expectedfailures/failed-artifact-load.yaml": {
        "phase": "Error", "messages": {"$": "doesnt-exist"}, "texts": [""]},
    "e2e/expectedfailures/failed-step-event.yaml": failed(
        leaf="1F", messages={"$": "exit code 1"}),
    "e2e/expectedfailures/failed-step.yaml": failed(
        leaf="1S 1F", nodes={"exit(0:0)": "S", "exit(1:1)": "F"},
        logs={"exit(0:0)": "exiting with exit code 0", "exit(1:1)": "exiting with exit code 1"}),
    "e2e/expectedfailures/input-artifact-not-optional.yaml": {
        "phase": ["Error", "Failed"], "has_not": ["NoKubectl"]},
    "e2e/expectedfailures/misreference-template-name.yaml": {
        "refused": ["templates.steps-with-misreference.steps[1].hello2", "'hell0' undefined"]},
    "e2e/expectedfailures/oom-kill.yaml": {
        "phase": ["Failed", "Error"], "needs": "memory limit",
        "also": lambda r: None if any(
            "OOMKilled" in n.get("message", "") or "exit code 137" in n.get("message", "")
            for n in r.nodes) else "no message says OOMKilled or exit code 137"},
    "e2e/expectedfailures/output-artifact-not-optional.yaml": {
        "phase": ["Failed", "Error"], "messages": {"generate-artifact": "/tmp/hello_world.txt"}},
    "e2e/expectedfailures/volumes-pvc-fail-event.yaml": {
        "phase": "Error", "message": "pvc create error",
        "also": lambda r: "a leaf ran" if r.leaves() else None},

    "e2e/functional/artifact-input-output-samedir.yaml": ok(
        leaf="3S", has={"verify": ["outer", "inner", "hello", "coincidental-prefix"]},
        artifacts={"collect": ["inner", "outer", "hello", "coincidental-prefix"]}),
    "e2e/functional/dag-depends.yaml": ok(
        leaf="4S 1F 1O",
        nodes={"P": "S", "F": "F", "should-execute-1": "S", "should-execute-2": "S",
               "should-execute-3": "S", "should-not-execute": "O"}),
    "e2e/functional/dag-empty-param.yaml": ok(
        outputs={"generate": {"result": "[]"}}, nodes={"sleep": "K"},
        messages={"sleep": "Skipped, empty params"}),
    "e2e/functional/dag-skipped-artifact-subpath-ref.yaml": {
        "phase": "Error",
        "nodes": {"artifact-producer": "S", "param-producer": "K", "consumer": "E"},
        "messages": {"consumer": "absent optional"}},
    "e2e/functional/dag-skipped-consumer-default.yaml": ok(
        nodes={"producer": "K"}, inputs={"consumer": {"in": "fallback-from-input"}},
        logs={"consumer": "consumer got: [fallback-from-input]"}),
    "e2e/functional/dag-skipped-volume-default.yaml": ok(
        nodes={"producer": "K", "consumer": "S"}, logs={"consumer": "hello"}),
    "e2e/functional/dag-skipped-withparam-default.yaml": ok(
        nodes={"producer": "K", "consumer(0:a)": "S", "consumer(1:b)": "S"},
        logs={"consumer(0:a)": "consumer got: [a]", "consumer(1:b)": "consumer got: [b]"}),
    "e2e/functional/dag-targets-input-param.yaml": ok(
        leaf="3S", nodes={"A": "S", "C": "S", "E": "S"}, absent=["B", "D"]),
    "e2e/functional/dag-when-expr-skip.yaml": [
        ok(nodes={"A": "S", "B": "K"}, logs={"A": "A"}),
        ok(args=["-p", 'data={"id":"7"}'], nodes={"B": "S"}, logs={"B": "7"})],
    "e2e/functional/dag-with-retries.yaml": {
        "either": [ok(also=lambda r: None), failed(number_of={"/step1\\(\\d+\\)/": 21})]},
    "e2e/functional/entrypointName-workflow.yaml": ok(
        files=["entrypointName-template.yaml"], inputs={"step": {"test": "bar"}},
        logs={"step": "We got here!"}),
    "e2e/functional/global-outputs-dag.yaml": ok(
        leaf="5S", workflow_outputs={"my-global-param": "hello world"},
        texts=["hello world"] * 4),
    "e2e/functional/global-outputs-variable.yaml": ok(
        leaf="1S", workflow_outputs={"my-global-param": "hello world"}),
    "e2e/functional/global-param-sub-with-artifacts.yaml": ok(
        serve={"/x": (200, "served")},
        args=["-p", "artifact-url={server}/x"], logs={"$": "served"}),
    "e2e/functional/json-argument.yaml": ok(
        programs=["jq"], has={"$": ['"val": "hello one"', '"val": "hello two"']}),
    "e2e/functional/loops-sequence-dag.yaml": ok(
        leaf="7S", texts=["0", "1", "2", "100", "101", "102", "103"],
        number_of={"/sequence-count\\(.*\\)/": 3, "/sequence-start-end\\(.*\\)/": 4}),
    "e2e/functional/missing-steps.yaml": ok(
        nodes={"$[0].step1[0].execute-script": "S", "$[1].step2[0].execute-script": "S"},
        outputs={"step1": {"result": "hello"}, "step2": {"result": "world"}}),
    "e2e/functional/nested-dag-outputs.yaml": ok(
        leaf="4S", has={"consume": ["input parameter value: my-output-parameter", "hello world"]}),
    "e2e/functional/output-input-artifact-optional.yaml": ok(
        leaf="2S", logs={"consume-artifact": "/tmp/message"}),
    "e2e/functional/output-jqfilter-parameters.yaml": failed(
        needs="resource templates", leaf="3S 2F", nodes={"check-param-one-value": "S"},
        outputs={"get-param": {"one_value": "foo", "one_dict": '{"foo":"bar"}',
                               "one_list": '[{"foo":"bar"}]'}}),
    "e2e/functional/param-aggregation-fromoutputs.yaml": ok(
        leaf="8S", nodes={name: "S" for name in (
            "task3(0:key1:value1)", "task3(1:key2:value2)", "task3(2:key3:value3)",
            "task3(0:key4:value4)", "task3(1:key5:value5)")}),
    "e2e/functional/param-aggregation.yaml": ok(
        leaf="4S 1K", number_of={"/odd-or-even\\(.*\\)/": 2, "/divide-by-2\\(.*\\)/": 2},
        outputs={"/divide-by-2\\(1:.*\\)/": {"res": "1"}}, nodes={"print(0:res:1)": "S"},
        logs={"print(0:res:1)": '{"res":"1"}'}),
    "e2e/functional/param-sub-with-artifacts.yaml": ok(
        serve={"/x": (200, "served")},
        args=["-p", "artifact-url={server}/x"], logs={"$": "served"}),
    "e2e/functional/parameter-aggregation-steps-with-retry.yaml": ok(
        outputs={"$": {"dummy-steps-output": '["1","2","3"]'}}),
    "e2e/functional/pause-after.yaml": ok(needs="debug pause", logs={"$": "hello argo"}),
    "e2e/functional/pause-before.yaml": ok(needs="debug pause"),
    "e2e/functional/resource-template.yaml": {},
    "e2e/functional/retry-script.yaml": {
        "either": [OK, failed(number_of={"/.*\\(\\d+\\)/": 11})]},
    "e2e/functional/retry-with-artifacts.yaml": ok(
        types={"generate-artifact": "Retry"}, number_of={"/generate-artifact\\(.*\\)/": 1},
        has={"consume-artifact": "hello world"}),
    "e2e/functional/script-with-volume.yaml": ok(leaf="1S", logs={"$": ""}),
    "e2e/functional/sidecar-force-kill.yaml": ok(seconds=8),
    "e2e/functional/sidecar-volumes.yaml": ok(
        edit=[("\\[sh, -c\\]", "[bash, -c]")], nodes={"verify": "S"}),
    "e2e/functional/steps-skipped-producer-default.yaml": ok(
        logs={"consumer": "consumer got: [hello-from-producer]"}),
    "e2e/functional/steps-when-expr-filter.yaml": ok(
        leaf="4S", texts=[f'{n}[\n  "always",\n  "test"\n]'
                          for n in ("first", "second", "third", "fourth")]),
    "e2e/functional/stop-terminate-2.yaml": failed(needs="stop", nodes={"A": "F"}, absent=["B"]),
    "e2e/functional/success-event.yaml": ok(leaf="1S"),
    "e2e/functional/suspend-dag-template.yaml": ok(needs="resume"),
    "e2e/functional/template-default-image.yaml": ok(
        leaf="2S", logs={"test-script": "/src", "test-container": "/src"}),
    "e2e/functional/template_level_host_aliases.yaml": ok(
        images={"alpine*": "nslookup"}, has={"$": "127.0.0.1"}),
    "e2e/functional/tty.yaml": ok(needs="tty", images={"alpine*": "bash"},
                                  nodes={"tty-true": "S", "tty-false": "S"}),
    "e2e/functional/workflow_level_host_aliases.yaml": ok(
        images={"alpine*": "nslookup"}, has={"$": "127.0.0.1"}),

    "e2e/lintfail/disallow-unknown.yaml": {"refused": ["someExtraField"]},
    "e2e/lintfail/malformed-spec.yaml": {"refused": ["entrypoint", "array", "string"]},

    "e2e/smoke/basic-2.yaml": ok(
        logs={"$": "hello argo"},
        also=lambda r: None if r.name == "basic-2" else f"its name is {r.name}"),
    "e2e/smoke/basic-invalid.yaml": {"refused": ["basic-invalid.yaml:"]},
    "e2e/smoke/basic.yaml": ok(logs={"$": ":) Hello Argo!"}),
    "e2e/smoke/empty-template-steps.yaml": ok(
        leaf="2S", logs={"hello1": "hello1", "hello2": "hello2"}),
    "e2e/smoke/runasnonroot-output-params-pipeline.yaml": ok(outputs={"$": {"test": "test test"}}),
    "e2e/smoke/with-items-with-hooks.yaml": ok(
        texts=["1", "2", "3", "I am a hook bar", "I am a hook bar", "I am a hook bar"],
        number_of={"/run-sim\\(.*\\)/": 3},
        also=lambda r: "a running hook ran twice" if any(
            sum(n["name"].endswith(f"run-sim({i}:{i + 1}).hooks.running") for n in r.nodes) > 1
            for i in range(3)) else None),

    "e2e/synchronization/multiple.yaml": ok(
        files=["my-config.yaml"], at_most={"/task-[12]/": 1}),
    "e2e/synchronization/mutex-tmpl-level.yaml": ok(
        leaf="4S",
        at_most={"/synchronization-acquire-lock\\(.*\\)/": 1,
                 "/synchronization-acquire-lock-1\\(.*\\)/": 1}),
    "e2e/synchronization/mutex-wf-level-1.yaml": ok(),
    "e2e/synchronization/semaphore-tmpl-level.yaml": ok(
        files=["my-config.yaml"], leaf="2S", texts=["hello argo"] * 2),

    "e2e/testdata/archive-strategies.yaml": ok(leaf="6S"),
    "e2e/testdata/artifact-repository-ref.yaml": ok(
        files=["artifact-repositories.yaml"], logs={"consume": "hello"},
        status={"artifactRepositoryRef.configMap": "artifact-repositories",
                "artifactRepositoryRef.key": "my-key"}),
    "e2e/testdata/artifact-workflow.yaml": ok(artifacts={"$": ["out", "main-file"]}),
    "e2e/testdata/basic-artifact-workflow.yaml": ok(
        leaf="2S", artifacts={"hello": "hello_world", "bye": "bye_world"}),
    "e2e/testdata/basic-cronworkflow.yaml": ok(needs="server (cron)", texts=["hello argo"]),
    "e2e/testdata/basic-workflow.yaml": ok(
        logs={"$": ":) Hello Argo!"}, status={"progress": "1/1"}),
    "e2e/testdata/cannot-start-workflow.yaml": {
        "phase": ["Failed", "Error"],
        "also": lambda r: None if any(
            "executable file not found" in n.get("message", "") or "invalid" in n.get("message", "")
            for n in r.nodes) else "no message names the missing command"},
    "e2e/testdata/daemoned-pod-completed.yaml": ok(
        nodes={"daemoned": "S"}, logs={"daemon-dependent": "hello argo"}),
    "e2e/testdata/data-transformation.yaml": ok(
        outputs={"get-artifact-path": {
            "result": '["foo/script.py","script.py"]'}},
        has={"process-artifact(0:foo/script.py)": ["hello", "foo/script.py.processed"],
             "process-artifact(1:script.py)": ["hello", "script.py.processed"]}),
    "e2e/testdata/fail-first-pass-second.yaml": {"refused": ["kind|apiVersion"]},
    "e2e/testdata/global-artifact-passing.yaml": ok(
        needs="object store", artifacts={"": "globalArtifact"}),
    "e2e/testdata/input-on-mount-workflow.yaml": ok(logs={"$": "hi"}),
    "e2e/testdata/json-variables.yaml": ok(
        logs={"$": "myLabelValue myAnnotationValue myParamValue"}),
    "e2e/testdata/malformed/malformed-clusterworkflowtemplate.yaml": {
        "refused": ["spec.arguments.parameters", "array", "object"]},
    "e2e/testdata/malformed/malformed-cronworkflow.yaml": {
        "refused": ["spec.workflowSpec.arguments.parameters", "array", "object"]},
    "e2e/testdata/malformed/malformed-workflowtemplate.yaml": {
        "refused": ["spec.arguments.parameters", "array", "object"]},
    "e2e/testdata/output-on-mount-workflow.yaml": ok(artifacts={"$": "out-0"}),
    "e2e/testdata/progress-workflow.yaml": ok(seconds=25, status={"progress": "100/100"}),
    "e2e/testdata/resource-templates/failed.yaml": {
        "phase": ["Failed", "Error"]},
    "e2e/testdata/resource-templates/outputs.yaml": ok(
        outputs={"$": {"json": "my-pod", "jq": "my-pod"}}),
    "e2e/testdata/resubmit-dag-with-dependencies.yaml": failed(
        nodes={"A": "S", "B": "F", "C": "O", "D": "O"}),
    "e2e/testdata/retry-nested-dag-test.yaml": failed(
        nodes={"dag3-step1": "S", "dag3-step2": "S", "dag3-step3": "S", "dag1-step1": "S",
               "dag1-step3-tofail": "F"}),
    "e2e/testdata/retry-on-error-workflow.yaml": failed(
        types={"$": "Retry"}, number_of={"/.*\\(\\d+\\)/": 1}),
    "e2e/testdata/retry-test.yaml": ok(needs="resume"),
    "e2e/testdata/retry-workflow-with-continueon.yaml": failed(
        submit="retry-workflow-with-continueon",
        nodes={"success": "S", "failure": "F", "task-after-failure": "O", "continue": "F",
               "task-after-continue": "S"},
        messages={"failure": "(exit code 1)", "continue": "(exit code 2)"}),
    "e2e/testdata/retry-workflow-with-failed-exit-handler.yaml": failed(
        nodes={"$": "S", "$.onExit": "F"}, messages={"$.onExit": "(exit code 1)"}),
    "e2e/testdata/same-input-output-path-optional.yaml": ok(artifacts={"$": "file"}),
    "e2e/testdata/sidecar-workflow.yaml": ok(
        also=lambda r: None if r.seconds < 30 else "the sidecar was waited for"),
    "e2e/testdata/storage-limit.yaml": ok(logs={"$": ":) Hello Argo!"}),
    "e2e/testdata/template-status-failed-conditional-metric.yaml": FAILED,
    "e2e/testdata/volume-claim-template-workflow.yaml": OK,
    "e2e/testdata/workflow-hook-parameter.yaml": ok(
        leaf="2S", inputs={"$.onExit": {"ternary": "Succeeded", "status": "Succeeded"}}),
    "e2e/testdata/workflow-template-ref-exithandler.yaml": ok(
        files=[TEMPLATE + ".yaml"], leaf="2S",
        logs={"$": "hello world", "$.onExit": "Exit Handler"}),
    "e2e/testdata/workflow-template-ref.yaml": ok(
        files=[TEMPLATE + ".yaml"], logs={"$": "hello world", "$.onExit": "Exit Handler"}),
    "e2e/testdata/workflow-template-with-containerset.yaml": failed(
        submit="containerset-with-retrystrategy"),
    "e2e/testdata/workflow-templates/success-hook.yaml": ok(
        submit="hook", has={"$": "hello argo"},
        nodes={"$.hooks.running": "S", "$.hooks.succeed": "S"}),
}
