// Queues, a broadcast and a mailbox.
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <variant>

using namespace std::chrono_literals;

// join() returns when all that was put in has been dealt with; a negative number stands for urgent work.
void urgent_first() {
    weft::JoinableQueue<int, weft::SmallestFirst<int>> jobs;
    for (const int job : {5, -1, 3}) {
        jobs.put(job);
    }
    auto worker = weft::spawn([&] {
        for (const int job : jobs) {
            std::printf("job %d\n", job);
            jobs.task_done();
        }
    });
    jobs.join();
    jobs.shutdown();
    worker.join();
}

// The display shows the newest; the log sees all.
void tell_all() {
    weft::Broadcast<std::string> news(2, weft::SlowReceiver::drop_oldest);
    auto log = news.subscribe();
    auto display = news.subscribe();
    auto logging = weft::spawn([&] {
        int seen = 0;
        while (log.next()) {
            ++seen;
        }
        std::printf("%d in the log\n", seen);
    });
    for (int i = 1; i <= 5; ++i) {
        news.send("line " + std::to_string(i));
        weft::yield();
    }
    news.close();
    logging.join();
    for (const auto& line : display) {
        std::printf("%s\n", line->c_str());
    }
    std::printf("%d not shown\n", static_cast<int>(display.dropped()));
}

// An actor: a fiber that owns its state, and others that write to it.
struct Deposit {
    int amount;
};
struct Open {};
using Letter = std::variant<Deposit, Open>;

void bank() {
    weft::Mailbox<Letter> letters;
    auto account = weft::spawn([&] {
        letters.receive<Open>();  // what comes before it is left for later
        int balance = 0;
        try {
            for (;;) {
                balance += letters.receive<Deposit>(5ms).amount;
            }
        } catch (const weft::TimeoutError&) {
            std::printf("balance %d\n", balance);
        }
    });
    letters.send(Deposit{30});
    letters.send(Open{});
    letters.send(Deposit{12});
    account.join();
}

int main() {
    weft::run([] {
        urgent_first();
        tell_all();
        bank();
    });
}
// expect: job -1
// expect: job 3
// expect: job 5
// expect: 5 in the log
// expect: line 4
// expect: line 5
// expect: 3 not shown
// expect: balance 42
