"""weft-echo-load against weft-echo-server, and against servers that do not echo as they should: every fault must show."""
import contextlib
import html.parser
import json
import os
import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

BIN = pathlib.Path(os.environ["WEFT_BUILD"]) / "bin"
SECONDS = 60


@contextlib.contextmanager
def echo_server(*options):
    process = subprocess.Popen([str(BIN / "weft-echo-server"), *options], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip().rpartition(":")[2], process
    finally:
        process.terminate()
        process.wait(SECONDS)
        process.stdout.close()


@contextlib.contextmanager
def faulty_server(serve):
    """Calls serve(connection, number) in a thread for each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def guarded(connection, number):
        with connection, contextlib.suppress(OSError):
            serve(connection, number)

    def accept():
        for number in range(1000):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=guarded, args=(connection, number), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield str(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def load(*arguments):
    """Exit status, the run of the JSON, what it printed, what it complained of."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "load.json")
        done = subprocess.run([str(BIN / "weft-echo-load"), *arguments, "--json", name, "--quiet"], capture_output=True,
                              text=True, timeout=SECONDS, check=False)
        run = None
        if os.path.exists(name):
            with open(name, encoding="utf-8") as file:
                run = json.load(file)["runs"][0]
        return done.returncode, run, done.stdout, done.stderr


def echo(connection, _number):
    while data := connection.recv(65536):
        connection.sendall(data)


def corrupt(connection, _number):
    connection.sendall(connection.recv(65536))
    data = connection.recv(65536)
    connection.sendall(bytes([data[0] ^ 1]) + data[1:])
    echo(connection, 0)


def close_early(connection, _number):
    connection.sendall(connection.recv(65536))
    connection.recv(65536)


def reset(connection, _number):
    connection.sendall(connection.recv(65536))
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def too_much(connection, _number):
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.sendall(b"?")


def never_answer(connection, _number):
    while connection.recv(65536):
        pass


def pause_once(connection, _number):
    """Echoes, but for one pause of half a second."""
    begun = time.monotonic()
    paused = False
    while data := connection.recv(65536):
        if not paused and time.monotonic() - begun > 0.3:
            paused = True
            time.sleep(0.5)
        connection.sendall(data)


class Load(unittest.TestCase):
    def test_it_measures_a_server_that_behaves(self):
        with echo_server() as (port, process):
            status, run, text, _ = load("127.0.0.1", port, "--connections", "20", "--seconds", "0.5", "--warmup", "0.1")
            self.assertEqual(status, 0)
            self.assertEqual((run["server"], run["connections"], run["message_bytes"], run["depth"], run["errors"]),
                             (f"127.0.0.1:{port}", 20, 64, 1, 0))
            self.assertGreater(run["requests"], 100)
            self.assertAlmostEqual(run["requests_per_second"] * run["seconds"], run["requests"], delta=2)
            latency = run["latency_us"]
            self.assertTrue(0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p999"] <= latency["max"])
            self.assertGreater(run["cpu_us_per_request"], 0, f"the process {process.pid} is found by its port")
            self.assertGreater(run["rss_bytes"], 1 << 20)
            self.assertIn("requests per second", text)

    def test_all_shapes_of_load_come_back_whole(self):
        with echo_server() as (port, _):
            for options in (["--depth", "16", "--size", "4k"], ["--depth", "1000", "--size", "1"], ["--size", "200k"],
                            ["--size", "1M", "--depth", "4"], ["--rate", "500"], ["--rate", "500", "--depth", "8"]):
                status, run, _, complaint = load("127.0.0.1", port, "--connections", "5", "--seconds", "0.3", "--warmup",
                                                 "0.1", *options)
                self.assertEqual((status, run and run["errors"]), (0, 0), f"{options}: {run} {complaint}")
                self.assertGreater(run["requests"], 0, options)

    def test_a_message_of_100_megabytes_comes_back_whole(self):
        with echo_server() as (port, process):
            status, run, _, _ = load("127.0.0.1", port, "--connections", "1", "--size", "100M", "--messages", "2",
                                     "--warmup", "0", "--timeout", "50")
            self.assertEqual((status, run["errors"], run["requests"]), (0, 0, 2))
            if "SANITIZE" not in os.environ.get("WEFT_BUILD", "").upper():
                self.assertLess(run["rss_bytes"], 100 << 20, "the server holds a buffer and no message")

    def test_it_stops_after_a_number_of_messages(self):
        with echo_server() as (port, _):
            status, run, _, _ = load("127.0.0.1", port, "--connections", "7", "--messages", "1000", "--warmup", "0")
            self.assertEqual((status, run["requests"]), (0, 1000))

    def test_unix_sockets_and_names(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "echo.sock")
            with echo_server("--unix", path):
                status, run, _, _ = load("--unix", path, "--seconds", "0.2", "--warmup", "0")
                self.assertEqual((status, run["errors"], run["server"]), (0, 0, "unix:" + path))
        with echo_server() as (port, _):
            self.assertEqual(load("localhost", port, "--seconds", "0.1", "--warmup", "0")[0], 0)

    def test_every_fault_of_a_server_is_counted_by_its_kind(self):
        for serve, kind in ((corrupt, "wrong bytes"), (close_early, "closed by the server"),
                            (reset, "Connection reset by peer"), (too_much, "more bytes than were sent"),
                            (never_answer, "Connection timed out")):
            with faulty_server(serve) as port:
                status, run, text, complaint = load("127.0.0.1", port, "--connections", "2", "--seconds", "0.5",
                                                    "--warmup", "0", "--timeout", "1")
                self.assertEqual(status, 1, kind)
                self.assertIn(kind, run["errors_by_kind"], complaint)
                self.assertEqual(run["errors"], 2, run["errors_by_kind"])
                self.assertIn(kind, text)

    def test_a_server_that_is_not_there_is_an_error_that_says_so(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = str(gone.getsockname()[1])
        status, _, _, complaint = load("127.0.0.1", port)
        self.assertEqual(status, 1)
        self.assertIn(f"127.0.0.1:{port}", complaint)
        self.assertIn("Connection refused", complaint)
        status, _, _, complaint = load("no-such-host.invalid", "80")
        self.assertEqual(status, 1)
        self.assertIn("no-such-host.invalid", complaint)

    def test_a_fixed_rate_does_not_hide_a_pause_of_the_server(self):
        with faulty_server(pause_once) as port:
            rate = ["--connections", "1", "--seconds", "1.5", "--warmup", "0"]
            _, open_loop, _, _ = load("127.0.0.1", port, *rate, "--rate", "200")
            # A third of the messages were due in the pause, and waited a quarter of a second on average.
            self.assertGreater(open_loop["latency_us"]["p90"], 100_000)
            self.assertEqual(open_loop["requests"] + open_loop["unanswered"], 300)
            _, closed_loop, _, _ = load("127.0.0.1", port, *rate)
            self.assertLess(closed_loop["latency_us"]["p90"], 100_000)

    def test_a_server_too_slow_for_the_rate_leaves_messages_unanswered(self):
        def slow(connection, _number):
            while data := connection.recv(64):
                time.sleep(0.05)
                connection.sendall(data)

        with faulty_server(slow) as port:
            _, run, text, _ = load("127.0.0.1", port, "--connections", "1", "--seconds", "0.5", "--warmup", "0", "--rate",
                                   "1000", "--timeout", "3")
            self.assertGreater(run["unanswered"], 100)
            self.assertEqual(run["requests"] + run["unanswered"], 500)
            self.assertIn("due but not answered", text)

    def test_the_page_is_whole_and_needs_no_network(self):
        with echo_server() as (port, _), tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "load.html")
            status = load("127.0.0.1", port, "--seconds", "0.3", "--warmup", "0", "--html", name)[0]
            self.assertEqual(status, 0)
            text = pathlib.Path(name).read_text(encoding="utf-8")
        self.assertEqual(text.count("<svg"), 3)
        self.assertNotIn("http", text)
        self.assertNotIn("nan", text.lower().replace("\n", " ").split("<svg", 1)[1])
        html.parser.HTMLParser().feed(text)

    def test_bad_options_end_with_status_2_and_name_the_option(self):
        for options, words in (([], ["HOST PORT"]), (["127.0.0.1"], ["HOST PORT"]),
                               (["127.0.0.1", "99999"], ["port", "1 to 65535"]),
                               (["127.0.0.1", "80", "--connections", "0"], ["--connections", "1 to 1000000"]),
                               (["127.0.0.1", "80", "--size", "x"], ["--size"]),
                               (["127.0.0.1", "80", "--rate", "-1"], ["--rate"]),
                               (["127.0.0.1", "80", "--seconds", "1", "--messages", "5"], ["--seconds", "--messages"]),
                               (["127.0.0.1", "80", "--nonsense"], ["--nonsense"])):
            done = subprocess.run([str(BIN / "weft-echo-load"), *options], capture_output=True, text=True,
                                  timeout=SECONDS, check=False)
            self.assertEqual(done.returncode, 2, options)
            for word in words:
                self.assertIn(word, done.stderr)

    def test_a_file_that_cannot_be_written_is_named(self):
        with echo_server() as (port, _):
            done = subprocess.run([str(BIN / "weft-echo-load"), "127.0.0.1", port, "--seconds", "0.05", "--warmup", "0",
                                   "--json", "/nowhere/load.json"], capture_output=True, text=True, timeout=SECONDS,
                                  check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("/nowhere/load.json", done.stderr)


if __name__ == "__main__":
    unittest.main()
