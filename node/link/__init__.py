"""Links between nodes: the only way in which anything leaves a node.

`initiate` and `respond` give the two ends. docs/link.md has the formats.
"""

from .gate import Gate
from .link import (
    PATIENT,
    PROMPT,
    Closed,
    Cover,
    Established,
    Event,
    Link,
    NewTicket,
    Pace,
    Received,
    initiate,
    respond,
)
from .tickets import Ticket, TicketBook

__all__ = [
    "PATIENT",
    "PROMPT",
    "Closed",
    "Cover",
    "Established",
    "Event",
    "Gate",
    "Link",
    "NewTicket",
    "Pace",
    "Received",
    "Ticket",
    "TicketBook",
    "initiate",
    "respond",
]
