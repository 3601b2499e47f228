"""weft-echo-raw against servers that behave, and against servers that do not: every fault must show."""
import contextlib
import json
import os
import pathlib
import socket
import struct
import subprocess
import threading
import unittest

PROGRAM = pathlib.Path(os.environ["WEFT_BUILD"]) / "bin" / "weft-echo-raw"
FIRST_ECHO = 64  # each connection begins with one of these


def echo(connection, _count):
    while data := connection.recv(16384):
        connection.sendall(data)


def first_echo(connection):
    data = b""
    while len(data) < FIRST_ECHO:
        data += connection.recv(FIRST_ECHO - len(data))
    connection.sendall(data)


def corrupt(connection, count):
    first_echo(connection)
    data = connection.recv(16384)
    if count == 0:
        data = bytes([data[0] ^ 1]) + data[1:]
    connection.sendall(data)
    echo(connection, count)


def close_early(connection, count):
    if count != 0:
        return echo(connection, count)
    first_echo(connection)
    connection.recv(16384)
    return None


def reset(connection, count):
    if count != 0:
        return echo(connection, count)
    first_echo(connection)
    connection.recv(16384)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return None


def never_answer(connection, count):
    if count != 0:
        return echo(connection, count)
    first_echo(connection)
    while connection.recv(16384):
        pass
    return None


def answer_twice(connection, _count):
    first_echo(connection)
    while data := connection.recv(16384):
        connection.sendall(data + data)


def close_at_once(_connection, _count):
    return None


@contextlib.contextmanager
def serving(behaviour):
    """A thread per connection; behaviour(connection, number of the connection)."""
    def serve(connection, count):
        with connection, contextlib.suppress(OSError):
            behaviour(connection, count)

    def accept():
        count = 0
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                thread = threading.Thread(target=serve, args=(connection, count))
                thread.start()
                threads.append(thread)
                count += 1

    threads = []
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def load(target, *options):
    done = run("--seconds", 0.2, "--slice", 0.1, "--warmup", 0.05, *options, target)
    return done, json.loads(done.stdout)


class Loads(unittest.TestCase):
    def check_clean(self, *options):
        with serving(echo) as target:
            done, [said] = load(target, *options)
        self.assertEqual((done.returncode, said["errors"]), (0, 0), done.stderr)
        self.assertGreater(said["requests"], 0)
        latency = said["latency_us"]
        self.assertLessEqual(latency["p50"], latency["p90"])
        self.assertLessEqual(latency["p99"], latency["max"])
        self.assertGreater(latency["p50"], 0)
        return said

    def test_one_message_at_a_time(self):
        said = self.check_clean("--conns", 3)
        self.assertEqual((said["connections"], said["message_bytes"], said["depth"]), (3, 64, 1))
        self.assertGreater(said["echoes_in_all"], said["requests"])

    def test_pipelined_messages_of_an_odd_size(self):
        self.check_clean("--conns", 2, "--depth", 16, "--size", 777)

    def test_messages_larger_than_any_buffer(self):
        self.check_clean("--conns", 1, "--size", 3_000_000, "--depth", 2)

    def test_a_hog_beside_the_others(self):
        said = self.check_clean("--conns", 2, "--hog", "--hog-depth", 16)
        self.assertGreater(said["hog_messages_per_second"], 0)

    def test_idle_connections_stay_open(self):
        with serving(echo) as target:
            done, [said] = load(target + ",idle=20", "--conns", 1)
        self.assertEqual((done.returncode, said["idle_connections"]), (0, 20))

    def test_the_cpu_time_of_a_server_is_reported_when_its_process_is_named(self):
        with serving(echo) as target:
            _, [said] = load(f"{target},pid={os.getpid()}", "--conns", 4)
        self.assertGreater(said["server_cpu_seconds"], 0)
        self.assertEqual((said["slices"], said["disturbed_slices"]), (2, 0))

    def test_turns_that_others_disturb_are_repeated_but_not_for_ever(self):
        # Four of us on one processor: every turn is disturbed.
        cpu = min(os.sched_getaffinity(0))
        spinners = [subprocess.Popen(["taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"]) for _ in range(2)]
        try:
            with serving(echo) as target:
                done = subprocess.run(["taskset", "-c", str(cpu), PROGRAM, "--repeat-disturbed", "--seconds", "0.2", "--slice",
                                       "0.1", "--conns", "2", target], capture_output=True, text=True, timeout=60, check=False)
        finally:
            for spinner in spinners:
                spinner.kill()
                spinner.wait()
        [said] = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertEqual((said["slices"], said["disturbed_slices"]), (4, 4))

    def test_several_servers_take_turns(self):
        with serving(echo) as first, serving(echo) as second:
            done = run("--seconds", 0.2, "--conns", 2, first, second)
        results = json.loads(done.stdout)
        self.assertEqual([one["server"] for one in results], [first, second])
        for one in results:
            self.assertGreater(one["requests"], 0)
            self.assertGreaterEqual(one["seconds"], 0.2)


