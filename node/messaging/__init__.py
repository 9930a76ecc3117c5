"""One-to-one messaging: how a channel begins, how its keys move on, and what travels in it."""
