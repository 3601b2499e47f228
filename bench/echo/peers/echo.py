"""Echo server on gevent: one greenlet per connection."""
import socket
import sys

import gevent
from gevent.server import StreamServer

BUFFER_BYTES = 16 * 1024


def serve(connection, _address):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            data = connection.recv(BUFFER_BYTES)
            if not data:
                return
            connection.sendall(data)
    except OSError:
        pass  # the client is gone


def main():
    argument = sys.argv[1] if len(sys.argv) > 1 else "0"
    if argument == "--version":
        print("gevent", gevent.__version__ + ", Python", sys.version.split()[0])
        return
    server = StreamServer(("127.0.0.1", int(argument)), serve, backlog=1024)
    server.start()
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


main()
