"""One file for each claim. A package, because a dependency of Ape installs another of this name."""
