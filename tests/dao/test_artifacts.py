"""What is deployed without a compiler is what the sources say."""

import json

from chain.dao import build
from chain.dao.artifacts import FILE


def test_artifacts_are_of_the_sources():
    recorded = json.loads(FILE.read_text("utf-8"))["contracts"]
    found = {name: build.integrity(path) for name, path in build.sources().items()}
    known = {name: each["integrity"] for name, each in recorded.items()}
    assert found == known, "run `python -m chain.dao.build`"


def test_compiled_anew(project):
    """One of them byte for byte, and by Ape's settings too."""
    recorded = json.loads(FILE.read_text("utf-8"))["contracts"]["WPARS"]
    assert build.compiled(build.sources()["WPARS"]) == recorded
    assert project.WPARS.contract_type.deployment_bytecode.bytecode == f"0x{recorded['creation']}"


def test_every_contract_fits():
    """EIP-170 and EIP-3860."""
    for name, each in json.loads(FILE.read_text("utf-8"))["contracts"].items():
        assert each["runtime"][1] <= 24_576, name
        assert len(each["creation"]) // 2 <= 49_152, name
