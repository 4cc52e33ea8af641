"""Twilio's SDK for Node, unchanged but for the address, through ten operations from a workspace to a task's end."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"
OPERATIONS = [
    *("CreateWorkspace", "ListActivity", "CreateTaskQueue", "CreateWorkflow", "CreateWorker"),
    *("CreateTask", "ListTaskReservation", "UpdateTaskReservation", "UpdateTask", "ListTask"),
]
# What npm says when the packages cannot be reached, which is nobody's fault here.
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ENOTCACHED", "code E5")
UNREACHABLE = "npm cannot reach the packages of Twilio's SDK for Node"


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the locked SDK beside the script. Without node a skip, or a failure where CI demands it."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        (pytest.fail if os.environ.get("REQUIRE_ALL") else pytest.skip)(f"{missing[0]} is missing: apt-get install npm")
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / "installed-lock.json"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        _install()
        shutil.copy(lock, installed)
    return "node"


def _install() -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefer-offline"]
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=150)
    except subprocess.TimeoutExpired:
        pytest.skip(UNREACHABLE)
    if done.returncode == 0:
        return
    if any(word in done.stderr for word in OFFLINE):
        pytest.skip(UNREACHABLE)
    pytest.fail(f"npm ci: {done.stderr[-2000:]}")


@pytest.mark.timeout(300)
def test_the_sdk_for_node_drives_ten_operations_to_a_tasks_end(product, ours, node):
    done = subprocess.run(
        [node, "operations.mjs", product.url, ours.name, ours.secret],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == OPERATIONS
