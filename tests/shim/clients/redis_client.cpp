// hiredis, one connection for each fiber, every other one by TCP: redis_client COUNT SOCKET PORT SECONDS.
// Each keeps a value of its own, waits SECONDS for an item that does not come, and takes one that does; one in ten gives up
// a wait by its own limit.
#include "many.hpp"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace {

using Connection = clients::Owned<redisContext, redisFree>;
using Reply = clients::Owned<void, freeReplyObject>;

class Talk {
public:
    explicit Talk(redisContext* connection) : connection_(connection) {
        clients::require(connection_ != nullptr && connection_->err == 0, "no connection to Redis");
    }

    /// Returns the reply's text ("" for nil), as printf formats the command.
    template <class... Arguments>
    std::string ask(int wanted_type, const char* command, Arguments... arguments) {
        const Reply owned(redisCommand(connection_.get(), command, arguments...));
        clients::require(owned != nullptr, connection_->errstr);
        const auto* reply = static_cast<const redisReply*>(owned.get());
        clients::require(reply->type == wanted_type, std::string(command) + ": another type of reply");
        if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
        if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) return reply->element[1]->str;
        return reply->str == nullptr ? "" : std::string(reply->str, reply->len);
    }

    /// An answer that is later than SO_RCVTIMEO.
    void wait_in_vain(int number) {
        clients::require(redisSetTimeout(connection_.get(), {.tv_sec = 0, .tv_usec = 50'000}) == REDIS_OK,
                         "no time limit");
        errno = 0;
        const Reply owned(redisCommand(connection_.get(), "BLPOP vain:%d 0", number));
        clients::require(owned == nullptr && connection_->err == REDIS_ERR_IO && errno == EAGAIN,
                         "the time limit did not end the wait");
    }

private:
    Connection connection_;
};

void request(const char* path, int port, const char* seconds, int number) {
    Talk talk(number % 2 == 0 ? redisConnectUnix(path) : redisConnect("127.0.0.1", port));
    const std::string value(number % 5 == 4 ? 100'000 : 10, static_cast<char>('a' + number % 26));
    talk.ask(REDIS_REPLY_STATUS, "SET key:%d %b", number, value.data(), value.size());
    talk.ask(REDIS_REPLY_NIL, "BLPOP none:%d %s", number, seconds);
    clients::require(talk.ask(REDIS_REPLY_STRING, "GET key:%d", number) == value, "another value");
    clients::require(talk.ask(REDIS_REPLY_INTEGER, "RPUSH list:%d %d", number, number) == "1",
                     "another length");
    clients::require(talk.ask(REDIS_REPLY_ARRAY, "BLPOP list:%d 0", number) == std::to_string(number),
                     "another item");
    if (number % 20 >= 18) talk.wait_in_vain(number);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const int port = std::atoi(argv[3]);
    return clients::run_many(std::strtoul(argv[1], nullptr, 10), [&](std::size_t number) {
        request(argv[2], port, argv[4], static_cast<int>(number));
    });
}
