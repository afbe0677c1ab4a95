"""
Where settings come from: the environment, one TOML file, the command line.

The command line wins over the environment, the environment over the file. The file is
the one that `--config` or PARFEED_CONFIG names, otherwise `parfeed.toml` in the data
directory, if there is one. What is known and what fits is said in `schemas.settings`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from platformdirs import user_data_path

from schemas.errors import InvalidSettings
from schemas.settings import Settings, load

CONFIG_VARIABLE: Final = "PARFEED_CONFIG"
DATA_DIR_VARIABLE: Final = "PARFEED_DATA_DIR"
FILE_NAME: Final = "parfeed.toml"


def default_data_dir() -> Path:
    """Return the user's data directory, as the system has it."""
    return user_data_path("parfeed", appauthor=False)


def read_settings(
    environ: Mapping[str, str], config: Path | None = None, **chosen: Any
) -> Settings:
    """
    Read the settings of this process.

    Args:
        environ: the environment.
        config: the TOML file; None to look where the module's head says.
        chosen: fields given on the command line; None stands for "not given".

    Returns:
        Settings whose `data_dir` is filled in and absolute.

    Raises:
        InvalidSettings: if a file is missing or no TOML, a key unknown, or a value
            does not fit.
    """
    given = {field: value for field, value in chosen.items() if value is not None}
    path = _config_path(environ, config, given)
    settings = load(environ, {} if path is None else _read_toml(path))
    try:
        # `replace` checks nothing, so the command line's values are converted.
        settings = msgspec.convert({**msgspec.to_builtins(settings), **given}, Settings)
    except msgspec.ValidationError as exc:
        raise InvalidSettings(f"an option does not fit: {exc}") from exc
    data_dir = Path(settings.data_dir or default_data_dir()).expanduser().absolute()
    return msgspec.structs.replace(settings, data_dir=str(data_dir))


def _config_path(
    environ: Mapping[str, str], config: Path | None, given: Mapping[str, Any]
) -> Path | None:
    named = config or environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser()
    data_dir = given.get("data_dir") or environ.get(DATA_DIR_VARIABLE)
    found = Path(data_dir or default_data_dir()).expanduser() / FILE_NAME
    return found if found.is_file() else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise InvalidSettings(
            f"the settings' file {path} cannot be read ({exc.strerror}); see --config "
            f"and {CONFIG_VARIABLE}"
        ) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise InvalidSettings(f"the settings' file {path} is no TOML: {exc}") from exc
