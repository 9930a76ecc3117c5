"""What has to hold when all is quiet again, each rule a function that says what breaks it."""

from collections.abc import Callable

from ..crdt.documents import Documents
from ..crypto import sha256
from ..session.messages import PAYLOAD_MAX
from .community import Community, mesh_of

Rule = Callable[[Community], list[str]]
SHOWN_MAX = 3


def nothing_lost(community: Community) -> list[str]:
    """Whatever its author was told is kept is with every correct node."""
    found = []
    for member in community.correct:
        lost = [name for name in community.written if name not in member.seen]
        if lost:
            found.append(f"node {member.index} has not {len(lost)} vertices, one is {_short(lost)}")
    return found[:SHOWN_MAX]


def one_history(community: Community) -> list[str]:
    """Correct nodes have the same vertices in the same order, and the same hash of them."""
    topic = community.topic
    states = {
        member.index: (
            mesh_of(member).state_hash(topic),
            sha256(*mesh_of(member).order(topic)),
            len(mesh_of(member).items(topic)),
        )
        for member in community.correct
    }
    first = min(states)
    return [
        f"nodes {first} and {index} differ: {states[first][2]} and {state[2]} vertices"
        for index, state in states.items()
        if state != states[first]
    ][:SHOWN_MAX]


def one_state_of_documents(community: Community) -> list[str]:
    """Documents come to the same, whatever order they were told in, and from their snapshots."""
    if not community.edits:
        return []
    mesh, topic = mesh_of(community.correct[0]), community.topic
    ordered = Documents()
    for name in mesh.order(topic):
        ordered.apply(name, *community.read(mesh, name))
    wanted = ordered.state_hash()
    found = [
        f"node {member.index} has other documents than the history says"
        for member in community.correct
        if member.documents.state_hash() != wanted
    ]
    if Documents.restore(ordered.snapshot()).state_hash() != wanted:
        found.append("a snapshot restores to other documents")
    return found[:SHOWN_MAX]


def told_is_kept(community: Community) -> list[str]:
    """No node was told of what a restart did not find, or of anything twice."""
    return community.broken[:SHOWN_MAX]


def causes_come_first(community: Community) -> list[str]:
    """No node was told of a vertex before it was told of all that the vertex follows."""
    found = []
    for member in community.correct:
        mesh, before = mesh_of(member), set[bytes]()
        for name in member.arrived:
            vertex = mesh.vertex(community.topic, name)
            if vertex is not None and not before.issuperset(vertex.parents):
                found.append(f"node {member.index} was told of {_short([name])} before its parents")
                break
            before.add(name)
    return found[:SHOWN_MAX]


def a_restart_changes_nothing(community: Community) -> list[str]:
    """Every correct node comes back to the same state."""
    found = []
    for member in community.correct:
        before = mesh_of(member).state_hash(community.topic)
        community.world.crash(member.node)
        community.world.start(member.node)
        if not member.node.up or mesh_of(member).state_hash(community.topic) != before:
            found.append(f"node {member.index} came back to another state")
    return found[:SHOWN_MAX]


def nothing_outgrows(community: Community) -> list[str]:
    """Nothing travels but messages that a link carries: none is longer than it allows."""
    longest = community.world.longest
    return [f"a message of {longest} bytes was sent"] if longest > PAYLOAD_MAX else []


RULES: tuple[Rule, ...] = (
    nothing_lost,
    one_history,
    one_state_of_documents,
    told_is_kept,
    causes_come_first,
    nothing_outgrows,
    a_restart_changes_nothing,
)


def check(community: Community) -> list[str]:
    """Return everything that is broken."""
    return [f"{rule.__name__}: {text}" for rule in RULES for text in rule(community)]


def _short(names: list[bytes]) -> str:
    return names[0].hex()[:16]
