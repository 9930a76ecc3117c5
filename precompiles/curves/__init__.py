"""Curves in plain integers, where no library of ours offers their group. Not constant in time."""
