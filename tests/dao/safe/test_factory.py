"""The factory: one address for one set of settings on one chain."""

import ape
import pytest

NOBODY = "0x" + 40 * "0"


@pytest.fixture
def factory(project, deployer):
    return deployer.deploy(
        project.SafeFactory, project.Safe.contract_type.deployment_bytecode.bytecode
    )


@pytest.fixture
def settings(owners, module):
    return owners, 3, [module], NOBODY, NOBODY, False


def test_creates_a_safe_where_it_said(factory, settings, stranger, project, owners, execute):
    foretold = factory.safeAddress(*settings, 1)
    receipt = factory.createSafe(*settings, 1, sender=stranger)

    (event,) = receipt.decode_logs(factory.SafeCreated)
    assert (event.safe, event.creator) == (foretold, stranger)
    safe = project.Safe.at(foretold)
    assert safe.getOwners() == owners
    assert safe.DEPLOYER() == factory
    stranger.transfer(safe, 10)
    execute(safe, owners[:3], stranger, 10)
    assert safe.balance == 0


def test_each_setting_gives_another_address(factory, settings, owners, module):
    others = [
        (owners[:4], *settings[1:], 1),
        (settings[0], 2, *settings[2:], 1),
        (*settings[:2], [], *settings[3:], 1),
        (*settings[:5], True, 1),
        (*settings, 2),
    ]
    places = {factory.safeAddress(*each) for each in [(*settings, 1), *others]}
    assert len(places) == 6


def test_same_settings_once(factory, settings, stranger):
    factory.createSafe(*settings, 1, sender=stranger)
    with ape.reverts("safe factory: already created"):
        factory.createSafe(*settings, 1, sender=stranger)


def test_nobody_sets_up_the_implementation(factory, settings, project, stranger):
    implementation = project.Safe.at(factory.IMPLEMENTATION())
    with ape.reverts("safe: only the deployer"):
        implementation.setup(*settings, sender=stranger)


def test_the_proxy_is_that_of_erc_1167(factory, settings, chain, stranger):
    factory.createSafe(*settings, 1, sender=stranger)
    code = chain.provider.get_code(factory.safeAddress(*settings, 1)).hex()
    implementation = factory.IMPLEMENTATION()[2:].lower()

    assert code == f"363d3d373d3d3d363d73{implementation}5af43d82803e903d91602b57fd5bf3"
