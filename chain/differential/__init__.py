"""Runs the same random cases on several engines and says where they differ.

`programs` and `generate` make a case from a seed, `cases` reads and writes it as a state test,
`engines` run it, `compare` tells two results apart. Knows no engine's insides: an engine is a
function from a case to a result.
"""

from .compare import differences

__all__ = ["differences"]
