"""What must happen in the cases of kfp-v1: see conform/checks.py for the words."""
OK = {"phase": "Succeeded"}


def ok(**more):
    return {**OK, **more}


def loop_rounds(first):
    """Leaves of the recursive coin flips: `first` of them, two more for each round, one skipped."""
    def check(r):
        counts = r.count()
        rounds, odd = divmod(counts.get("S", 0) - first, 2)
        if rounds < 0 or odd or counts.get("K") != 1 or set(counts) != {"S", "K"}:
            return f"leaves are {counts}"
        return None
    return check


def print_two_agrees(r):
    flip = r.parameters(r.select("flip")[0].get("outputs")).get("flip-output")
    text = r.log(r.select("print-2")[0])
    return None if f"cool, it is over. {flip}" in text else f"print-2 says {text!r} for {flip!r}"


def control_agrees(r):
    texts = [r.log(n) for n in r.nodes if n["displayName"].startswith("print-op")]
    if len(texts) != 1:
        return f"{len(texts)} prints ran"
    flip = r.parameters(r.select("flip-coin-op")[0].get("outputs")).get("flip-coin-op-Output", "")
    return None if flip and flip in texts[0] else f"flip {flip!r} and print {texts[0]!r}"


def mock_coin(r):
    phases = {n["displayName"]: n["phase"] for n in r.nodes}
    heads = phases.get("condition-3-task") == "Skipped"
    if heads == (phases.get("condition-1-task") == "Skipped"):
        return f"not one of the two conditions is skipped: {phases}"
    return None if heads or phases.get("print2-task") == "Succeeded" else "print2 did not run"


def five_thousand_lines(r):
    count = r.log(r.select("print-text")[0]).splitlines().count("Hello")
    return None if count == 5000 else f"print-text prints Hello {count} times"


def run_id_is_told(r):
    uid = r.workflow.get("metadata", {}).get("uid", "")
    return None if any(t.startswith(f"Current run ID is {uid}.") for t in r.all_logs()) \
        else "no log tells the run's id"


def both_zero(r):
    bad = r.count().get("F", 0)
    if len(r.leaves()) != 2:
        return f"{len(r.leaves())} leaves"
    return None if (r.phase == "Succeeded") == (bad == 0) else f"{r.phase} with {bad} failed"


CONDITION = "compiled-samples/condition.yaml"
COWS = {"$": "hello-world"}

