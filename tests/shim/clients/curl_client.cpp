// libcurl's easy interface, one handle and one transfer for each fiber: curl_client COUNT URL [CERTIFICATE].
// Every third request uploads, one answer in seven is too long for any buffer, and with a certificate the first request
// does without it and has to be refused.
#include "many.hpp"

#include <curl/curl.h>

#include <cstdlib>
#include <string>

namespace {

using Handle = clients::Owned<CURL, curl_easy_cleanup>;
constexpr std::size_t upload_size = 300'000;
constexpr long limit_ms = 18'000;

std::size_t append(const char* data, std::size_t size, std::size_t items, void* to) {
    static_cast<std::string*>(to)->append(data, size * items);
    return size * items;
}

class Site {
public:
    Site(std::string url, std::string certificate)
        : url_(std::move(url)), certificate_(std::move(certificate)) {}

    void request(std::size_t number) const {
        const bool refused = number == 0 && !certificate_.empty();
        const std::string upload(number % 3 == 2 ? upload_size + number : 0, 'u');
        const std::string wanted = upload.empty() ? "answer " + std::to_string(number) +
                                                        std::string(number % 7 == 6 ? 200'000 : 0, '.')
                                                  : "got " + std::to_string(upload.size());
        std::string got;
        long status = 0;
        const CURLcode code = transfer(url_ + "/" + std::to_string(number), upload, !refused, got, status);
        if (refused) {
            clients::require(code == CURLE_PEER_FAILED_VERIFICATION, "an unknown certificate was accepted");
            return;
        }
        clients::require(code == CURLE_OK, curl_easy_strerror(code));
        clients::require(status == 200, "status " + std::to_string(status));
        clients::require(got == wanted, "another answer: " + got.substr(0, 40));
    }

private:
    CURLcode transfer(const std::string& url, const std::string& upload, bool trust, std::string& got,
                      long& status) const {
        const Handle handle(curl_easy_init());
        curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
        curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);  // as for threads: signals are the process's
        curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
        curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, limit_ms);
        curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, append);
        curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &got);
        if (trust && !certificate_.empty())
            curl_easy_setopt(handle.get(), CURLOPT_CAINFO, certificate_.c_str());
        if (!upload.empty()) {
            curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(upload.size()));
            curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, upload.c_str());
        }
        const CURLcode code = curl_easy_perform(handle.get());
        curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
        return code;
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
