from pathlib import Path

import pytest

from parfeed.config import default_data_dir, read_settings
from schemas.errors import InvalidSettings


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    return {"PARFEED_DATA_DIR": str(tmp_path)}


def test_without_anything_the_defaults_stand_in_the_users_directory() -> None:
    settings = read_settings({})
    assert settings.data_dir == str(default_data_dir())
    assert (settings.port, settings.broker) == (8765, "")


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    here: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "parfeed.toml").write_text("port = 1001\nworkers = 2\ntick_s = 0.5\n")
    settings = read_settings(
        {**here, "PARFEED_PORT": "1002", "PARFEED_WORKERS": "3"}, port=1003
    )
    assert (settings.port, settings.workers, settings.tick_s) == (1003, 3, 0.5)


def test_an_option_that_was_not_given_changes_nothing(here: dict[str, str]) -> None:
    assert read_settings(here, port=None).port == 8765


def test_a_named_file_is_read_instead_of_the_data_directorys(
    here: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "parfeed.toml").write_text("port = 1001")
    other = tmp_path / "other.toml"
    other.write_text('port = 1004\norigins = ["https://a.example"]')
    assert read_settings({**here, "PARFEED_CONFIG": str(other)}).port == 1004
    assert read_settings(here, other).origins == ("https://a.example",)


def test_the_data_directory_of_the_command_line_is_where_the_file_is_looked_for(
    here: dict[str, str], tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    (chosen / "parfeed.toml").write_text("port = 1005")
    settings = read_settings(here, data_dir=str(chosen))
    assert (settings.port, settings.data_dir) == (1005, str(chosen))


def test_a_relative_data_directory_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({}, data_dir="here").data_dir == str(tmp_path / "here")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("port = ", "no TOML"), ("prot = 1", "prot"), ("port = 0", "port")],
)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(
    here: dict[str, str], tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "parfeed.toml").write_text(text)
    with pytest.raises(InvalidSettings, match=reason):
        read_settings(here)


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"gone\.toml cannot be read"):
        read_settings({}, tmp_path / "gone.toml")


def test_an_option_that_does_not_fit_is_refused(here: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match="workers"):
        read_settings(here, workers=65)
