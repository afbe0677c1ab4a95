"""`parfeed schema` prints the protocol, or writes it to a file."""

import json

import pytest
import typer
from typer.testing import CliRunner

from parfeed.cli import schema
from schemas import published


@pytest.fixture
def app():
    app = typer.Typer()
    schema.register(app)
    return app


@pytest.mark.parametrize(
    ("arguments", "document"),
    [([], published.json_schema()), (["--asyncapi"], published.asyncapi())],
)
def test_the_document_is_printed_as_json_and_nothing_else(app, arguments, document):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert json.loads(result.output) == document


def test_the_document_is_written_to_the_named_file(app, tmp_path):
    out = tmp_path / "parfeed.schema.json"
    result = CliRunner().invoke(app, ["--out", str(out)])
    assert result.exit_code == 0
    assert result.output == ""
    assert out.read_text(encoding="utf-8") == published.text(published.json_schema())


def test_a_file_that_cannot_be_written_is_named_with_the_reason(app, tmp_path):
    out = tmp_path / "missing" / "x.json"
    result = CliRunner().invoke(app, ["-o", str(out)])
    assert result.exit_code == 1
    assert f"cannot write {out}: No such file or directory" in result.output
