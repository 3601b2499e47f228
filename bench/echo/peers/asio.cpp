// Echo server on standalone Asio with callbacks, one io_context on one thread.
#include <array>
#include <iostream>
#include <memory>

#include <asio.hpp>

#include "common.h"

namespace {

using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
public:
    explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

    void read() {
        socket_.async_read_some(asio::buffer(buffer_),
                                [self = shared_from_this()](std::error_code error, std::size_t size) {
                                    if (!error) {
                                        self->write(size);
                                    }
                                });
    }

private:
    void write(std::size_t size) {
        asio::async_write(socket_, asio::buffer(buffer_, size),
                          [self = shared_from_this()](std::error_code error, std::size_t) {
                              if (!error) {
                                  self->read();
                              }
                          });
    }

    tcp::socket socket_;
    std::array<char, ECHO_BUFFER_BYTES> buffer_;
};

void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([&acceptor](std::error_code error, tcp::socket socket) {
        if (!error) {
            socket.set_option(tcp::no_delay(true));
            std::make_shared<Session>(std::move(socket))->read();
        }
        accept(acceptor);
    });
}

}  // namespace

int main(int argc, char** argv) {
    const std::string version = "Asio " + std::to_string(ASIO_VERSION / 100000) + "." +
                                std::to_string(ASIO_VERSION / 100 % 1000) + "." +
                                std::to_string(ASIO_VERSION % 100);
    const int port = echo_port_argument(argc, argv, version.c_str());
    asio::io_context context(1);
    tcp::acceptor acceptor(context, tcp::v4(), echo_listen(port, 1));
    accept(acceptor);
    context.run();
}
