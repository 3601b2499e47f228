"""Other people's servers, each started for one test: in a directory of its own, on a socket or a port of its own."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

PATIENCE = 15


def program(name, *, beside=()):
    """Its path. A missing one is an error: cmake/packages.txt has it."""
    path = shutil.which(name, path=os.pathsep.join([*beside, os.environ["PATH"], "/usr/sbin"]))
    if not path:
        raise SystemExit(f"{name} is missing: cmake/install-packages.sh test installs it")
    return path


class NotServing(SystemExit):
    """With what the server had to say."""


@contextlib.contextmanager
def daemon(command, log, ready, ends_by=signal.SIGTERM, **options):
    """Runs the command until the block ends; ready() says when it serves."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
    try:
        limit = time.monotonic() + PATIENCE
        while not ready():
            if process.poll() is not None or time.monotonic() > limit:
                raise NotServing(f"{command[0]} does not serve:\n{pathlib.Path(log).read_text(errors='replace')}")
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(ends_by)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(family, address, question, answer):
    """Does someone there answer so?"""
    with socket.socket(family) as connection, contextlib.suppress(OSError):
        connection.settimeout(1)
        connection.connect(address)
        connection.sendall(question)
        return connection.recv(100).startswith(answer)
    return False


@contextlib.contextmanager
def daemon_at_a_port(start, port=None):
    """The port of the daemon that start(port) runs: the given one, or one that is free."""
    attempts = 1 if port else 5
    with contextlib.ExitStack() as stack:
        for attempt in range(attempts):
            where = port or free_port()
            try:
                stack.enter_context(start(where))
                break
            except NotServing as failure:
                # Somebody else may have been faster at the port.
                if attempt + 1 == attempts or "in use" not in str(failure):
                    raise
        yield where


@contextlib.contextmanager
def redis(folder):
    """The path of its Unix socket, and its port on 127.0.0.1."""
    path = f"{folder}/redis"

    def start(port):
        command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(port), "--unixsocket", path, "--dir", folder,
                   "--save", "", "--appendonly", "no", "--daemonize", "no", "--maxclients", "2000", "--tcp-backlog", "1000"]
        return daemon(command, f"{folder}/redis.log", lambda: answers(socket.AF_UNIX, path, b"PING\r\n", b"+PONG"))

    with daemon_at_a_port(start) as port:
        yield path, port


@contextlib.contextmanager
def postgres(folder):
    """Two connection strings: by its Unix socket, and by a port of 127.0.0.1."""
    installed = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    beside = [str(path) for path in reversed(installed)]
    # The server refuses to run as root.
    account = {}
    user = pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() == 0:
        user = "postgres"
        entry = pwd.getpwnam(user)
        account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    data = f"{folder}/data"
    subprocess.run([program("initdb", beside=beside), "--pgdata", data, "--no-sync", "--auth=trust", "--no-locale",
                    "--encoding=UTF8", "--username=test"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **account)
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "max_connections": 200, "fsync": "off",
                "autovacuum": "off", "shared_buffers": "16MB", "jit": "off"}
    who = "user=test dbname=postgres"

    def start(port):
        command = [program("postgres", beside=beside), "-D", data, "-p", str(port)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]

        def ready():
            return subprocess.run([program("psql"), "--no-psqlrc", "-c", "select 1", f"host={folder} port={port} {who}"], check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

        # SIGQUIT: no checkpoint for what is thrown away.
        return daemon(command, f"{folder}/postgres.log", ready, signal.SIGQUIT, cwd=folder, **account)

    with daemon_at_a_port(start) as port:
        yield f"host={folder} port={port} {who}", f"host=127.0.0.1 port={port} {who}"


def free_port():
    """One that nobody has, for datagrams and for connections; it may be taken before it is used."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, socket.socket() as connections:
            datagrams.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                connections.bind(datagrams.getsockname())
                return datagrams.getsockname()[1]


@contextlib.contextmanager
def dnsmasq(folder, upstream, port=None):
    """The port of a name server on 127.0.0.1 that asks the one at 127.0.0.1:upstream; without `port` one that is free."""
    question = bytes.fromhex("000101000001000000000000") + b"\5ready\4test\0\0\1\0\1"

    def start(where):
        command = [program("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                   "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={where}", f"--server=127.0.0.1#{upstream}",
                   "--dns-forward-max=1000", "--cache-size=0", "--user=root", "--group=", f"--pid-file={folder}/dnsmasq.pid",
                   "--address=/ready.test/127.0.0.1"]
        return daemon(command, f"{folder}/dnsmasq.log", lambda: answers_datagram(("127.0.0.1", where), question))

    with daemon_at_a_port(start, port) as where:
        yield where


def answers_datagram(address, question):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.settimeout(0.2)
        probe.connect(address)
        probe.send(question)
        return bool(probe.recv(512))
    return False


def certificate(folder):
    """The paths of a new certificate for localhost, signed by itself, and of its key."""
    paths = f"{folder}/certificate.pem", f"{folder}/key.pem"
    subprocess.run([program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", paths[0], "-keyout",
                    paths[1]], check=True, stderr=subprocess.DEVNULL)
    return paths
