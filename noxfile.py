"""Everything that can be checked about the project, one session each: ``nox --list``.

The tests run against the wheel, built once per run and installed; the checkout's ``src`` is never importable there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
WHEELS = Path(".nox", "wheel")
# By file: the later blocks of a page use what the earlier ones have named.
PARALLEL = ("-n", "2", "--dist", "loadfile")
FULLY_COVERED = "src/xzepr/model/*,src/xzepr/documents/*,src/xzepr_memory/*"
# Each Python tests against another PostgreSQL, so that a run meets them all.
POSTGRES = {"3.11": "15", "3.12": "16", "3.13": "18"}
# Slow tests, such as those of faults and races, run once in CI; elsewhere they always run.
QUICK = ("-m", "not slow") if "CI" in os.environ else ()


def _name_pyenv_versions() -> None:
    """Make pyenv's shims answer for every Python it has: by default all but one say "command not found"."""
    if "PYENV_VERSION" in os.environ or not shutil.which("pyenv"):
        return

    def lines(*command: str) -> list[str]:
        return subprocess.run(["pyenv", *command], check=False, capture_output=True, text=True).stdout.split()

    def patch(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in version.split("."))

    found = [version for version in lines("versions", "--bare") if version.replace(".", "").isdigit()]
    latest = {patch(version)[:2]: version for version in sorted(found, key=patch)}
    wanted = [latest[minor] for minor in sorted(latest) if "{}.{}".format(*minor) in PYTHONS]
    os.environ["PYENV_VERSION"] = ":".join(dict.fromkeys([*lines("version-name"), *wanted]))


def _found(version: str) -> bool:
    """Whether this Python is here and starts."""
    command = shutil.which(f"python{version}")
    return bool(command) and subprocess.run([command, "--version"], check=False, capture_output=True).returncode == 0


_name_pyenv_versions()
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
FOUND = [version for version in PYTHONS if _found(version)]
"""The supported Pythons of this machine."""
OLDEST, NEWEST = (FOUND or PYTHONS)[0], (FOUND or PYTHONS)[-1]

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["tests"]


def group(*names: str) -> tuple[str, ...]:
    """The requirements of dependency groups of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, *names)


def wheel(extras: str = "") -> str:
    """The wheel that the session `wheel` built, with extras: ``wheel("[postgres]")``."""
    (path,) = WHEELS.resolve().glob("xzepr-*.whl")
    return f"{path}{extras}"


def run_tests(session: nox.Session, *command: str) -> None:
    """Run pytest over everything, against the installed wheel, whatever path the user's shell has set.

    In CI the version of PostgreSQL goes with that of Python; elsewhere any that is there will do.
    """
    env = {"XZEPR_TEST_WHEEL": "1", "PYTHONPATH": None}
    if "CI" in os.environ and isinstance(session.python, str):
        env["XZEPR_TEST_POSTGRES_MAJOR"] = POSTGRES[session.python]
    session.run(*command, *session.posargs, env=env)


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel, once, for all the other sessions."""
    if not FOUND:
        session.error(f"no Python of {', '.join(PYTHONS)} is on PATH: install one")
    shutil.rmtree(WHEELS, ignore_errors=True)
    session.install("build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(WHEELS), silent=True)
    session.log(f"built {wheel()}")


@nox.session(python=PYTHONS, requires=["build"])
def tests(session: nox.Session) -> None:
    """Run the tests on every supported Python that this machine has."""
    session.install(wheel("[postgres,testing]"), *group("tests"))
    run_tests(session, "pytest", *PARALLEL, *(QUICK if session.python != OLDEST else ()))


@nox.session(python=OLDEST, requires=["build"])
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest versions that pyproject.toml permits, on the oldest Python."""
    session.install("uv")
    # Our own requirements are named beside the wheel: only what is asked for directly is held to its floor.
    floors = [*PROJECT["project"]["dependencies"], *chain(*PROJECT["project"]["optional-dependencies"].values())]
    session.run(
        *("uv", "pip", "install", "--python", session.virtualenv.location, "--resolution", "lowest-direct"),
        *(wheel(), *floors, *group("tests")),
    )
    run_tests(session, "pytest", *PARALLEL, *QUICK)


@nox.session(python=NEWEST, requires=["build"])
def coverage(session: nox.Session) -> None:
    """Run the tests once more, and fail where a branch of the model, the documents or the memory store never ran."""
    session.install(wheel("[postgres,testing]"), *group("tests"))
    session.run("coverage", "erase")
    # Not pytest-cov: our pytest plugin has imported xzepr before that starts to count.
    run_tests(session, "coverage", "run", "-m", "pytest", *PARALLEL, *QUICK)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")
    session.run("coverage", "report", f"--include={FULLY_COVERED}", "--fail-under=100")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and layout."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(python=OLDEST, requires=["build"])
def types(session: nox.Session) -> None:
    """Check the types of the source, and of a user's file against the installed wheel."""
    session.install(wheel("[postgres,testing]"), *group("types"))
    session.run("mypy")
    session.run("mypy", "--config-file=", "--strict", "tests/typing/api.py")


@nox.session(requires=["build"])
def imports(session: nox.Session) -> None:
    """Check who imports whom."""
    session.install(wheel("[postgres,testing]"), *group("imports"))
    session.run("lint-imports")


@nox.session(python=NEWEST, requires=["build"])
def docs(session: nox.Session) -> None:
    """Build the documentation, on the newest Python: Sphinx needs 3.12."""
    session.install(wheel("[postgres,testing]"), *group("docs"))
    session.run("sphinx-build", "-W", "-n", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session(requires=["build"])
def demo(session: nox.Session) -> None:
    """Run `xzepr demo`: the main job, in memory."""
    session.install(wheel())
    session.run("xzepr", "demo", *session.posargs)


@nox.session(requires=["build"])
def bench(session: nox.Session) -> None:
    """Measure the budgets, as ratios against the unavoidable work and a peer: see `nox -s bench -- --help`."""
    session.install(wheel("[postgres,testing]"), *group("bench"))
    session.run("python", "-m", "benchmarks", *session.posargs)
