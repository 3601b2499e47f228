"""Every server of the comparison that is built here echoes every byte, and ends when it is told to."""
import os
import pathlib
import socket
import sys
import threading
import unittest

ECHO = pathlib.Path(__file__).resolve().parents[2] / "bench" / "echo"
sys.path.insert(0, str(ECHO))

from driver import measure, servers  # noqa: E402

BUILD = os.environ["WEFT_BUILD"]
CPU = min(os.sched_getaffinity(0))
KINDS = servers.known(BUILD)


class Peers(unittest.TestCase):
    def for_each(self, check):
        self.assertIn("epoll", KINDS, "the reference is always built")
        for name, kind in KINDS.items():
            with self.subTest(server=name):
                server = servers.Running(kind, CPU)
                try:
                    check(server)
                    self.assertTrue(server.alive())
                finally:
                    server.stop()
                # By SIGTERM: 143 where the program handles it itself, and weft's own server ends cleanly.
                self.assertIn(server.process.returncode, (-15, 143, 0))

    def load(self, server, *case, seconds=0.2):
        bench = measure.Bench(BUILD, seconds, CPU, max(os.sched_getaffinity(0)))
        [said] = bench.load(measure.Case("echo", *case), [(server, 0)], seconds)
        self.assertEqual(said["errors_by_kind"], {})
        self.assertGreater(said["requests"], 0)

    def test_each_says_what_it_is(self):
        for name, kind in KINDS.items():
            self.assertRegex(kind.version() or "", r"\w", name)

    def test_each_echoes_small_messages_of_many_connections(self):
        self.for_each(lambda server: self.load(server, 50, 64, 1))

    def test_each_echoes_pipelined_messages_larger_than_its_buffer(self):
        self.for_each(lambda server: self.load(server, 5, 50_000, 8))

    def test_each_gives_back_all_bytes_to_a_client_that_reads_late_and_has_closed_its_half(self):
        def check(server):
            sent = os.urandom(1 << 16) * 64  # 4 MiB: more than the sockets hold, so that writes fall short
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                def send():
                    client.sendall(sent)
                    client.shutdown(socket.SHUT_WR)
                sender = threading.Thread(target=send)
                sender.start()
                sender.join(0.2)  # the server is stuck in a write by now, or done
                received = bytearray()
                while data := client.recv(1 << 16):
                    received += data
                sender.join()
            self.assertTrue(bytes(received) == sent, f"{len(received)} of {len(sent)} bytes")
        self.for_each(check)

    def test_a_client_that_resets_does_not_end_the_server(self):
        def check(server):
            for _ in range(3):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                client.sendall(b"x" * 100_000)
                client.close()
            self.load(server, 3, 64, 1)
        self.for_each(check)


if __name__ == "__main__":
    unittest.main()
