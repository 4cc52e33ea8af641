"""Where the peers' packages are put for the time of a run, with the index that the machine's pip and npm are set to."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "bench" / "requirements-peers.txt"
NODE_PACKAGE = "graphile-worker@0.18.0"
INSTALL_SECONDS = 180
RUN_SECONDS = 180


class Missing(Exception):
    """A peer cannot be run here; the text says why."""


class Scratch:
    """A folder with a Python environment and one of Node's; gone at `close`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bench-peers-"))
        self._python = self._folder / "python"
        self._node = self._folder / "node"
        self._failed: dict[Path, Missing] = {}

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def python(self, module: str, *arguments: str, env: dict[str, str]) -> float:
        """Run a module of `bench.peers` in the scratch environment; the rate it prints. Raises `Missing`."""
        self._once(self._python, self._install_python)
        return _rate([str(self._python / "bin" / "python"), "-m", f"bench.peers.{module}", *arguments], env)

    def node(self, script: str, *arguments: str, env: dict[str, str]) -> float:
        self._once(self._node, self._install_node)
        found = {**env, "BENCH_NODE": str(self._node)}
        return _rate(["node", str(ROOT / "bench" / "peers" / script), *arguments], found)

    def _once(self, folder: Path, install: Callable[[], None]) -> None:
        if folder in self._failed:
            raise self._failed[folder]
        if folder.exists():
            return
        try:
            install()
        except Missing as error:
            self._failed[folder] = error
            raise

    def _install_python(self) -> None:
        uv = Path(sys.executable).parent / "uv"
        if uv.exists():
            _do([str(uv), "venv", "--quiet", "--python", sys.executable, str(self._python)])
            python = str(self._python / "bin" / "python")
            _do([str(uv), "pip", "install", "--quiet", "--python", python, "-r", str(REQUIREMENTS)])
        else:
            _do([sys.executable, "-m", "venv", str(self._python)])
            _do([str(self._python / "bin" / "pip"), "install", "--quiet", "-r", str(REQUIREMENTS)])

    def _install_node(self) -> None:
        if shutil.which("node") is None or shutil.which("npm") is None:
            raise Missing("Node and npm are not on this machine")
        self._node.mkdir()
        (self._node / "package.json").write_text("{}")
        quietly = ["--no-audit", "--no-fund", "--ignore-scripts"]
        _do(["npm", "install", *quietly, "--prefix", str(self._node), NODE_PACKAGE])


def _do(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        raise Missing(f"{Path(command[0]).name} failed: {error.stderr.strip()[-300:]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{Path(command[0]).name}: {error}") from error


def _rate(command: Sequence[str], env: dict[str, str]) -> float:
    given = {**os.environ, **env, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=RUN_SECONDS, env=given, cwd=ROOT
        )
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if "Error" in line or "error" in line]
        raise Missing(said[-1].strip()[:200] if said else str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise Missing(f"not done within {RUN_SECONDS} s") from error
    rate: float = json.loads(done.stdout.strip().splitlines()[-1])["rate"]
    return rate
