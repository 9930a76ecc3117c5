"""Service sessions: records, ids, states, attestations, and the engine that a daemon runs.

Bytes and milliseconds in, bytes and events out: nothing here knows a socket, a file or a clock.
`states.py` shows the idea; docs/session.md tells the formats.
"""
