"""`parfeed settle`: its contract with programs, its words for people, its errors."""

import gzip
import json
import lzma

import pytest
import typer
from support.market import moment, raw, said
from typer.testing import CliRunner

from parfeed.cli import settle
from schemas.codec import MAX_EVENT_BYTES

SALES = [
    said("purchase", event_id="a", occurred_at=moment(60), consumer_id="ada"),
    said("purchase", event_id="b", occurred_at=moment(8 * 86_400)),
]


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("PARFEED_DATA_DIR", str(tmp_path / "data"))
    app = typer.Typer()
    settle.register(app)
    return app


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(raw(event) + b"\n" for event in SALES))
    return path


def run(app, *arguments, **options):
    return CliRunner().invoke(app, [str(each) for each in arguments], **options)


def test_json_is_one_line_of_all_periods(app, file):
    done = run(app, file, "--json")
    assert done.exit_code == 0, done.output
    [only] = done.stdout.splitlines()
    found = json.loads(only)
    assert [period["period"] for period in found["periods"]] == ["2011-W44", "2011-W45"]
    [settlement] = found["periods"][0]["settlements"]
    # 2 * 1.50 * (1 + 0.15 / 2), and all tax back: nothing was planned.
    assert settlement["balances"]["consumer/ada/unplanned"] == "-2.77"
    assert found["refused"] == []


def test_the_summary_is_for_people(app, file):
    done = run(app, file)
    assert done.exit_code == 0
    assert "2011-W44 (not closed, as it stands): 1 product" in done.stdout
    assert "2 events counted, 0 refused" in done.stdout


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("xz", lzma.compress)]
)
def test_a_file_may_be_packed(app, file, suffix, pack):
    packed = file.with_name(f"events.jsonl.{suffix}")
    packed.write_bytes(pack(file.read_bytes()))
    assert run(app, packed, "--json").stdout == run(app, file, "--json").stdout


def test_the_standard_input_will_do(app, file):
    done = run(app, "-", "--json", input=file.read_bytes())
    assert done.stdout == run(app, file, "--json").stdout


def test_one_period_can_be_asked_for(app, file):
    done = run(app, file, "--json", "--period", "2011-W45")
    [period] = json.loads(done.stdout)["periods"]
    assert period["period"] == "2011-W45"
    done = run(app, file, "--period", "2011-W50")
    assert done.exit_code == 1
    assert "says nothing of 2011-W50" in done.stderr


def test_the_length_of_the_period_asked_for_is_that_of_all(app, file):
    done = run(app, file, "--json", "--period", "2011-10-31")
    [period] = json.loads(done.stdout)["periods"]
    assert period["period"] == "2011-10-31"


def test_what_is_refused_is_said_with_its_line_and_ends_with_1(app, file):
    with file.open("ab") as more:
        more.write(b"\nno event\n" + raw(SALES[0]) + b"\n")
        more.write(b'"' + b"x" * MAX_EVENT_BYTES + b'"\n')
        more.write(raw(said("gate", event_id="g")))
    done = run(app, file)
    assert done.exit_code == 1
    [malformed, too_large, duplicate] = sorted(
        done.stderr.splitlines(), key=lambda line: "duplicate" in line
    )
    assert malformed.startswith("line 4: malformed: ")
    assert too_large.startswith("line 6: too_large: ")
    assert duplicate.startswith("line 5: duplicate: ")
    assert "2 events counted, 3 refused; left out: 1 gate" in done.stdout
    done = run(app, file, "--json")
    assert done.exit_code == 1
    assert done.stderr == ""
    refused = json.loads(done.stdout)["refused"]
    assert sorted(each["line"] for each in refused) == [4, 5, 6]


def test_a_file_that_is_not_there_or_not_to_be_read_is_said_so(app, tmp_path):
    done = run(app, tmp_path / "none.jsonl")
    assert done.exit_code == 2
    assert "there is no file" in done.stderr
    broken = tmp_path / "broken.jsonl.gz"
    broken.write_bytes(gzip.compress(raw(SALES[0]))[:40])
    done = run(app, broken)
    assert done.exit_code == 1
    assert "cannot read" in done.stderr


def test_a_period_that_is_none_is_a_wrong_command_line(app, file):
    assert run(app, file, "--period", "october").exit_code == 2
