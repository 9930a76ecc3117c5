"""docs/rpc.md is what the table says."""

from pathlib import Path

from chain.rpc import docs


def test_the_document_is_current(root: Path) -> None:
    assert (root / "docs/rpc.md").read_text("utf-8") == docs.document(), (
        "run `python -m chain.rpc.docs`"
    )


def test_it_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rpc.md"

    assert docs.main([str(path)]) == 0
    assert path.read_text("utf-8") == docs.document()
