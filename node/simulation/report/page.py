"""The page of a run."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape

from ..outcome import Outcome

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; color: #222;
  padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top; }
td + td { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; }
code { background: #f2f2f2; padding: .1rem .3rem; }
.bad { color: #c0392b; }
.good { color: #1e7d46; }
"""


def page(outcome: Outcome, drawn: Mapping[str, bytes]) -> str:
    """Return the HTML of a run, with its pictures inside."""
    settings = outcome.settings
    verdict = (
        '<p class="good">Every invariant held.</p>'
        if outcome.ok
        else "".join(f'<p class="bad">{escape(text)}</p>' for text in outcome.violations)
    )
    run: dict[str, object] = {
        "virtual time, s": outcome.virtual_ms // 1000,
        "events": outcome.steps,
        "messages": outcome.messages,
        "bytes on links": outcome.bytes,
        "trace": outcome.trace,
        "state": outcome.state,
    }
    images = "".join(
        f'<img alt="{escape(name)}" src="data:image/png;base64,{b64encode(data).decode()}">'
        for name, data in drawn.items()
    )
    tables: dict[str, Mapping[str, object]] = {
        "The run": run,
        "Figures": outcome.facts,
        "What befell it": outcome.faults,
        "Bytes by type of message": outcome.bytes_by_type,
        "Refused": outcome.refused,
    }
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(settings.scenario)} {settings.seed}</title><style>{STYLE}</style></head>"
        f"<body><h1>{escape(settings.scenario)}, seed {settings.seed}</h1>{verdict}"
        f"<p>Again: <code>{escape(settings.command)}</code></p>{images}"
        + "".join(_table(title, rows.items()) for title, rows in tables.items() if rows)
        + _nodes(outcome)
        + "</body></html>\n"
    )


def _table(title: str, rows: Iterable[tuple[str, object]]) -> str:
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{_text(value)}</td></tr>" for name, value in rows
    )
    return f"<h2>{escape(title)}</h2><table>{cells}</table>"


def _nodes(outcome: Outcome) -> str:
    heading = "<th>node</th><th>role</th><th>sent</th><th>received</th><th>starts</th>"
    heading += "<th>refused</th><th>stored</th>"
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{_text(value)}</td>"
            for value in (
                node.index,
                node.role,
                node.sent,
                node.received,
                node.boots,
                node.refused,
                node.stored,
            )
        )
        + "</tr>"
        for node in outcome.nodes
    )
    return f"<h2>Nodes</h2><table><tr>{heading}</tr>{rows}</table>"


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else escape(str(value))
