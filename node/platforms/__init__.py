"""What a system's shell asks of a node in the background, and a node of the shell.

Each file is a state machine: the shell tells it of events, and hands it the calls of its system.
The shells themselves (Swift, Kotlin, a desktop's toolkit) are not here: see docs/resources.md.
"""

SERVICE_UUID = "0a7eb967-e64a-5d76-9b83-4eefaae1d7ff"
"""What nodes advertise under nearby: UUIDv5 of `pars.network` in the name space of DNS."""
