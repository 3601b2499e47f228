// libcurl's easy interface, one handle and one transfer for each fiber: curl_client COUNT URL [CERTIFICATE].
// Every third request uploads, one answer in seven is too long for any buffer, one request in ten is never answered and gives up,
// and with a certificate the first request does without it and has to be refused.
#include "many.hpp"

#include <curl/curl.h>

#include <cstdlib>
#include <string>

namespace {

using Handle = clients::Owned<CURL, curl_easy_cleanup>;
constexpr std::size_t upload_size = 300'000;
constexpr long limit_ms = 18'000;
constexpr long short_limit_ms = 100;

std::size_t append(const char* data, std::size_t size, std::size_t items, void* to) {
    static_cast<std::string*>(to)->append(data, size * items);
    return size * items;
}

class Transfer {
public:
    explicit Transfer(const std::string& url) : handle_(curl_easy_init()) {
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_NOSIGNAL, 1L);  // as for threads: signals are the process's
        set(CURLOPT_NOPROXY, "*");
        set(CURLOPT_WRITEFUNCTION, append);
        set(CURLOPT_WRITEDATA, &got_);
    }

    template <class T>
    void set(CURLoption option, T value) {
        curl_easy_setopt(handle_.get(), option, value);
    }

    CURLcode perform() { return curl_easy_perform(handle_.get()); }

    void expect(CURLcode code, const std::string& answer) const {
        clients::require(code == CURLE_OK, curl_easy_strerror(code));
        long status = 0;
        curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
        clients::require(status == 200, "status " + std::to_string(status));
        clients::require(got_ == answer, "another answer: " + got_.substr(0, 40));
    }

private:
    Handle handle_;
    std::string got_;
};

class Site {
public:
    Site(std::string url, std::string certificate)
        : url_(std::move(url)), certificate_(std::move(certificate)) {}

    void request(std::size_t number) const {
        const bool refused = number == 0 && !certificate_.empty();
        const bool gives_up = number % 10 == 9;
        const std::string upload(number % 3 == 2 ? upload_size + number : 0, 'u');
        Transfer transfer(url_ + "/" + std::to_string(number) + (gives_up ? "?never" : ""));
        if (!refused && !certificate_.empty()) transfer.set(CURLOPT_CAINFO, certificate_.c_str());
        transfer.set(CURLOPT_TIMEOUT_MS, gives_up ? short_limit_ms : limit_ms);
        if (!upload.empty()) {
            transfer.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(upload.size()));
            transfer.set(CURLOPT_POSTFIELDS, upload.c_str());
        }
        const CURLcode code = transfer.perform();
        if (refused)
            clients::require(code == CURLE_PEER_FAILED_VERIFICATION,
                             "not refused for its certificate: " + std::string(curl_easy_strerror(code)));
        else if (gives_up)
            clients::require(code == CURLE_OPERATION_TIMEDOUT,
                             "not ended by its time limit: " + std::string(curl_easy_strerror(code)));
        else
            transfer.expect(code, wanted(number, upload.size()));
    }

private:
    static std::string wanted(std::size_t number, std::size_t uploaded) {
        if (uploaded != 0) return "got " + std::to_string(uploaded);
        return "answer " + std::to_string(number) + std::string(number % 7 == 6 ? 200'000 : 0, '.');
    }

    std::string url_;
    std::string certificate_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const Site site(argv[2], argc > 3 ? argv[3] : "");
    const int status = clients::run_many(std::strtoul(argv[1], nullptr, 10),
                                         [&](std::size_t number) { site.request(number); });
    curl_global_cleanup();
    return status;
}
