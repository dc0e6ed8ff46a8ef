"""What script/_bootstrap says when Python, its venv or the packages are missing: one sentence that says what to do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "cat", "cksum", "dirname", "basename", "grep", "head", "mkdir", "tail", "test", "env")


@pytest.fixture
def path(tmp_path):
    """A PATH with the tools that the scripts use, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


def add_python(path, script, name="python3"):
    (path / name).write_text(f'#!/bin/bash\n{script}\nexec {sys.executable} "$@"\n')
    (path / name).chmod(0o755)


def start(path, tmp_path, **environment):
    return subprocess.run(
        [shutil.which("bash"), CHECKOUT / "script/server"],
        env={
            "PATH": str(path),
            "SOCIALNET_HOME": str(tmp_path / "home"),
            "HOME": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_without_python_it_says_how_to_get_one(path, tmp_path):
    ran = start(path, tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith("Not started. Python 3.11 or newer is needed and there is none: install it")
    assert ran.stderr.count("\n") == 1


def test_an_old_python_is_none(path, tmp_path):
    add_python(path, "exit 1")
    assert "Python 3.11 or newer is needed" in start(path, tmp_path).stderr


def test_without_venv_it_says_how_to_mend_it_on_debian(path, tmp_path):
    add_python(path, 'case "$*" in *ensurepip*) exit 1;; esac')
    ran = start(path, tmp_path)
    assert ran.returncode == 1
    assert f"`apt install python3.{sys.version_info.minor}-venv`" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_what_pip_says_is_passed_on(path, tmp_path):
    venv = fake_venv(tmp_path, "echo 'ERROR: No matching distribution found for django'; exit 1")
    ran = start(path, tmp_path, SOCIALNET_VENV=str(venv))
    assert ran.returncode == 1
    assert "pip says: ERROR: No matching distribution found for django" in ran.stderr


def test_a_full_disk_while_installing_is_a_sentence(path, tmp_path):
    venv = fake_venv(tmp_path, "echo 'ERROR: [Errno 28] No space left on device'; exit 1")
    ran = start(path, tmp_path, SOCIALNET_VENV=str(venv))
    assert ran.returncode == 1
    assert "Not started. The disk is full: make room" in ran.stderr


def test_an_environment_that_fits_is_taken_as_it_is(path, tmp_path):
    venv = fake_venv(tmp_path, "echo 'no pip please'; exit 1")
    stamp = subprocess.check_output(["cksum"], input=(CHECKOUT / "requirements.txt").read_bytes())
    (venv / "installed-server").write_bytes(stamp)
    ran = start(path, tmp_path, SOCIALNET_VENV=str(venv))
    assert (ran.returncode, ran.stdout) == (0, "started\n")


def fake_venv(tmp_path, pip):
    """A Python that answers `-c`, does `pip` for pip, and says that it started anything else."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").write_text(
        f'#!/bin/bash\ncase "$*" in -c*) exit 0;; *" pip "*) {pip};; *) echo started;; esac\n'
    )
    (venv / "bin/python").chmod(0o755)
    return venv


def test_a_folder_that_cannot_be_made_is_a_sentence(path, tmp_path):
    add_python(path, "")
    (tmp_path / "home").write_text("a file")
    assert (
        "Not started. Cannot write to"
        in start(path, tmp_path, SOCIALNET_HOME=str(tmp_path / "home/below")).stderr
    )
