"""Servers that answer late, for any number of clients at once. They run in a thread of the test; the clients are other processes."""
import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading


@contextlib.contextmanager
def event_loop():
    """An event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Crowd:
    """How many requests were waiting for their answers at the same time, at most."""

    def __init__(self):
        self.now = self.most = 0

    def enter(self):
        self.now += 1
        self.most = max(self.most, self.now)

    def leave(self):
        self.now -= 1


class Http(asyncio.Protocol):
    """GET /n: "answer n", with 200,000 dots where n % 7 is 6. POST: "got" and how many bytes. What asks "?never" gets no answer."""

    def __init__(self, delay, crowd):
        self.delay, self.crowd = delay, crowd
        self.transport, self.received, self.expected = None, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return
        if self.expected is None:
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            self.expected = int(length[1]) if length else 0
            if re.search(rb"(?i)\r\nexpect: *100-continue", head):
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(body) < self.expected:
            return
        request = head.split(b"\r\n")[0].split(b" ")
        self.received, self.expected = body[self.expected:], None
        if not request[1].endswith(b"?never"):
            self.crowd.enter()
            asyncio.get_running_loop().call_later(self.delay, self.answer, request, len(body))

    def answer(self, request, size):
        self.crowd.leave()
        number = int(request[1][1:])
        text = b"got %d" % size if request[0] == b"POST" else b"answer %d" % number + (b"." * 200_000 if number % 7 == 6 else b"")
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
            if request[2] == b"HTTP/1.0":
                self.transport.close()


@contextlib.contextmanager
def http(delay, certificate=None, key=None):
    """Its port on 127.0.0.1, and its Crowd."""
    crowd = Crowd()
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    with event_loop() as loop:
        async def start():
            return await loop.create_server(lambda: Http(delay, crowd), "127.0.0.1", 0, ssl=context, backlog=1000)
        server = asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield server.sockets[0].getsockname()[1], crowd
        finally:
            asyncio.run_coroutine_threadsafe(stop(server), loop).result()


async def stop(server):
    server.close()


A, PTR, TXT, AAAA = 1, 12, 16, 28
NAME_ERROR = 3


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(name, kind):
    """The data of the answer, b"" where there is none of that kind; None where there is no such name."""
    host = re.fullmatch(r"host(\d+)\.test", name)
    address = re.fullmatch(r"(\d+)\.(\d+)\.0\.10\.in-addr\.arpa", name)
    if address and kind == PTR:
        return encoded(f"host{int(address[2]) * 256 + int(address[1])}.test")
    if not host:
        return None
    number = int(host[1])
    if kind == A:
        return bytes([10, 0, number // 256, number % 256])
    if kind == AAAA:
        return socket.inet_pton(socket.AF_INET6, f"fd00::1:{number}")
    if kind == TXT:
        text = f"text of {name}".encode()
        return bytes([len(text)]) + text
    return b""


class Dns(asyncio.DatagramProtocol):
    """hostN.test is 10.0.N/256.N%256 and fd00::1:N, has a text, and is found by its first address; there are no other names."""

    def __init__(self, delay, crowd):
        self.delay, self.crowd, self.transport = delay, crowd, None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.crowd.enter()
        asyncio.get_running_loop().call_later(self.delay, self.answer, data, address)

    def answer(self, query, address):
        self.crowd.leave()
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack_from(">H", query, at + 1)
        data = record(".".join(labels).lower(), kind)
        flags = 0x8580 | (NAME_ERROR if data is None else 0)  # an answer, with authority, recursion available
        reply = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if data else 0, 0, 0) + query[12:at + 5]
        if data:
            reply += struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(data)) + data
        self.transport.sendto(reply, address)


@contextlib.contextmanager
def dns(delay):
    """Its UDP port on 127.0.0.1, and its Crowd."""
    crowd = Crowd()
    with event_loop() as loop:
        async def start():
            return await loop.create_datagram_endpoint(lambda: Dns(delay, crowd), ("127.0.0.1", 0))
        transport, _ = asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield transport.get_extra_info("sockname")[1], crowd
        finally:
            loop.call_soon_threadsafe(transport.close)
