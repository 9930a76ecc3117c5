"""Deploys a counter and sets it."""

from ape import accounts, project


def main():
    """Say what the counter counts."""
    owner = accounts.test_accounts[0]
    counter = owner.deploy(project.Counter, owner)
    counter.set(7, sender=owner)
    print(f"the counter is at {counter.number()}")
