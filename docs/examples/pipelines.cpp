// A pipeline: stages that know only their ends, and a group that runs them.
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <utility>

// A stage is a function of its ends. When it returns they close, and its neighbours learn of it.
void count(weft::Sender<int> out) {
    try {
        for (int i = 1;; ++i) {
            out.send(i);
        }
    } catch (const weft::ChannelBroken&) {  // nobody wants more: a good end
        std::printf("the source has stopped\n");
    }
}

void square(weft::Receiver<int> in, weft::Sender<int> out) {
    try {
        for (const int number : in) {
            out.send(number * number);
        }
    } catch (const weft::ChannelBroken&) {
    }
}

void print_some(weft::Receiver<int> in, int how_many) {
    while (how_many-- > 0) {
        std::printf("%d\n", in.receive());
    }
}

// Par: a task group. It ends when all have ended; the first that fails cancels the others.
void run_pipeline() {
    auto [numbers_in, numbers_out] = weft::make_channel<int>();
    auto [squares_in, squares_out] = weft::make_channel<int>(4);  // this stage may run ahead
    weft::TaskGroup group;
    group.run([&, in = std::move(numbers_in), out = std::move(numbers_out), squares = std::move(squares_in),
               results = std::move(squares_out)]() mutable {
        group.spawn(count, std::move(in));
        group.spawn(square, std::move(out), std::move(squares));
        group.spawn(print_some, std::move(results), 3);
    });
}

// Two workers for one stage: copies of its ends.
void spread_a_stage() {
    auto work = weft::make_channel<int>();
    auto done = weft::make_channel<int>(weft::unbounded);
    weft::TaskGroup group;
    group.run([&] {
        group.spawn(square, work.receiver, done.sender);
        group.spawn(square, std::move(work.receiver), std::move(done.sender));
        for (int i = 1; i <= 4; ++i) {
            work.sender.send(i);
        }
        work.sender.close();
        int sum = 0;
        for (const int result : done.receiver) {
            sum += result;
        }
        std::printf("sum %d\n", sum);
    });
}

void fail_together() {
    auto ends = weft::make_channel<int>();
    weft::TaskGroup group;
    try {
        group.run([&] {
            group.spawn(count, std::move(ends.sender));
            group.spawn(
                [](weft::Receiver<int> in) {
                    in.receive();
                    throw std::runtime_error("a stage has failed");
                },
                std::move(ends.receiver));
        });
    } catch (const weft::ExceptionGroup&) {
        std::printf("the pipeline has failed\n");
    }
}

int main() {
    weft::run([] {
        run_pipeline();
        spread_a_stage();
        fail_together();
    });
}
// expect: 1
// expect: 4
// expect: 9
// expect: the source has stopped
// expect: sum 30
// expect: the source has stopped
// expect: the pipeline has failed
