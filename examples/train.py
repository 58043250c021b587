"""Training in small: data as files between steps, metrics, a retry, and pip packages left out on
purpose, so that it runs without a network.  Compiled with kfp 1.8:

    python train.py          # writes train.yaml beside this file
"""
import pathlib
from typing import NamedTuple

import kfp
from kfp import dsl
from kfp.components import InputPath, OutputPath, create_component_from_func


def make_data(rows: int, data_path: OutputPath("CSV")):
    """Writes points near the line y = 3x + 2."""
    import csv
    import random

    generator = random.Random(1)
    with open(data_path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "y"])
        for _ in range(rows):
            x = generator.uniform(0, 10)
            writer.writerow([x, 3 * x + 2 + generator.gauss(0, 0.1)])


def fit(data_path: InputPath("CSV"), model_path: OutputPath("JSON")):
    """Fits a line by least squares."""
    import csv
    import json

    with open(data_path, newline="") as file:
        rows = [(float(r["x"]), float(r["y"])) for r in csv.DictReader(file)]
    n = len(rows)
    mean_x = sum(x for x, _ in rows) / n
    mean_y = sum(y for _, y in rows) / n
    slope = (sum((x - mean_x) * (y - mean_y) for x, y in rows)
             / sum((x - mean_x) ** 2 for x, _ in rows))
    model = {"slope": slope, "intercept": mean_y - slope * mean_x}
    print(model)
    with open(model_path, "w") as file:
        json.dump(model, file)


def evaluate(
    data_path: InputPath("CSV"), model_path: InputPath("JSON")
) -> NamedTuple("Evaluation", [("error", float), ("mlpipeline_metrics", "Metrics")]):
    """Measures the fit on the same points, and reports it as a metric."""
    import csv
    import json

    with open(model_path) as file:
        model = json.load(file)
    with open(data_path, newline="") as file:
        rows = [(float(r["x"]), float(r["y"])) for r in csv.DictReader(file)]
    error = sum((model["slope"] * x + model["intercept"] - y) ** 2 for x, y in rows) / len(rows)
    print(f"mean squared error: {error:.4f}")
    metrics = {"metrics": [{"name": "mean-squared-error", "numberValue": error, "format": "RAW"}]}
    return error, json.dumps(metrics)


make_data_op = create_component_from_func(make_data)
fit_op = create_component_from_func(fit)
evaluate_op = create_component_from_func(evaluate)


@dsl.pipeline(name="Train", description="Fits a line to points and measures the fit.")
def train_pipeline(rows: int = 200):
    data = make_data_op(rows)
    model = fit_op(data.outputs["data"]).set_retry(2)
    model.set_memory_limit("256Mi")
    evaluate_op(data.outputs["data"], model.outputs["model"])


if __name__ == "__main__":
    target = pathlib.Path(__file__).with_suffix(".yaml")
    kfp.compiler.Compiler().compile(train_pipeline, str(target))
