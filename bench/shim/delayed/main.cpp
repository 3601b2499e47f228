// weft-shim-delayed: many requests that their server keeps waiting, each through an unmodified client library and on a
// connection of its own that is open already, each in a fiber; all on one hub.
// weft-shim-delayed curl|hiredis PORT REQUESTS DELAY_MS ROUNDS prints, for each round, the seconds that all took together and
// the CPU seconds of this process.
#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <sys/resource.h>
#include <weft/weft.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// A connection to the server; the first request opens it.
class Client {
public:
    Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    virtual ~Client() = default;
    virtual void request(int delay_ms) = 0;
};

void require(bool right, const std::string& what) {
    if (!right) throw std::runtime_error(what);
}

class Hiredis final : public Client {
public:
    explicit Hiredis(int port) : connection_(redisConnect("127.0.0.1", port)) {
        require(connection_ != nullptr && connection_->err == 0, "hiredis: no connection");
    }
    ~Hiredis() override { redisFree(connection_); }

    void request(int delay_ms) override {
        auto* reply = static_cast<redisReply*>(redisCommand(connection_, "DELAY %d", delay_ms));
        require(reply != nullptr, std::string("hiredis: ") + connection_->errstr);
        const std::string text = reply->str == nullptr ? "" : reply->str;
        freeReplyObject(reply);
        require(text == "late", "hiredis: another answer");
    }

private:
    redisContext* connection_;
};

class Curl final : public Client {
public:
    explicit Curl(int port) : handle_(curl_easy_init()), site_("http://127.0.0.1:" + std::to_string(port)) {
        curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle_, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, append);
        curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer_);
    }
    ~Curl() override { curl_easy_cleanup(handle_); }

    void request(int delay_ms) override {
        answer_.clear();
        curl_easy_setopt(handle_, CURLOPT_URL, (site_ + "/" + std::to_string(delay_ms)).c_str());
        const CURLcode code = curl_easy_perform(handle_);
        require(code == CURLE_OK, std::string("curl: ") + curl_easy_strerror(code));
        require(answer_ == "late", "curl: another answer");
    }

private:
    static std::size_t append(const char* data, std::size_t size, std::size_t items, void* to) {
        static_cast<std::string*>(to)->append(data, size * items);
        return size * items;
    }

    CURL* handle_;
    std::string site_;
    std::string answer_;
};

using Clients = std::vector<std::unique_ptr<Client>>;

/// Calls what(number) in a fiber for each number; the first failure is thrown.
void each_at_once(std::size_t count, const std::function<void(std::size_t)>& what) {
    std::vector<weft::Fiber<>> fibers;
    for (std::size_t number = 0; number < count; ++number) fibers.push_back(weft::spawn(what, number));
    for (auto& fiber : fibers) fiber.get();
}

double cpu_seconds() {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(std::string_view library, int port, std::size_t requests, int delay_ms, int rounds) {
    Clients clients(requests);
    each_at_once(requests, [&](std::size_t number) {
        if (library == "curl")
            clients[number] = std::make_unique<Curl>(port);
        else
            clients[number] = std::make_unique<Hiredis>(port);
        clients[number]->request(0);
    });
    for (int round = 0; round < rounds; ++round) {
        const double cpu = cpu_seconds();
        const auto begin = std::chrono::steady_clock::now();
        each_at_once(requests, [&](std::size_t number) { clients[number]->request(delay_ms); });
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::printf("%.4f %.4f\n", took.count(), cpu_seconds() - cpu);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view library = argc == 6 ? argv[1] : "";
    if (library != "curl" && library != "hiredis") {
        std::fputs("usage: weft-shim-delayed curl|hiredis PORT REQUESTS DELAY_MS ROUNDS\n", stderr);
        return 2;
    }
    weft::os::raise_descriptor_limit();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    try {
        weft::run([&] {
            measure(library, std::atoi(argv[2]), std::strtoul(argv[3], nullptr, 10), std::atoi(argv[4]),
                    std::atoi(argv[5]));
        });
    } catch (const std::exception& error) {
        std::fprintf(stderr, "weft-shim-delayed: %s\n", error.what());
        return 1;
    }
    return 0;
}
