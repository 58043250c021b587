"""Adds three numbers in two steps.  Compiled with kfp 1.8:

    pip install 'kfp>=1.8,<2'
    python add.py            # writes add.yaml beside this file
"""
import pathlib

import kfp
from kfp import dsl
from kfp.components import create_component_from_func


def add(a: float, b: float) -> float:
    """Returns the sum of two numbers."""
    print(f"{a} + {b} = {a + b}")
    return a + b


add_op = create_component_from_func(add)


@dsl.pipeline(name="Add", description="Adds three numbers.")
def add_pipeline(a: float = 1, b: float = 7, c: float = 4):
    first = add_op(a, b)
    add_op(first.output, c)


if __name__ == "__main__":
    target = pathlib.Path(__file__).with_suffix(".yaml")
    kfp.compiler.Compiler().compile(add_pipeline, str(target))
