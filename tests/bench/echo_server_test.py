"""weft-echo-server as a program: its command line, its first line, its end."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import unittest

PROGRAM = pathlib.Path(os.environ["WEFT_BUILD"]) / "bin" / "weft-echo-server"
SECONDS = 20


@contextlib.contextmanager
def server(*options):
    """A running server and what its first line says after `listening on`."""
    process = subprocess.Popen([str(PROGRAM), *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        match = re.fullmatch(r"listening on (.+)\n", process.stdout.readline())
        yield process, match.group(1)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def port_of(address):
    return int(address.rpartition(":")[2])


def echo(connection, text):
    connection.settimeout(SECONDS)
    connection.sendall(text)
    connection.shutdown(socket.SHUT_WR)
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def refusal(*options):
    done = subprocess.run([str(PROGRAM), *options], capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, done.stderr


class EchoServer(unittest.TestCase):
    def test_the_first_line_says_which_port_the_system_has_picked(self):
        with server() as (_, address):
            self.assertTrue(address.startswith("127.0.0.1:"))
            with socket.create_connection(("127.0.0.1", port_of(address))) as client:
                self.assertEqual(echo(client, b"hello"), b"hello")

    def test_it_listens_where_it_is_told(self):
        with server("--host", "::1") as (_, address):
            self.assertTrue(address.startswith("[::1]:"))
            with socket.create_connection(("::1", port_of(address))) as client:
                self.assertEqual(echo(client, b"six"), b"six")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "echo.sock")
            with server("--unix", path) as (process, address):
                self.assertEqual(address, "unix:" + path)
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(path)
                    self.assertEqual(echo(client, b"unix"), b"unix")
                process.terminate()
                self.assertEqual(process.wait(SECONDS), 0)
                self.assertFalse(os.path.exists(path))

    def test_several_hubs_serve_one_port(self):
        with server("--hubs", "3") as (process, address):
            clients = [socket.create_connection(("127.0.0.1", port_of(address))) for _ in range(60)]
            for client in clients:
                with client:
                    self.assertEqual(echo(client, b"x" * 1000), b"x" * 1000)
            self.assertGreaterEqual(len(os.listdir(f"/proc/{process.pid}/task")), 3)

    def test_signals_stop_it_in_order_even_with_clients(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for hubs in ("1", "2"):
                with server("--hubs", hubs) as (process, address):
                    with socket.create_connection(("127.0.0.1", port_of(address))) as client:
                        client.sendall(b"x")
                        self.assertEqual(client.recv(1), b"x")
                        process.send_signal(number)
                        self.assertEqual(process.wait(SECONDS), 0)
                        self.assertEqual(client.recv(1), b"")
                    self.assertEqual(process.stderr.read(), "")

    def test_a_small_buffer_and_stack_echo_all_the_same(self):
        with server("--buffer", "7", "--stack-size", "64k") as (_, address):
            with socket.create_connection(("127.0.0.1", port_of(address))) as client:
                self.assertEqual(echo(client, bytes(range(256)) * 40), bytes(range(256)) * 40)

    def test_a_port_in_use_is_named(self):
        for hubs in ("1", "2"):
            with server("--hubs", hubs) as (_, address):
                for other in ("1", "2"):
                    status, text = refusal("--port", str(port_of(address)), "--hubs", other)
                    self.assertEqual(status, 1)
                    self.assertIn(address, text)
                    self.assertIn("Address already in use", text)

    def test_a_bad_option_is_named_with_its_valid_form(self):
        for options, words in (
            (["--port", "70000"], ["--port", "70000", "0 to 65535"]),
            (["--port", "http"], ["--port", "http", "0 to 65535"]),
            (["--hubs", "0"], ["--hubs", "1 to 1024"]),
            (["--buffer", "0"], ["--buffer"]),
            (["--stack-size", "much"], ["--stack-size", "much"]),
            (["--host", "not-an-address"], ["not-an-address", "192.0.2.7"]),
            (["--unix", "x" * 200], ["107"]),
            (["--bogus"], ["--bogus"]),
        ):
            status, text = refusal(*options)
            self.assertEqual(status, 2, options)
            for word in words:
                self.assertIn(word, text)

    def test_help_and_version_end_well(self):
        for option in ("--help", "--version"):
            done = subprocess.run([str(PROGRAM), option], capture_output=True, text=True, timeout=SECONDS, check=False)
            self.assertEqual(done.returncode, 0)
            self.assertIn("weft", done.stdout)
            self.assertEqual(done.stderr, "")

    def test_at_the_limit_of_descriptors_it_names_it_and_serves_on(self):
        import resource
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
        process = subprocess.Popen([str(PROGRAM)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=limit)
        try:
            port = port_of(process.stdout.readline().strip())
            clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
            self.assertIn("RLIMIT_NOFILE: 24", process.stderr.readline())
            self.assertEqual(echo(clients[0], b"first"), b"first")
            for client in clients[:-1]:
                client.close()
            self.assertEqual(echo(clients[-1], b"last"), b"last")
            clients[-1].close()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()


if __name__ == "__main__":
    unittest.main()
