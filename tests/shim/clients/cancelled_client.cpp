// Limits, cancel and kill that strike while a fiber waits inside a client library: the call returns, with an error, and what the
// fiber does next in C++ throws. cancelled_client COUNT URL REDIS_SOCKET POSTGRES TLS_PORT; all servers take very long.
#include "many.hpp"

#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <weft/scope/scope.hpp>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 100ms;

/// Each asks its server for what takes very long, and returns what was wrong; "" for success, which is none here.
std::string by_curl(const std::string& url) {
    const clients::Owned<CURL, curl_easy_cleanup> handle(curl_easy_init());
    curl_easy_setopt(handle.get(), CURLOPT_URL, (url + "/1").c_str());
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
    const CURLcode code = curl_easy_perform(handle.get());
    return code == CURLE_OK ? "" : curl_easy_strerror(code);
}

std::string by_hiredis(const std::string& path) {
    const clients::Owned<redisContext, redisFree> connection(redisConnectUnix(path.c_str()));
    if (connection->err != 0) return connection->errstr;
    const clients::Owned<void, freeReplyObject> reply(redisCommand(connection.get(), "BLPOP nothing 0"));
    return reply != nullptr ? "" : connection->errstr;
}

std::string by_libpq(const std::string& where) {
    const clients::Owned<PGconn, PQfinish> connection(PQconnectdb(where.c_str()));
    if (PQstatus(connection.get()) != CONNECTION_OK) return PQerrorMessage(connection.get());
    const clients::Owned<PGresult, PQclear> result(PQexec(connection.get(), "select pg_sleep(60)"));
    return PQresultStatus(result.get()) == PGRES_TUPLES_OK ? "" : PQerrorMessage(connection.get());
}

std::string by_openssl(const std::string& port) {
    const clients::Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
    const clients::Owned<BIO, BIO_free_all> chain(BIO_new_ssl_connect(context.get()));
    BIO_set_conn_hostname(chain.get(), ("127.0.0.1:" + port).c_str());
    if (BIO_do_connect(chain.get()) != 1) return "BIO_do_connect";
    if (BIO_puts(chain.get(), "GET /1 HTTP/1.0\r\n\r\n") <= 0) return "BIO_puts";
    char answer[100];
    return BIO_read(chain.get(), answer, sizeof answer) > 0 ? "" : "BIO_read";
}

class Requests {
public:
    explicit Requests(char** places) : places_{places[0], places[1], places[2], places[3]} {}

    void request(std::size_t number) const {
        std::string error = "the call did not return";
        bool went_on = false;
        const auto work = [&] {
            error = ask(number);
            weft::sleep_for(0s);
            went_on = true;
        };
        // Not 4, the number of libraries: each meets each.
        switch (number % 3) {
            case 0:
                clients::require(!weft::move_on_after(patience, work), "the limit was forgotten");
                break;
            case 1:
                interrupt(work, [](const weft::Fiber<>& fiber) { fiber.cancel(); });
                break;
            default:
                interrupt(work, [](const weft::Fiber<>& fiber) { fiber.kill(); });
        }
        clients::require(!error.empty(), "an answer that cannot be there");
        clients::require(error != "the call did not return", error);
        clients::require(!went_on, "the next wait did not throw");
        const std::string wanted = number % 3 == 0 ? "Connection timed out" : "Operation canceled";
        // The others hide errno.
        if (number % 4 == 1) clients::require(error == wanted, "hiredis: " + error);
    }

private:
    [[nodiscard]] std::string ask(std::size_t number) const {
        constexpr std::array libraries = {by_curl, by_hiredis, by_libpq, by_openssl};
        const std::size_t library = number % libraries.size();
        return libraries[library](places_[library]);
    }

    template <class Work, class Stop>
    static void interrupt(const Work& work, const Stop& stop) {
        const weft::Fiber<> fiber = weft::spawn(work);
        weft::sleep_for(patience);
        stop(fiber);
        fiber.join();
        clients::require(fiber.exception() != nullptr, "a fiber that was ended has gone on");
    }

    std::array<std::string, 4> places_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) return 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const Requests requests(argv + 2);
    return clients::run_many(std::strtoul(argv[1], nullptr, 10),
                             [&](std::size_t number) { requests.request(number); });
}
