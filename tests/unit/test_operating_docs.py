"""docs/operating.md, held to what it describes."""

import re
from pathlib import Path

from parfeed.process import MAX_LOG_BYTES
from schemas.settings import PREFIX, Settings, to_environ

TEXT = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
ROWS = re.findall(
    rf"^\| `({PREFIX}\w+)` \| (?:`(.*?)`)? ?\| (.+) \|$", TEXT, re.MULTILINE
)


def test_every_setting_is_in_the_table_once_in_their_order() -> None:
    fields = [f"{PREFIX}{field.upper()}" for field in Settings.__struct_fields__]
    assert [variable for variable, _, _ in ROWS] == fields


def test_every_default_is_the_one_that_holds() -> None:
    shown = {variable: default for variable, default, _ in ROWS}
    assert shown == to_environ(Settings())


def test_every_setting_says_what_it_means() -> None:
    assert all(len(meaning) > 10 for _, _, meaning in ROWS)


def test_the_size_of_a_log_is_the_one_that_holds() -> None:
    assert f"over {MAX_LOG_BYTES // 2**20} MiB" in TEXT
