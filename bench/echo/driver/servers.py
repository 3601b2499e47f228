"""The servers that can be compared: how each is started, found and ended."""
import ctypes
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 15
PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
PR_SET_PDEATHSIG = 1
PR_SET_PTRACER = 0x59616D61
LIBC = ctypes.CDLL(None)
DRIVER = os.getpid()


def end_with_parent():
    """For a child before it starts its program: ends it even when the driver is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != DRIVER:  # it was too late to ask
        os._exit(1)


class Failure(Exception):
    """A server that could not be started or that died."""


class Kind:
    """A server that can be started any number of times."""

    def __init__(self, name, label, command, picks_port=True, version=None):
        self.name = name
        self.label = label
        self.command = command  # a list; '{port}' in it is replaced
        self.picks_port = picks_port
        self._version = version

    def version(self):
        """What it is built on, as it says itself; None when it does not say."""
        if self._version is None:
            return None
        try:
            done = subprocess.run(self._version, capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        lines = done.stdout.strip().splitlines()
        return lines[0] if done.returncode == 0 and lines else None


def known(build):
    """All servers by name, in the order in which they are shown, with the ones that were not built left out."""
    build = pathlib.Path(build)
    result = {}

    def add(name, label, *command):
        result[name] = Kind(name, label, [*command, "{port}"], version=[*command, "--version"])

    weft = build / "bin" / "weft-echo-server"
    if weft.exists():
        result["weft"] = Kind("weft", "weft", [str(weft), "--port", "{port}"], version=[str(weft), "--version"])
    for name, label in (
        ("shim", "plain recv and send, through the shim"),
        ("epoll", "epoll by hand, C"),
        ("libev", "libev callbacks, C"),
        ("asio", "Asio callbacks, C++"),
        ("boost_fiber", "Boost.Fiber on epoll"),
        ("state_threads", "State Threads"),
        ("go", "Go goroutines"),
    ):
        program = build / "echo" / "peers" / name
        if program.exists():
            add(name, label, str(program))
    node = shutil.which("node") or shutil.which("nodejs")
    if node:
        add("node", "Node streams", node, str(PEERS / "echo.js"))
    program = build / "echo" / "peers" / "threads"
    if program.exists():
        add("threads", "thread per connection, C", str(program))
    python = python_with_gevent()
    if python:
        add("gevent", "gevent greenlets", python, str(PEERS / "echo.py"))
    return result


ALL_NAMES = ("weft", "shim", "epoll", "libev", "asio", "boost_fiber", "state_threads", "go", "node", "threads", "gevent")


def python_with_gevent():
    """Debian's own interpreter is the one that python3-gevent is installed for."""
    for python in ("/usr/bin/python3", shutil.which("python3")):
        if python and os.path.exists(python):
            found = subprocess.run([python, "-c", "import gevent"], capture_output=True, check=False)
            if found.returncode == 0:
                return python
    return None


def custom(text):
    """A server from NAME=COMMAND; ValueError when it has another form."""
    name, equals, command = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z0-9_.+-]+", name) or "{port}" not in command:
        raise ValueError(text)
    return Kind(name, name, shlex.split(command), picks_port=False)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid):
    """The process and all below it."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                found += descendants(int(child))
        except OSError:
            pass
    return found


class Running:
    """A started server; stop() ends it and whatever it started."""

    def __init__(self, kind, cpu):
        self.kind = kind
        self.port = 0 if kind.picks_port else free_port()
        command = [part.replace("{port}", str(self.port)) for part in kind.command]

        def in_child():
            os.sched_setaffinity(0, {cpu})
            end_with_parent()
            LIBC.prctl(PR_SET_PTRACER, ctypes.c_ulong(-1))  # lets strace attach; does nothing without Yama

        self.complaints = tempfile.TemporaryFile()
        try:
            # A session of its own: Ctrl-C reaches the driver alone, which then ends its servers one by one.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=self.complaints,
                stdout=subprocess.PIPE if kind.picks_port else subprocess.DEVNULL,
                preexec_fn=in_child, start_new_session=True)
        except OSError as error:
            raise Failure(f"{kind.name}: cannot run {command[0]}: {error.strerror}") from error
        try:
            if kind.picks_port:
                self._read_port()
            else:
                self._wait_for_port()
        except BaseException:
            self.stop()
            raise
        self.pids = descendants(self.process.pid)

    def _complaint(self, what):
        self.complaints.seek(0)
        text = self.complaints.read().decode(errors="replace").strip()
        return Failure(f"{self.kind.name}: {what}" + (f": {text[-300:]}" if text else ""))

    def _read_port(self):
        readable, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline().decode(errors="replace") if readable else ""
        match = re.match(r"listening on \S*:(\d+)\s*$", line)
        if not match:
            raise self._complaint("did not print 'listening on HOST:PORT' first")
        self.port = int(match.group(1))

    def _wait_for_port(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise self._complaint(f"ended with status {self.process.returncode}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise self._complaint(f"does not accept connections on port {self.port}")

    def alive(self):
        return self.process.poll() is None

    def peak_rss(self):
        """Peak resident bytes, over all its processes."""
        total = 0
        for pid in self.pids:
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            match = re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)
            total += int(match.group(1)) * 1024 if match else 0
        return total

    def stop(self):
        below = [pid for pid in descendants(self.process.pid) if pid != self.process.pid]
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in (self.process.pid, *below) if self.alive() else below:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            try:
                self.process.wait(3)
                break
            except subprocess.TimeoutExpired:
                pass
        if self.process.stdout:
            self.process.stdout.close()
        self.complaints.close()
