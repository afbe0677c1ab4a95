"""
What a user gets: the wheel's contents, the lock, and the packages that are imported.

A misspelt package in pyproject.toml ships nothing and says nothing; a package index
has a distribution called `schemas`, which must not be the one that is imported.
"""

import ast
import hashlib
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.markers import Marker

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "streams", "feed_server", "parfeed")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names_of(requirements: list[str]) -> set[str]:
    return {
        normalized(re.match(r"[A-Za-z0-9._-]+", line)[0])  # type: ignore[index]
        for line in requirements
    }


DEPENDENCIES = names_of(PROJECT["project"]["dependencies"])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    [file] = folder.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        yield opened


def test_the_wheel_holds_the_four_packages_and_nothing_else_at_the_top(wheel):
    top = {name.partition("/")[0] for name in wheel.namelist()}
    metadata = {name for name in top if name.endswith(".dist-info")}
    assert len(metadata) == 1
    assert top - metadata == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_holds_every_file_of_a_package(wheel, package):
    held = {name for name in wheel.namelist() if name.startswith(f"{package}/")}
    there = {
        str(file.relative_to(ROOT))
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert held == there
    assert f"{package}/py.typed" in held


@pytest.mark.parametrize(
    "name",
    [
        "schemas/json/parfeed.schema.json",
        "schemas/json/parfeed.asyncapi.json",
        "feed_server/page/index.html",
    ],
)
def test_the_wheel_holds_what_is_not_code_too(wheel, name):
    assert wheel.getinfo(name).file_size > 0


def test_real_data_comes_with_its_attribution(wheel):
    held = [name for name in wheel.namelist() if name.startswith("parfeed/data/")]
    assert held
    texts = [name for name in held if name.endswith((".md", ".txt"))]
    words = "\n".join(wheel.read(name).decode() for name in texts)
    # CC BY 4.0 asks for the authors, the source and the licence.
    for word in ("CC BY 4.0", "Online Retail", "UCI", "10.1057/dbm.2012.17"):
        assert word in words
    # The grid: who publishes it.
    for word in ("Bundesnetzagentur", "SMARD.de"):
        assert word in words
    # The economy: whose it is, which version, and what its project says of licences.
    for word in ("msszczep", "pequod-cljs", "8bd46b5", "Eclipse Public License 1.0"):
        assert word in words
    for name in held:
        assert name in texts or name.rpartition("/")[2] in words


def test_the_wheel_says_its_command_its_licence_and_its_python(wheel):
    [metadata] = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
    folder = metadata.rpartition("/")[0]
    text = wheel.read(metadata).decode()
    assert "\nLicense-Expression: Apache-2.0\n" in text
    assert "\nRequires-Python: >=3.11\n" in text
    assert (
        "parfeed = parfeed.__main__:main"
        in wheel.read(f"{folder}/entry_points.txt").decode()
    )
    licence = wheel.read(f"{folder}/licenses/LICENSE")
    wanted = (ROOT / "LICENSE").read_bytes()
    assert hashlib.sha256(licence).digest() == hashlib.sha256(wanted).digest()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_package_that_is_imported_is_ours(package):
    found = find_spec(package)
    assert found is not None
    assert Path(found.origin or "").parent == ROOT / package
    assert set(packages_distributions().get(package, ["parfeed"])) == {"parfeed"}


def test_the_command_is_the_installed_distributions():
    [command] = distribution("parfeed").entry_points.select(name="parfeed")
    assert command.value == "parfeed.__main__:main"
    assert (Path(sysconfig.get_path("scripts")) / "parfeed").is_file()


def third_parties(package: str) -> dict[str, str]:
    # Top names that are imported anywhere in a package, with one place of each.
    found: dict[str, str] = {}
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in PACKAGES:
                    found[top] = f"{file.relative_to(ROOT)}:{node.lineno}"
    return found


# Parts of a dependency that come as distributions of their own.
COMES_WITH = {
    "click": "typer",
    "mode": "faust-streaming",
    "yarl": "faust-streaming",  # its URLs
}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_library_that_is_imported_is_a_declared_dependency(package):
    distributions = packages_distributions()
    for top, place in third_parties(package).items():
        names = {normalized(name) for name in distributions.get(top, [top])}
        names.add(COMES_WITH.get(top, ""))
        assert names & DEPENDENCIES, f"{place}: {top} is not in pyproject.toml"


def locked() -> list[tuple[str, str]]:
    # Name and the rest; a distribution may be locked in one version for an older
    # Python and another for a newer.
    return [
        (normalized(name), rest)
        for name, rest in re.findall(
            r"^([A-Za-z0-9._-]+)==((?:.*\\\n)*.*)$", LOCK, re.MULTILINE
        )
    ]


def is_for_this_python(rest: str) -> bool:
    line = rest.splitlines()[0].rstrip(" \\")
    _, _, marker = line.partition(" ; ")
    return not marker or Marker(marker).evaluate()


def test_every_locked_distribution_has_a_version_and_hashes():
    entries = locked()
    starts = re.findall(r"^[A-Za-z0-9].*$", LOCK, re.MULTILINE)
    assert len(entries) == len(starts) > 20
    for name, rest in entries:
        assert re.match(r"\d[\w.+!]*( ;| \\|$)", rest), name
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}\b", rest)
        assert hashes, f"{name} has no hash"


def test_a_distribution_is_locked_once_for_this_python():
    names = [name for name, rest in locked() if is_for_this_python(rest)]
    assert len(names) == len(set(names))


def test_all_that_the_project_asks_for_is_locked():
    development = names_of(PROJECT["project"]["optional-dependencies"]["dev"])
    assert {name for name, _ in locked()} >= DEPENDENCIES | development


def test_the_lock_names_no_index_and_no_other_place():
    assert "://" not in LOCK
    assert not re.search(
        r"^\s*(-i|-f|-e|--\w*index|--find-links|--trusted)", LOCK, re.MULTILINE
    )


def test_what_is_installed_is_what_is_locked():
    wrong = []
    for name, rest in locked():
        if not is_for_this_python(rest):
            continue
        version = re.match(r"[\w.+!]+", rest)[0]  # type: ignore[index]
        try:
            installed = distribution(name).version
        except ModuleNotFoundError:
            continue  # for another system or Python
        if installed != version:
            wrong.append(f"{name}: {installed} is installed, {version} is locked")
    assert not wrong, "\n".join(wrong)
