"""The shape of FRI in a proof: how many values each fold joins, and what is left at the end."""

from .air import Profile


def log_last_layer(log_rows: int, profile: Profile) -> int:
    """Return log2 of the number of coefficients of the last layer: at least one fold is done."""
    return min(profile.log_last, log_rows - 1)


def fold_steps(log_rows: int, profile: Profile) -> list[int]:
    """Return log2 of how many values each fold joins.

    The first takes the pairs that the trace is opened at; the layers between the folds are
    committed to.
    """
    left = log_rows - log_last_layer(log_rows, profile) - 1
    steps = [1] + [profile.log_fold] * (left // profile.log_fold)
    return steps + [left % profile.log_fold] * (left % profile.log_fold > 0)
