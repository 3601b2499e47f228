#!/usr/bin/env python3
"""talk.py PROGRAM: talks to an example server over loopback, as its clients would. The file name says which conversation."""
import contextlib
import pathlib
import signal
import socket
import subprocess
import sys

TIMEOUT_SECONDS = 10


def port_of(process):
    """Where a process listens, from /proc: the README's server does not print it."""
    def sockets():
        with contextlib.suppress(FileNotFoundError):
            for link in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    yield str(link.readlink())
    while process.poll() is None:
        mine = set(sockets())
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            listening = fields[3] == "0A"
            if listening and f"socket:[{fields[9]}]" in mine:
                return int(fields[1].split(":")[1], 16)
    raise AssertionError(f"the server has ended with status {process.returncode}")


class Client:
    """One who types lines and reads answers."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self.received = b""

    def type(self, text):
        self.socket.sendall(text.encode())

    def reads(self, text):
        """Waits until exactly this comes next."""
        wanted = text.encode()
        while len(self.received) < len(wanted):
            part = self.socket.recv(4096)
            assert part, f"the end, instead of the rest of {text!r} after {self.received!r}"
            self.received += part
        assert self.received.startswith(wanted), f"{self.received!r}, expected {text!r}"
        self.received = self.received[len(wanted):]

    def reads_one_of(self, *texts):
        """Waits until one of these comes next, and says which."""
        while True:
            for text in texts:
                if self.received.startswith(text.encode()):
                    self.reads(text)
                    return text
            part = self.socket.recv(4096)
            assert part, f"the end, instead of one of {texts!r}"
            self.received += part

    def reads_end(self):
        assert self.socket.recv(4096) == b"" and not self.received


def stop(process):
    process.send_signal(signal.SIGTERM)
    status = process.wait(TIMEOUT_SECONDS)
    assert status == 0, f"exit status {status}"


def echo_server(process, port):
    one, two = Client(port), Client(port)
    one.type("one")
    two.type("two")
    two.reads("two")
    one.reads("one")
    two.socket.shutdown(socket.SHUT_WR)
    two.reads_end()


def echo_service(process, port):
    echo_server(process, port)
    stop(process)


def chat_1(process, port):
    one, two = Client(port), Client(port)
    two.type("half a ")
    one.type("first\r\nsecond\n")
    one.reads("you say: first\nyou say: second\n")
    two.type("line\n")
    two.reads("you say: half a line\n")


def chat_2(process, port):
    one = Client(port)
    one.type("anybody here?\n")
    one.reads("anybody here?\n")
    two = Client(port)
    two.type("yes\n")
    two.reads("yes\n")
    one.reads("yes\n")


def come_in(port, name, count):
    person = Client(port)
    person.reads("your name? ")
    person.type(name + "\n")
    person.reads(f"* welcome, {name}; {count} here\n")
    return person


def chat_server(process, port):
    ann = come_in(port, "Ann", 1)
    bob = come_in(port, "Bob", 2)
    ann.reads("* Bob comes in\n")
    bob.type("hello\n")
    for person in (ann, bob):
        person.reads("Bob: hello\n")
    bob.socket.close()
    ann.reads("* Bob has left\n")
    # One who never reads is put out, and holds up nobody.
    lazy = come_in(port, "Lazy", 2)
    ann.reads("* Lazy comes in\n")
    line = "x" * 3000
    left = False
    waiting = 1  # lines that Ann has typed and not read yet: none is on its way when the server is told to stop
    ann.type(line + "\n")
    while waiting or not left:
        if ann.reads_one_of(f"Ann: {line}\n", "* Lazy has left\n").startswith("Ann"):
            waiting -= 1
        else:
            left = True
        if not left and not waiting:
            ann.type(line + "\n")
            waiting = 1
    lazy.socket.close()
    process.send_signal(signal.SIGTERM)
    ann.reads("* the server goes down\n")
    ann.reads_end()
    assert process.wait(TIMEOUT_SECONDS) == 0


def main():
    program = pathlib.Path(sys.argv[1])
    conversation = globals()[program.name.removeprefix("example_")]
    process = subprocess.Popen([program, "127.0.0.1:0"], stdout=subprocess.DEVNULL)
    try:
        conversation(process, port_of(process))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


main()
