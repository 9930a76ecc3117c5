"""The DAO as one thing: its contracts as compiled, their deployment, its place in a genesis."""