CASES = {
    "backend/arguments-parameters.yaml": [
        ok(args=["-p", "param2=world"], has=COWS),
        {"refused": ["spec.arguments.param2.value or spec.arguments.param2.valueFrom"]}],
    "backend/hello-world.yaml": ok(leaf="1S", has={"$": "hello world"}),
    "backend/loops.yaml": ok(
        leaf="2S", has={"print-message(0:hello world)": "hello world",
                        "print-message(1:goodbye world)": "goodbye world"}),
    "backend/patched-arguments-parameters.yaml": ok(
        args=["-p", "param2=world"], has={"$": "new-hello-world"}),

    CONDITION: [
        ok(args=["-p", "force_flip_result=heads"], leaf="5S", has={"print-msg": "heads"}),
        ok(args=["-p", "force_flip_result=tails"], leaf="2S 1K"),
        ok(runs=2, either=[{"leaf": "5S"}, {"leaf": "2S 1K"}])],
    "compiled-samples/confusion_matrix.yaml": ok(
        leaf="1S", artifacts={"confusion-visualization": "mlpipeline-ui-metadata"}),
    "compiled-samples/data_passing_repeat.yaml": ok(
        leaf="2S", also=five_thousand_lines),
    "compiled-samples/data_passing_split.yaml": ok(
        leaf="3S", has={"*": ["one\nthree\nfive\nseven\nnine", "two\nfour\nsix\neight\nten"]}),
    "compiled-samples/data_passing_sum.yaml": [
        ok(leaf="4S", has={"*": "4999950000"}),
        ok(args=["-p", "count=10"], leaf="4S", has={"*": "45"})],
    "compiled-samples/dsl_control_structures.yaml": ok(runs=2, leaf="3S 2K", also=control_agrees),
    "compiled-samples/hello_world.yaml": ok(leaf="1S", has={"*": "Hello world"}),
    "compiled-samples/imagepullsecrets.yaml": ok(
        args=["-p", "message=a b a"], leaf="1S", artifacts={"get-frequent": "get-frequent-word"}),
    "compiled-samples/loop_output.yaml": ok(leaf="4S", has={"*": ["1.1", "1.2", "1.3"]}),
    "compiled-samples/loop_parallelism.yaml": ok(leaf="6S", at_most={"/for-loop-2\\(.*\\)/": 10}),
    "compiled-samples/loop_parameter.yaml": ok(
        leaf="10S", has={"*": ["110", "220", "330", "440"]}),
    "compiled-samples/loop_static.yaml": ok(leaf="5S", has={"*": ["12", "1020"]}),
    "compiled-samples/markdown.yaml": ok(
        leaf="1S", artifacts={"markdown-visualization": "mlpipeline-ui-metadata"}),
    "compiled-samples/nested_condition.yaml": ok(
        runs=3, either=[{"leaf": "8S"}, {"leaf": "6S 1K"}]),
    "compiled-samples/output_a_directory.yaml": ok(leaf="4S", has={"*": ["15.txt", "14.txt"]}),
    "compiled-samples/parallel_join.yaml": ok(
        leaf="3S", order=["gcs-download < echo", "gcs-download-2 < echo"]),
    "compiled-samples/parallelism_sub_dag.yaml": ok(leaf="6S"),
    "compiled-samples/pipeline_transformers.yaml": ok(leaf="2S"),
    "compiled-samples/resource_spec.yaml": ok(artifacts={"training-op": "training-op-Output"}),
    "compiled-samples/runtime_resource_request.yaml": ok(
        leaf="2S", outputs={"generate-resource-request": {
            "generate-resource-request-memory": "500Mi",
            "generate-resource-request-cpu": "200m"}}),
    "compiled-samples/sidecar.yaml": ok(
        needs="pod network", leaf="1S", artifacts={"download": "download-downloaded"}),
    "compiled-samples/table.yaml": ok(
        leaf="1S", artifacts={"table-visualization": "mlpipeline-ui-metadata"}),
    "compiled-samples/use_run_id.yaml": ok(needs="pipelines API", also=run_id_is_told),
    "compiled-samples/volume_ops.yaml": ok(leaf="2S"),

    "frontend/mock-conditional-template.yaml": ok(runs=2, also=mock_coin),
    "frontend/mock-recursive-template.yaml": {
        "refused": ["leaf-1|leaf-2", "template type unspecified"]},

    "golden/add_pod_env.yaml": ok(
        leaf="1S", also=lambda r: None if r.log(r.select("echo")[0]).strip()
        in r.pod_names(r.select("echo")[0]) else "the log is not the pod's name"),
    "golden/artifact_passing_using_volume.yaml": ok(
        needs="volume-based passing", leaf="4S",
        has={"consumer": ["Input parameter = Data 1", "Input artifact = ", "Data 2"]}),
    # Devices that this machine has not are waited for, so the two that want some do without.
    "golden/basic_no_decorator.yaml": ok(
        edit=[(r" +(cloud-tpus.google.com/v2|nvidia.com/gpu): .*\n", "")],
        args=["-p", "message=a b a", "-p", "outputpath=gs://x/y"],
        nodes={"get-frequent": "S", "save": "S", "$.onExit": "S"}),
    "golden/default_value.yaml": ok(
        leaf="2S", outputs={"download": {"download-downloaded": "hello world"}},
        logs={"echo": "hello world"}),
    "golden/imagepullsecrets.yaml": [
        ok(args=["-p", "message=a b a"], leaf="1S", logs={"get-frequent": "a"}),
        {"refused": ["spec.arguments.message.value"]}],
    "golden/input_artifact_raw_value.yaml": ok(
        leaf="4S", texts=["Constant artifact value", "Constant artifact value",
                          "hard-coded artifact value",
                          "Text from a file with hard-coded artifact value"]),
    "golden/opsgroups.yaml": ok(
        leaf="2S", logs={"echo1-task1": "message 1", "echo2-task1": "message 2"},
        order=["echo1-task1 < echo2-task1"]),
    "golden/parallelfor_item_argument_resolving.yaml": ok(
        leaf="22S", has={"*": ['["a", "z"]', "Hello", "1234567890", "987654321", "aaa1", "aaa2"]}),
    "golden/parallelfor_pipeline_param_in_items_resolving.yaml": ok(
        args=["-p", "fname1=A", "-p", "fname2=B"], leaf="12S",
        has={"*": ["My name is A", "My name is B"]}),
    "golden/preemptible_tpu_gpu.yaml": ok(
        edit=[("nvidia.com/gpu: 1", "cpu: 1")], leaf="1S", has={"*": "s"}),
    "golden/recursive_do_while.yaml": ok(also=[loop_rounds(5), print_two_agrees]),
    "golden/recursive_while.yaml": ok(also=[loop_rounds(3), print_two_agrees]),
    "golden/resourceop_basic.yaml": ok(
        leaf="2S",
        args=["-p", "username=dXNlcg==", "-p", "password=cGFzcw=="],
        has={"cop": ["password", "username"]}),
    "golden/sidecar.yaml": ok(
        needs="pod network", leaf="2S", logs={"echo": "hello world"},
        outputs={"download": {"download-downloaded": '"hello world"'}}),
    "golden/timeout.yaml": {"phase": ["Succeeded", "Failed"], "runs": 2, "also": both_zero},
    "golden/tolerations.yaml": {"refused": ["entrypoint"]},
    "golden/volumeop_basic.yaml": ok(
        needs="resource templates", leaf="2S", args=["-p", "size=1Gi"],
        outputs={"create-pvc": {"create-pvc-size": "1Gi"}}),
    "golden/volumeop_dag.yaml": ok(
        leaf="4S", has={"step3": ["1", "2"]},
        order=["step1 < step3", "step2 < step3"]),
    "golden/withitem_basic.yaml": ok(
        leaf="5S", texts=["op1 1 10", "op2 2", "op1 10 10", "op2 20"], has={"my-out-cop": "10"}),
    "golden/withitem_nested.yaml": ok(
        leaf="11S", texts=["op1 1 10", "op2 2", "op1 10 10", "op2 20",
                           *(f"op1 {a} {b} 10" for a in (1, 10) for b in (100, 200, 300))]),
    "golden/withparam_global_dict.yaml": ok(
        leaf="4S", texts=["no output global op1, item.a: 1", "no output global op1, item.a: 10"],
        has={"*": "20"}),
    "golden/withparam_output_dict.yaml": ok(
        leaf="4S", texts=["do output op1 item.a: 1", "do output op1 item.a: 10",
                          "do output op2, outp: [{a: 1, b: 2}, {a: 10, b: 20}]"]),
}
