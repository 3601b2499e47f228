// A small server, and its tests: connections in memory, no waiting, any order of events.
#include <weft/testing/checkpoints.hpp>
#include <weft/testing/sequencer.hpp>
#include <weft/testing/shuffled_order.hpp>
#include <weft/testing/virtual_time.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// The server: sells seats, and sends clients away that say nothing for a minute.
class BoxOffice {
public:
    explicit BoxOffice(int seats) : left_(seats) {}

    int left() const { return left_; }

    void serve(weft::net::StreamSocket& client) {
        try {
            for (;;) {
                char order[4];
                client.read_exact(order, 1min);
                client.write_all(sell() ? "yes\n" : "no.\n");
            }
        } catch (const weft::TimeoutError&) {
            client.write_all("bye\n");
        } catch (const weft::EndOfStream&) {
        }
    }

    int count_audience(int rows) const {
        int people = 0;
        for (int row = 0; row < rows; ++row) {
            people += 30;
            if (row % 100 == 0) weft::yield();
        }
        return people - left_;
    }

private:
    bool sell() {
        const std::scoped_lock sale(mutex_);
        if (left_ == 0) return false;
        weft::sleep_for(2s);  // the bank takes its time
        --left_;
        return true;
    }

    weft::Mutex mutex_;
    int left_;
};

// A client's connection to the office, in memory.
class Visit {
public:
    explicit Visit(BoxOffice& office) {
        auto [here, there] = weft::net::UnixStream::pair();
        client_ = std::move(here);
        handler_ = weft::spawn([&office, stream = std::move(there)]() mutable { office.serve(stream); });
    }

    void say(std::string_view order) { client_.write_all(order); }
    std::string hear() {
        char answer[4];
        client_.read_exact(answer);
        return {answer, 3};
    }
    void end() {
        client_.shutdown_write();
        handler_.get();
    }

private:
    weft::net::UnixStream client_;
    weft::Fiber<> handler_;
};

void check(bool right, int line = __builtin_LINE()) {
    if (right) return;
    std::fprintf(stderr, "testing_a_server.cpp:%d: failed\n", line);
    std::_Exit(1);
}

void sells_until_none_is_left() {
    weft::testing::VirtualTime time;
    BoxOffice office(1);
    Visit visit(office);
    visit.say("buy\n");
    check(visit.hear() == "yes");
    visit.say("buy\n");
    check(visit.hear() == "no.");
    visit.end();
}

void sends_the_silent_away() {
    weft::testing::VirtualTime time;
    BoxOffice office(1);
    Visit visit(office);
    const weft::TimePoint start = weft::now();
    check(visit.hear() == "bye");
    check(weft::now() - start == 1min);
}

void has_sold_once_the_bank_has_answered() {
    weft::testing::VirtualTime time;
    BoxOffice office(1);
    Visit visit(office);
    visit.say("buy\n");
    weft::testing::wait_all_parked();
    check(office.left() == 1);  // the order has been read; the bank has been asked
    weft::sleep_for(2s);
    weft::testing::wait_all_parked();
    check(office.left() == 0);
}

void sells_no_seat_twice() {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        weft::testing::VirtualTime time;
        weft::testing::ShuffledOrder order(seed);
        BoxOffice office(3);
        int sold = 0;
        weft::task_group([&](weft::TaskGroup& group) {
            for (int i = 0; i < 10; ++i) {
                group.spawn([&] {
                    Visit visit(office);
                    visit.say("buy\n");
                    if (visit.hear() == "yes") ++sold;
                });
            }
        });
        if (sold != 3) std::fprintf(stderr, "with seed %llu: ", static_cast<unsigned long long>(seed));
        check(sold == 3);
    }
}

void the_first_to_ask_gets_the_last_seat() {
    weft::testing::VirtualTime time;
    weft::testing::Sequencer turns;
    BoxOffice office(1);
    auto late = weft::spawn([&] {
        Visit visit(office);
        {
            auto turn = turns.turn(1);
            visit.say("buy\n");
        }
        return visit.hear();
    });
    auto early = weft::spawn([&] {
        Visit visit(office);
        {
            auto turn = turns.turn(0);
            visit.say("buy\n");
            weft::testing::wait_all_parked();
        }
        return visit.hear();
    });
    check(early.get() == "yes");
    check(late.get() == "no.");
}

void lets_others_run_while_it_counts() {
    weft::testing::VirtualTime time;
    const BoxOffice office(0);
    check(weft::testing::lets_others_run([&] { check(office.count_audience(1000) == 30'000); }));
}

void serves_over_tcp() {
    BoxOffice office(1);
    weft::run([&] {
        weft::net::Server server(weft::net::TcpListener::listen("127.0.0.1:0"),
                                 [&](weft::net::TcpStream client) { office.serve(client); });
        server.start();
        auto client = weft::net::TcpStream::connect(server.endpoint(), 5s);
        client.shutdown_write();
        char nothing[1];
        check(client.read_some(nothing, 5s) == 0);
        server.stop();
    });
}

int main() {
    sells_until_none_is_left();
    sends_the_silent_away();
    has_sold_once_the_bank_has_answered();
    sells_no_seat_twice();
    the_first_to_ask_gets_the_last_seat();
    lets_others_run_while_it_counts();
    serves_over_tcp();
    std::puts("7 tests passed");
}
// expect: 7 tests passed
