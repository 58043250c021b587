"""Control flow: a condition on a result, a loop over a list that a step made, an exit handler.
Compiled with kfp 1.8:

    python dice.py           # writes dice.yaml beside this file
"""
import pathlib

import kfp
from kfp import dsl
from kfp.components import create_component_from_func


def roll(sides: int, count: int) -> list:
    """Rolls dice; the seed makes every run the same."""
    import random

    generator = random.Random(7)
    dice = [generator.randint(1, sides) for _ in range(count)]
    print(dice)
    return dice


def total(dice: list) -> int:
    """Adds up the dice."""
    print(sum(dice))
    return sum(dice)


def judge(die: int) -> str:
    """Says what one die is worth."""
    verdict = "high" if die > 3 else "low"
    print(f"{die} is {verdict}")
    return verdict


def announce(text: str):
    """Prints a line."""
    print(text)


roll_op = create_component_from_func(roll)
total_op = create_component_from_func(total)
judge_op = create_component_from_func(judge)
announce_op = create_component_from_func(announce)


@dsl.pipeline(name="Dice", description="A condition, a loop and an exit handler.")
def dice_pipeline(sides: int = 6, count: int = 4, enough: int = 12):
    goodbye = announce_op("the game is over: {{workflow.status}}").set_display_name("goodbye")
    with dsl.ExitHandler(goodbye):
        dice = roll_op(sides, count)
        with dsl.ParallelFor(dice.output) as die:
            judge_op(die)
        result = total_op(dice.output)
        with dsl.Condition(result.output >= enough, name="won"):
            announce_op("won").set_display_name("won")
        with dsl.Condition(result.output < enough, name="lost"):
            announce_op("lost").set_display_name("lost")


if __name__ == "__main__":
    target = pathlib.Path(__file__).with_suffix(".yaml")
    kfp.compiler.Compiler().compile(dice_pipeline, str(target))