class Faults(unittest.TestCase):
    def check_fault(self, behaviour, kind, *options):
        with serving(behaviour) as target:
            done, [said] = load(target, "--conns", 3, *options)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(said["errors_by_kind"], {kind: said["errors"]})
        return said

    def test_a_wrong_byte_is_counted_and_the_others_go_on(self):
        said = self.check_fault(corrupt, "corrupted")
        self.assertEqual(said["errors"], 1)
        self.assertGreater(said["requests"], 0)

    def test_an_early_end_is_counted(self):
        self.assertEqual(self.check_fault(close_early, "closed", "--depth", 2)["errors"], 1)

    def test_a_reset_is_counted(self):
        self.assertEqual(self.check_fault(reset, "reset")["errors"], 1)

    def test_a_reply_that_never_comes_is_counted(self):
        self.assertEqual(self.check_fault(never_answer, "stalled")["errors"], 1)

    def test_bytes_that_nobody_asked_for_are_an_error(self):
        self.assertGreaterEqual(self.check_fault(answer_twice, "corrupted", "--size", 100)["errors"], 1)

    def test_a_server_that_hangs_up_on_connecting_is_an_error(self):
        with serving(close_at_once) as target:
            done, [said] = load(target)
        self.assertEqual((done.returncode, said["requests"], said["errors"]), (1, 0, 1))
        self.assertIn("cannot open all connections", done.stderr)

    def test_nobody_listening_is_an_error_and_no_hang(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            done, [said] = load(f"127.0.0.1:{closed.getsockname()[1]}")
        self.assertEqual((done.returncode, said["errors_by_kind"]), (1, {"connect": 1}))

    def test_a_server_that_cannot_be_reached_does_not_stop_the_others(self):
        with serving(echo) as good, socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            done = run("--seconds", 0.1, "--conns", 2, f"127.0.0.1:{closed.getsockname()[1]}", good)
        bad, fine = json.loads(done.stdout)
        self.assertEqual((done.returncode, bad["requests"], fine["errors"]), (1, 0, 0))
        self.assertGreater(fine["requests"], 0)


class Options(unittest.TestCase):
    def test_a_bad_option_is_named_with_its_form_and_ends_with_2(self):
        for arguments, part in (
                (["--conns", "0", "h:1"], "--conns needs a whole number from 1"),
                (["--conns", "x", "h:1"], "--conns needs a whole number from 1"),
                (["--depth=-1", "h:1"], "--depth needs a whole number from 1"),
                (["--seconds", "0", "h:1"], "--seconds needs a number of seconds"),
                (["--seconds", "nan", "h:1"], "--seconds needs a number of seconds"),
                (["--wat", "1", "h:1"], "not '--wat'"),
                (["--size"], "--size needs a whole number"),
                (["host"], "HOST:PORT"),
                (["h:70000"], "port"),
                (["h:1,what=2"], "HOST:PORT"),
                ([], "HOST:PORT")):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(part, done.stderr, arguments)
            self.assertEqual(done.stdout, "", arguments)

    def test_help_ends_with_0(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--hog-depth", done.stdout)


if __name__ == "__main__":
    unittest.main()
