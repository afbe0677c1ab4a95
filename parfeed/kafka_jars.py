"""
The jars of the embedded broker: fetched once by jgo, checked against a lock.

`kafka_jars.json` lists every jar with its size and SHA-256, as requirements.lock does
for wheels: the same bytes run everywhere, and a download that broke off is found and
fetched again. The jars lie in the user's Maven repository (`M2_REPO`, or
`~/.m2/repository`), so a machine without network gets along with a copy of it.

`python -m parfeed.kafka_jars` writes the lock anew, from what jgo resolves today.
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from parfeed.errors import JarsUnavailable
from parfeed.progress import Progress, Step, silent

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA: Final = "org.apache.kafka:kafka_2.13:4.3.1"
"""The broker. 4.4.0 did not resolve completely when this was chosen."""

LOGGING: Final = "org.slf4j:slf4j-simple:1.7.36"
"""Without a binding Kafka logs nothing, and a broker that fails says nothing. This one
is 15 KB, needs no file to be set up and starts 0.3 s sooner than log4j."""

LOCK: Final = Path(__file__).with_name("kafka_jars.json")

_FETCHERS: Final = 4
"""Downloads at a time: 45 small files spend their time waiting for answers."""


_ATTEMPTS: Final = 3
"""Per jar: connections break, and a first start is no place to ask for patience."""


class Jar(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Attributes:
        coordinate: Maven's group:artifact:version.
        size: in bytes.
        sha256: of its bytes.
    """

    coordinate: str
    size: int
    sha256: str

    def path(self, repository: Path) -> Path:
        """Where it lies in a Maven repository."""
        group, artifact, version = self.coordinate.split(":")
        name = f"{artifact}-{version}.jar"
        return repository.joinpath(*group.split("."), artifact, version, name)


def locked_jars() -> tuple[Jar, ...]:
    """Return the jars of the lock."""
    return msgspec.json.decode(LOCK.read_bytes(), type=tuple[Jar, ...])


def repository() -> Path:
    """Return the user's Maven repository."""
    named = os.environ.get("M2_REPO")
    return Path(named) if named else Path.home() / ".m2" / "repository"


def missing(jars: tuple[Jar, ...], where: Path) -> list[Jar]:
    """Return the jars that are not there, or not with all of their bytes."""
    return [jar for jar in jars if not _is_whole(jar, jar.path(where))]


def resolve(on_progress: Progress = silent, where: Path | None = None) -> list[Path]:
    """
    Return the broker's class path, fetching what is not there yet.

    Blocks; about 5 s for 45 MB the first time, 2 ms afterwards.

    Args:
        on_progress: hears how many bytes have come; what it raises ends the fetching.
        where: the Maven repository; the user's if None.

    Raises:
        JarsUnavailable: if a jar cannot be fetched or is not what the lock says.
    """
    where = where or repository()
    jars = locked_jars()
    if missing(jars, where):
        with _alone(where):
            # Another process may have fetched them while we waited.
            _fetch(missing(jars, where), where, on_progress)
    return [jar.path(where) for jar in jars]


def _is_whole(jar: Jar, path: Path) -> bool:
    try:
        return path.stat().st_size == jar.size
    except OSError:
        # Not there, or not to be read: fetching it says which.
        return False


@contextmanager
def _alone(where: Path) -> Iterator[None]:
    # jgo writes a jar in place: a second process would see a part of it.
    try:
        where.mkdir(parents=True, exist_ok=True)
        lock = (where / ".parfeed.lock").open("ab")
    except OSError as exc:
        raise JarsUnavailable(
            f"Kafka's jars cannot be kept in {where} ({exc}); name another directory "
            "with the environment variable M2_REPO"
        ) from exc
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(jars: list[Jar], where: Path, on_progress: Progress) -> None:
    # Imported here: only the first start needs them, and they take 0.2 s.
    from jgo.maven import MavenContext, PythonResolver

    total = sum(jar.size for jar in jars)
    done = 0
    counting = threading.Lock()

    @contextmanager
    def count(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        def add(size: int) -> None:
            nonlocal done
            with counting:
                done += size
                on_progress(
                    Step(what="Fetching Kafka", done=done, total=total, unit="bytes")
                )

        yield add

    context = MavenContext(
        repo_cache=where, resolver=PythonResolver(progress_callback=count)
    )
    with ThreadPoolExecutor(_FETCHERS) as pool:
        fetches = [pool.submit(_fetch_one, context, jar, where) for jar in jars]
        try:
            for fetch in as_completed(fetches):
                fetch.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _fetch_one(context: "MavenContext", jar: Jar, where: Path) -> None:
    path = jar.path(where)
    path.unlink(missing_ok=True)
    try:
        _download(context, jar)
    except (OSError, RuntimeError) as exc:
        path.unlink(missing_ok=True)
        raise JarsUnavailable(
            f"the embedded Kafka needs {jar.coordinate}, which cannot be fetched "
            f"({_shortened(str(exc))}); connect to the network for the first start, "
            f"copy {where} from a machine that has it, or name a Kafka of your own "
            "with PARFEED_BROKER=host:port"
        ) from exc
    except BaseException:
        # A part of a jar would stay for other programs to stumble over.
        path.unlink(missing_ok=True)
        raise
    found = sha256(path)
    if found != jar.sha256:
        path.unlink()
        raise JarsUnavailable(
            f"{jar.coordinate} is not what was locked: its SHA-256 must be "
            f"{jar.sha256}, was {found}; it has been removed, start again, and if it "
            "happens again find out who changes your downloads"
        )


def _download(context: "MavenContext", jar: Jar) -> None:
    group, artifact, version = jar.coordinate.split(":")
    component = context.project(group, artifact).at_version(version)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            component.artifact().resolve()
        except OSError:
            jar.path(context.repo_cache).unlink(missing_ok=True)
            if attempt == _ATTEMPTS:
                raise
        else:
            return


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."


def sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_lock() -> None:
    """Resolve the jars anew and write the lock."""
    import jgo
    from jgo.maven import MavenContext

    context = MavenContext(repo_cache=repository())
    artifacts: list[Any] = [*jgo.resolve(KAFKA), *jgo.resolve(LOGGING)]
    jars: dict[str, Jar] = {}
    for artifact in artifacts:
        coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
        group, name, version = coordinate.split(":")
        path = context.project(group, name).at_version(version).artifact().resolve()
        jars[coordinate] = Jar(
            coordinate=coordinate, size=path.stat().st_size, sha256=sha256(path)
        )
    text = msgspec.json.format(msgspec.json.encode(list(jars.values())), indent=2)
    LOCK.write_bytes(text + b"\n")


if __name__ == "__main__":
    write_lock()
