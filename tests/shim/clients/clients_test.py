#!/usr/bin/env python3
"""Client libraries that block, a fiber for each request, on one hub: clients_test.py CLIENT native|shim COMMAND...

Whatever the way, all answers are right. With the shim (linked or preloaded: COMMAND says how), hundreds of requests overlap: all
together take less than a quarter of what they would take in turn. Without it a few are made in turn, which shows that the test can
tell."""
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile

import daemons
import delayed

LIMIT = 20
DELAY = 0.3
NATIVE_COUNT = 10
SKIPPED = 77


def curl(folder, count, run):
    with delayed.http(DELAY) as (port, crowd):
        run(count, f"http://127.0.0.1:{port}", crowd=crowd, in_turn=DELAY * (count - count // 10))  # one in ten gives up


def curl_tls(folder, count, run):
    certificate, key = daemons.certificate(folder)
    with delayed.http(DELAY, certificate, key) as (port, crowd):
        # One is refused, and its request never made; one in ten gives up.
        run(count, f"https://localhost:{port}", certificate, crowd=crowd, in_turn=DELAY * (count - 1 - count // 10))


def redis(folder, count, run):
    with daemons.redis(folder) as (path, port):
        run(count, path, str(port), str(DELAY))


def postgres(folder, count, run):
    with daemons.postgres(folder) as (by_path, by_port):
        run(count, by_path, by_port, str(DELAY))


def tls(folder, count, run):
    certificate, key = daemons.certificate(folder)
    with delayed.http(DELAY, certificate, key) as (port, crowd):
        run(count, str(port), certificate, crowd=crowd)


def tls_errors(folder, count, run):
    """With what OpenSSL has per thread per fiber."""
    os.environ["WEFT_SHIM"] = "all,keys"
    certificate, key = daemons.certificate(folder)
    with delayed.http(DELAY, certificate, key) as (port, crowd):
        run(count, str(port), certificate, "strangers", crowd=crowd, in_turn=DELAY * count * 3 // 4)


def resolver(folder, count, run):
    with delayed.dns(DELAY) as (upstream, crowd), daemons.dnsmasq(folder, upstream) as port:
        run(count, str(port), crowd=crowd)


def lookup(folder, count, run):
    enter_own_network(folder)
    with delayed.dns(DELAY) as (upstream, crowd), daemons.dnsmasq(folder, upstream, 53):
        run(count, crowd=crowd)


def cancelled(folder, count, run):
    very_long = 600
    with contextlib.ExitStack() as stack:
        certificate, key = daemons.certificate(folder)
        port, _ = stack.enter_context(delayed.http(very_long))
        tls_port, _ = stack.enter_context(delayed.http(very_long, certificate, key))
        redis_path, _ = stack.enter_context(daemons.redis(folder))
        # Its account gets the directory that it is in.
        account_folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="weft"))
        _, where = stack.enter_context(daemons.postgres(account_folder))
        run(count, f"http://127.0.0.1:{port}", redis_path, where, str(tls_port), in_turn=very_long)


def enter_own_network(folder):
    """Goes where the port of the name service is free and the machine's settings are ours: namespaces of this process."""
    new_user, new_mounts, new_network = 0x10000000, 0x00020000, 0x40000000
    bind, recursive, private = 0x1000, 0x4000, 0x40000
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(new_mounts | new_network | (0 if user == 0 else new_user)) != 0:
        print(f"not tested: no namespaces of one's own here: {os.strerror(ctypes.get_errno())}")
        sys.exit(SKIPPED)
    if user != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    if libc.mount(None, b"/", None, recursive | private, None) != 0:
        print(f"not tested: mounts of one's own need a root that is one (not so after chroot): {os.strerror(ctypes.get_errno())}")
        sys.exit(SKIPPED)
    files = {"resolv.conf": "nameserver 127.0.0.1\noptions timeout:15 attempts:1\n", "nsswitch.conf": "hosts: files dns\n",
             "hosts": "127.0.0.1 localhost\n"}
    for name, text in files.items():
        path = pathlib.Path(folder, name)
        path.write_text(text)
        if libc.mount(bytes(path), f"/etc/{name}".encode(), None, bind, None) != 0:
            raise OSError(ctypes.get_errno(), f"mount over /etc/{name}")
    with socket.socket() as any_socket:
        set_flags, up, running = 0x8914, 0x1, 0x40
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up | running))


def run_client(command, native, count, *arguments, crowd=None, in_turn=None):
    """Runs the client program, says what it did, and whether that is right."""
    try:
        done = subprocess.run([*command, str(count), *arguments], stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        sys.exit(f"not done within {LIMIT} s")
    if done.returncode not in (0, 1) or not done.stdout.strip():
        sys.exit(f"exit status {done.returncode}, and it printed: {done.stdout}")
    result = json.loads(done.stdout)
    in_turn = in_turn or DELAY * count
    at_once = f", {crowd.most} at once" if crowd else ""
    print(f"{result['requests']} requests, {result['wrong']} wrong, {result['seconds']:.2f} s together{at_once}; "
          f"the delays alone take {in_turn:.1f} s in turn")
    if done.returncode != 0 or result["wrong"] or result["requests"] != count:
        sys.exit("wrong answers")
    if native and result["seconds"] < in_turn:
        sys.exit("requests overlap without the shim: this test would not notice its absence")
    if not native and result["seconds"] > in_turn / 4:
        sys.exit("the requests do not overlap")


def main():
    name, way, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # not without ending the servers
    # Client and number of requests.
    clients = {"curl": (curl, 300), "curl_tls": (curl_tls, 200), "redis": (redis, 300), "postgres": (postgres, 100), "tls": (tls, 200),
               "tls_errors": (tls_errors, 200), "resolver": (resolver, 100), "lookup": (lookup, 100), "cancelled": (cancelled, 120)}
    client, count = clients[name]
    native = way == "native"
    # Short, since the path of a Unix socket must be; a directory that the servers' own users can enter.
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="weft"))
        os.chmod(folder, 0o755)
        client(folder, NATIVE_COUNT if native else count,
               lambda *arguments, **options: run_client(command, native, *arguments, **options))


if __name__ == "__main__":
    main()
