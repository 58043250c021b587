"""Which stand-in replaces which image.

The top-level entries of a directory below tests/conformance/images take the place of the host's.
`image.json` in it says what an image's own configuration would: the command of a container that
names none.
"""
import pathlib

STANDINS = [
    ("argoproj/argosay:v2", "argosay"),
    ("argoproj/argosay:v1", "cowsay"),
    ("docker/whalesay*", "cowsay"),
    ("influxdb:*", "influxdb"),
    ("nginx*", "nginx"),
    ("hashicorp/http-echo*", "http-echo"),
    ("google/cloud-sdk*", "gsutil"),
]
HOST = ["curlimages/curl*", "stedolan/jq*", "golang*", "quay.io/argoproj/argoexec*", "node*",
        "docker/*", "gcr.io/*", "my-custom-image*"]


def rules(folder: pathlib.Path, extra: dict) -> list:
    """The `images` of sluice.yaml; `extra` maps patterns to stand-ins for one case."""
    pairs = [*extra.items(), *STANDINS]
    found = [{"image": p, "directory": str(folder / name)} for p, name in pairs]
    return found + [{"image": p, "host": True} for p in HOST]
