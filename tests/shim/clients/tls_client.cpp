// OpenSSL over its own blocking BIOs, and over a plain socket: tls_client COUNT PORT CERTIFICATE [strangers].
// Requests take turns among the three ways, and check whom they talk to; each asks a server for HTTP by hand. With `strangers` every
// fourth one expects somebody else, and reads why it failed only after others have run: OpenSSL keeps that per thread.
#include "many.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>

namespace {

using Context = clients::Owned<SSL_CTX, SSL_CTX_free>;
using Chain = clients::Owned<BIO, BIO_free_all>;
using Session = clients::Owned<SSL, SSL_free>;

void require_ssl(bool right, const std::string& what) {
    if (right) return;
    const unsigned long code = ERR_get_error();
    throw std::runtime_error(what + ": " + (code == 0 ? "no reason" : ERR_error_string(code, nullptr)));
}

void expect_host(SSL* session, const char* name) {
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
    require_ssl(SSL_set1_host(session, name) == 1, "SSL_set1_host");
}

std::string query(std::size_t number) { return "GET /" + std::to_string(number) + " HTTP/1.0\r\n\r\n"; }

/// Does once more what could not be done at once, as a BIO with a time limit for its connect asks for.
template <class F>
auto patiently(BIO* bio, F&& step) {
    auto result = step();
    while (result <= 0 && BIO_should_retry(bio) && BIO_wait(bio, std::time(nullptr) + 18, 0) > 0)
        result = step();
    return result;
}

/// BIO_do_connect, with a limit (which polls) for every second one.
std::string ask_by_bio(SSL_CTX* context, const std::string& port, std::size_t number) {
    const Chain chain(BIO_new_ssl_connect(context));
    SSL* session = nullptr;
    BIO_get_ssl(chain.get(), &session);
    expect_host(session, "localhost");
    SSL_set_mode(session, SSL_MODE_AUTO_RETRY);
    BIO_set_conn_hostname(chain.get(), ("127.0.0.1:" + port).c_str());
    if (number % 2 == 0)
        require_ssl(BIO_do_connect(chain.get()) == 1, "BIO_do_connect");
    else
        require_ssl(BIO_do_connect_retry(chain.get(), 18, 0) == 1, "BIO_do_connect_retry");
    require_ssl(patiently(chain.get(), [&] { return BIO_do_handshake(chain.get()); }) == 1,
                "BIO_do_handshake");
    require_ssl(patiently(chain.get(), [&] { return BIO_puts(chain.get(), query(number).c_str()); }) > 0,
                "BIO_puts");
    std::string answer;
    char part[4096];
    int size = 0;
    while ((size = patiently(chain.get(), [&] { return BIO_read(chain.get(), part, sizeof part); })) > 0)
        answer.append(part, static_cast<std::size_t>(size));
    return answer;
}

class Socket {
public:
    explicit Socket(const std::string& port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port.c_str())));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        clients::require(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
                         "connect");
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(fd_); }

    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

std::string ask_by_socket(SSL_CTX* context, const std::string& port, std::size_t number) {
    const Socket socket(port);
    const Session session(SSL_new(context));
    expect_host(session.get(), "localhost");
    SSL_set_fd(session.get(), socket.fd());
    require_ssl(SSL_connect(session.get()) == 1, "SSL_connect");
    const std::string question = query(number);
    require_ssl(SSL_write(session.get(), question.data(), static_cast<int>(question.size())) > 0,
                "SSL_write");
    std::string answer;
    char part[4096];
    int size = 0;
    while ((size = SSL_read(session.get(), part, sizeof part)) > 0)
        answer.append(part, static_cast<std::size_t>(size));
    SSL_shutdown(session.get());
    return answer;
}

/// A handshake that fails, and an error that is its own.
void be_refused(SSL_CTX* context, const std::string& port) {
    const Socket socket(port);
    const Session session(SSL_new(context));
    expect_host(session.get(), "stranger");
    SSL_set_fd(session.get(), socket.fd());
    clients::require(SSL_connect(session.get()) <= 0, "a stranger is believed");
    ::usleep(20'000);
    const unsigned long error = ERR_get_error();
    clients::require(ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED,
                     "another fiber's error, or none");
    clients::require(ERR_get_error() == 0, "more errors than one");
}

void request(SSL_CTX* context, const std::string& port, std::size_t number) {
    const std::string answer =
        number % 3 == 2 ? ask_by_socket(context, port, number) : ask_by_bio(context, port, number);
    const std::size_t end = answer.find("\r\n\r\n");
    clients::require(end != std::string::npos, "no answer");
    const std::string wanted =
        "answer " + std::to_string(number) + std::string(number % 7 == 6 ? 200'000 : 0, '.');
    clients::require(answer.substr(end + 4) == wanted, "another answer");
    clients::require(ERR_peek_error() == 0, "another fiber's error");
}

}  // namespace

int main(int argc, char** argv) {
    const bool strangers = argc == 5 && std::string(argv[4]) == "strangers";
    if (argc != 4 && !strangers) return 2;
    const Context context(SSL_CTX_new(TLS_client_method()));
    require_ssl(SSL_CTX_load_verify_locations(context.get(), argv[3], nullptr) == 1, "the certificate");
    return clients::run_many(std::strtoul(argv[1], nullptr, 10), [&](std::size_t number) {
        if (strangers && number % 4 == 3)
            be_refused(context.get(), argv[2]);
        else
            request(context.get(), argv[2], number);
    });
}
