"""Where the DAO's tests run: the chain of this process, with its precompiles."""

import pytest

from precompiles.precompile import MARKER_CODE


def test_chain_id(chain):
    assert chain.chain_id == 6133


def test_precompiles_have_code(networks):
    code = networks.provider.get_code("0x0000000000000000000000000000000000000602")
    assert code == MARKER_CODE


def test_isolation(accounts, chain, project):
    before = chain.blocks.head.number
    with chain.isolate():
        deployer = accounts[0].deploy(project.HookDeployer)
        assert deployer.code
        assert chain.blocks.head.number == before + 1

    assert chain.blocks.head.number == before
    assert not deployer.code


def test_failures_leave_isolation(chain):
    with pytest.raises(AssertionError, match="this one"), chain.isolate():
        raise AssertionError("this one")
