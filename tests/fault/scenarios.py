"""The scenarios of tests/fault/run: what is run, how a user recovers, what must hold afterwards."""
from __future__ import annotations

import pathlib


class Wrong(Exception):
    """What must hold does not."""


class Scenario:
    """One command and its check; `name` and the methods are what a new one brings."""

    name = ""

    def prepare(self, directory: pathlib.Path) -> None:
        """Fills the fresh directory, which is also HOME and where commands run."""

    def command(self) -> list[str]:
        """Words behind `sluice`; this run has the fault."""
        raise NotImplementedError

    def recover(self, succeeded: bool) -> list[list[str]]:
        """What is run without faults afterwards; each must succeed."""
        return [] if succeeded else [self.command()]

    def check(self, directory: pathlib.Path) -> None:
        """Raises Wrong."""
        raise NotImplementedError

    def clean(self, directory: pathlib.Path) -> None:
        """Takes away what removing the directory does not."""


class ImageAlias(Scenario):
    """Editing the settings leaves the old file or the new one, and nothing beside it."""

    name = "image-alias"
    before = "# mine\nmax_pods: 3 # few\nimages:\n  - {image: b, host: true}\n"
    after = before.replace("images:\n", "images:\n  - {image: a, host: true}\n")

    def prepare(self, directory: pathlib.Path) -> None:
        (directory / "sluice.yaml").write_text(self.before)

    def command(self) -> list[str]:
        return ["image", "alias", "a", "host", "--config", "sluice.yaml"]

    def check(self, directory: pathlib.Path) -> None:
        got = (directory / "sluice.yaml").read_text()
        if got != self.after:
            raise Wrong(f"the file holds\n{got}")
        if left := [p.name for p in directory.iterdir() if p.name != "sluice.yaml"]:
            raise Wrong(f"left behind: {left}")


ALL: list[Scenario] = [ImageAlias()]
