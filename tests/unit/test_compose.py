"""docker-compose.yml and Dockerfile, read: no engine is needed."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from yamllint import config, linter

from parfeed.cli.app import COMMANDS
from parfeed.deployment import topic_config
from schemas.settings import Settings, load
from schemas.topics import ALL

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
KAFKAS = [name for name in SERVICES if name.startswith("kafka-")]
OURS = [name for name in SERVICES if name not in KAFKAS]


def settings_of(service: str) -> Settings:
    environment = SERVICES[service]["environment"]
    return load({k: v for k, v in environment.items() if k.startswith("PARFEED_")}, {})


def test_the_yaml_is_clean() -> None:
    rules = config.YamlLintConfig(
        "{extends: default, rules: {line-length: {max: 100}, truthy: enable}}"
    )
    assert [str(problem) for problem in linter.run(COMPOSE.read_text(), rules)] == []


def test_three_brokers_keep_three_copies_and_confirm_with_two() -> None:
    assert len(KAFKAS) == 3
    for name in KAFKAS:
        environment = SERVICES[name]["environment"]
        assert environment["KAFKA_DEFAULT_REPLICATION_FACTOR"] == "3"
        assert environment["KAFKA_MIN_INSYNC_REPLICAS"] == "2"
        assert environment["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"] == "3"
        assert environment["KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR"] == "3"
        assert environment["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] == "2"
        assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    for topic in ALL:
        config_of_topic = topic_config(topic, settings_of("topics").replication)
        assert config_of_topic["min.insync.replicas"] == "2"


def test_every_broker_is_a_voter_under_its_own_name_and_number() -> None:
    for name in KAFKAS:
        environment = SERVICES[name]["environment"]
        voters = environment["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
        assert f"{environment['KAFKA_NODE_ID']}@{name}:9093" in voters
        assert len(voters) == len(KAFKAS)
        assert environment["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{name}:9092"
        assert SERVICES[name]["volumes"] == [f"{name}:/var/lib/kafka/data"]


@pytest.mark.parametrize("service", OURS)
def test_every_setting_is_one_and_fits(service: str) -> None:
    settings = settings_of(service)
    assert settings.broker.split(",") == [f"{name}:9092" for name in KAFKAS]
    assert settings.replication == len(KAFKAS)
    assert settings.partitions == settings_of("topics").partitions


@pytest.mark.parametrize("service", SERVICES)
def test_what_stays_is_watched_and_started_again(service: str) -> None:
    if service == "topics":
        assert SERVICES[service]["restart"] == "on-failure"
        return
    assert SERVICES[service]["restart"] == "unless-stopped"
    assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("service", [name for name in OURS if name != "topics"])
def test_nothing_of_ours_starts_before_the_topics_are_there(service: str) -> None:
    needed = SERVICES[service]["depends_on"]
    assert needed == {"topics": {"condition": "service_completed_successfully"}}
    healthy = {"condition": "service_healthy"}
    assert SERVICES["topics"]["depends_on"] == dict.fromkeys(KAFKAS, healthy)


@pytest.mark.parametrize("service", OURS)
def test_every_command_is_there(service: str) -> None:
    match SERVICES[service]["command"]:
        case ["parfeed", command]:
            assert command in COMMANDS
        case ["python", "-m", package]:
            folder = ROOT.joinpath(*package.split("."))
            assert (folder / "__main__.py").is_file()
        case other:
            raise AssertionError(f"unknown command {other}")


@pytest.mark.parametrize("service", OURS)
def test_every_health_check_runs_python_that_parses(service: str) -> None:
    match SERVICES[service].get("healthcheck", {}).get("test"):
        case ["CMD", "python", "-c", text]:
            ast.parse(text)
            port = settings_of(service).port
            assert f":{port}/health" in text
        case ["CMD", "python", "-m", "parfeed.kafka_probe", servers]:
            assert servers == settings_of(service).broker
        case None:
            assert service == "topics"
        case other:
            raise AssertionError(f"unknown check {other}")


def test_ports_are_published_on_this_machine_only() -> None:
    published = [
        port for service in SERVICES.values() for port in service.get("ports", ())
    ]
    assert len(published) == 2
    for port in published:
        address, outside, inside = port.split(":")
        assert address == "127.0.0.1"
        assert inside == str(settings_of("feed-1").port)
        assert f"http://localhost:{outside}" in settings_of("feed-1").origins


def test_the_image_runs_as_nobody_special_from_checked_files() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["parfeed"]
    assert "--require-hashes" in text
    # What is installed comes from the checked files, not from an index.
    for line in re.findall(r"pip install .*", text):
        assert "--no-index" in line


def test_the_image_gets_all_packages_and_nothing_else() -> None:
    copied = set(
        re.findall(r"^COPY (\S+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    )
    assert copied == {"schemas", "streams", "feed_server", "parfeed"}
    allowed = set(
        re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    )
    assert copied < allowed
