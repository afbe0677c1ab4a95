"""Settings come from a file and the environment; what does not fit is named."""

import pytest

from schemas.errors import InvalidSettings
from schemas.settings import NOT_SETTINGS, PREFIX, Settings, load, to_environ


def test_without_environment_and_file_the_defaults_hold():
    assert load({}, {}) == Settings()


def test_the_environment_wins_over_the_file():
    settings = load({"PARFEED_PORT": "9001"}, {"port": 9000, "workers": 2})
    assert (settings.port, settings.workers) == (9001, 2)


def test_other_programs_variables_are_let_be():
    environ = {"PATH": "/bin", "PARFEEDX": "1", **dict.fromkeys(NOT_SETTINGS, "1")}
    assert load(environ, {}) == Settings()


def test_a_misspelt_variable_is_refused_and_the_known_ones_are_named():
    with pytest.raises(
        InvalidSettings, match=r"no setting PARFEED_PROT;.*PARFEED_PORT"
    ):
        load({"PARFEED_PROT": "9000"}, {})


def test_a_misspelt_key_of_the_file_is_refused():
    with pytest.raises(InvalidSettings, match="there is no setting prot"):
        load({}, {"prot": 9000})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "0"),
        ("port", "65536"),
        ("port", "true"),
        ("port", ""),
        ("workers", "1.5"),
        ("tick_s", "nan"),
        ("tick_s", "inf"),
        ("tick_s", "0"),
        ("commit_interval_s", "-1"),
        ("session_timeout_s", "5.9"),
        ("partitions", "1025"),
        ("topic_prefix", ""),
        ("topic_prefix", "a.b"),
        ("topic_prefix", "x\n"),
        ("period", "year"),
        ("log_level", "loud"),
        ("max_sessions", "0"),
        ("host", ""),
        ("origins", "shop.example"),
        ("origins", "https://shop.example/"),
        ("origins", "https://shop.example/page"),
        ("origins", "*"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_the_settings_name(name, text):
    with pytest.raises(InvalidSettings, match=rf"\$\.{name}(\[0\])?`"):
        load({f"{PREFIX}{name.upper()}": text}, {})


@pytest.mark.parametrize("toml", [{"port": True}, {"origins": "x"}, {"broker": 5}])
def test_a_files_value_of_another_type_is_refused(toml):
    with pytest.raises(InvalidSettings, match=next(iter(toml))):
        load({}, toml)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        (" ", ()),
        ("https://a.example", ("https://a.example",)),
        (
            "https://a.example, http://localhost:3000 ,",
            ("https://a.example", "http://localhost:3000"),
        ),
    ],
)
def test_origins_are_listed_with_commas_and_white_space_does_not_matter(text, origins):
    assert load({"PARFEED_ORIGINS": text}, {}).origins == origins


def test_settings_pass_to_a_child_process_through_its_environment():
    settings = Settings(
        broker="a:9092,b:9092",
        origins=("https://a.example", "https://b.example"),
        tick_s=0.025,
        period="hour",
        partitions=16,
    )
    assert load(to_environ(settings), {}) == settings
    assert load(to_environ(Settings()), {"port": 1}) == Settings()


def test_every_setting_is_described():
    documented = Settings.__doc__ or ""
    for field in Settings.__struct_fields__:
        assert f"    {field}: " in documented
