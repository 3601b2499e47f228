// Reading from a FILE: input is waited for before libc is called, so nobody else waits, and nothing is lost.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wchar.h>

#include <array>
#include <chrono>
#include <clocale>
#include <cstdarg>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <weft/core/run.hpp>
#include <weft/posix/descriptor.hpp>
#include <weft/posix/socket.hpp>
#include <weft/posix/stdio.hpp>
#include <weft/scope/scope.hpp>
#include <weft/testing/virtual_time.hpp>

#include "posix/stdio_input.hpp"
#include "support/hub_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;

WEFT_HUB_SUITE(PosixStdio);

/// A pipe whose end for reading is a FILE.
class Input {
public:
    Input() {
        std::array<int, 2> ends{};
        EXPECT_EQ(posix::pipe(ends.data()), 0);
        file_ = ::fdopen(ends[0], "r");
        writer_ = ends[1];
    }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    ~Input() {
        end();
        close();
    }

    operator FILE*() const { return file_; }
    void put(std::string_view text) const {
        EXPECT_EQ(posix::write(writer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    void end() {
        if (writer_ >= 0) {
            posix::close(std::exchange(writer_, -1));
        }
    }
    void close() {
        if (FILE* file = std::exchange(file_, nullptr)) {
            posix::fclose(file);
        }
    }

private:
    FILE* file_ = nullptr;
    int writer_ = -1;
};

std::string taken(char* line, ssize_t length) {
    std::string text = length < 0 ? "none" : std::string(line, static_cast<std::size_t>(length));
    std::free(line);
    return text;
}

std::string get_line(FILE* from) {
    char* line = nullptr;
    std::size_t size = 0;
    const ssize_t length = posix::getline(&line, &size, from);
    return taken(line, length);
}

std::string get_text(FILE* from, int size) {
    std::array<char, 64> text{};
    return posix::fgets(text.data(), size, from) != nullptr ? text.data() : "none";
}

std::string get_items(FILE* from, std::size_t size, std::size_t count) {
    std::string bytes(size * count, '\0');
    bytes.resize(size * posix::fread(bytes.data(), size, count, from));
    return bytes;
}

/// As the shim's fscanf().
int scan(FILE* from, const char* format, ...) {
    std::va_list more;
    va_start(more, format);
    impl::StdioInput input(from);
    const int count = input.scan(&::vfscanf, format) ? ::vfscanf(from, format, more) : EOF;
    va_end(more);
    return count;
}

std::string get_number(FILE* from) {
    int number = 0;
    return scan(from, "%d", &number) == 1 ? std::to_string(number) : "none";
}

std::string get_words(FILE* from) {
    char* first = nullptr;
    std::array<char, 8> second{};
    const int count = scan(from, "%*s %ms %%%*d%7[^;]", &first, second.data());
    std::string words = count == 2 ? first + std::string(second.data()) : "none";
    std::free(first);
    return words;
}

std::string one(int character) {
    return character == EOF ? "none" : std::string(1, static_cast<char>(character));
}

struct Reading {
    const char* name;
    std::string (*read)(FILE*);
    std::string input;
    std::string result;
};

const std::vector<Reading>& readings() {
    static const std::vector<Reading> all{
        {"fgetc", [](FILE* from) { return one(posix::fgetc(from)); }, "a", "a"},
        {"fgetc_unlocked", [](FILE* from) { return one(posix::fgetc_unlocked(from)); }, "a", "a"},
        {"getw", [](FILE* from) { return std::to_string(posix::getw(from)); }, std::string("\1\1\0\0", 4),
         "257"},
        {"fgets", [](FILE* from) { return get_text(from, 64); }, "some words\n", "some words\n"},
        {"fgets of less", [](FILE* from) { return get_text(from, 5); }, "some", "some"},
        {"fgets_unlocked",
         [](FILE* from) {
             std::array<char, 64> text{};
             const char* read = posix::fgets_unlocked(text.data(), 64, from);
             return std::string(read != nullptr ? read : "none");
         },
         "some words\n", "some words\n"},
        {"getline", &get_line, "some words\n", "some words\n"},
        {"getdelim",
         [](FILE* from) {
             char* text = nullptr;
             std::size_t size = 0;
             const ssize_t length = posix::getdelim(&text, &size, ';', from);
             return taken(text, length);
         },
         "some\nwords;", "some\nwords;"},
        {"fread", [](FILE* from) { return get_items(from, 4, 3); }, "some more wo", "some more wo"},
        {"fread_unlocked",
         [](FILE* from) {
             std::string bytes(8, '\0');
             bytes.resize(posix::fread_unlocked(bytes.data(), 1, 8, from));
             return bytes;
         },
         "some mor", "some mor"},
        {"fscanf", &get_number, " \n 12\n", "12"},
        {"fscanf of words", &get_words, "no one %12two;", "onetwo"},
    };
    return all;
}

TEST_P(PosixStdio, WhatACallTakesIsWaitedForInWhateverPartsItComes) {
    for (const Reading& each : readings()) {
        SCOPED_TRACE(each.name);
        const Input input;
        auto reading = spawn([&] { EXPECT_EQ(each.read(input), each.result); });
        for (const char byte : each.input) {
            testing::wait_all_parked();
            EXPECT_FALSE(reading.ready());
            input.put(std::string_view(&byte, 1));
        }
        reading.join();
        // The next one finds its input there.
        input.put(each.input);
        EXPECT_EQ(each.read(input), each.result);
    }
}

TEST_P(PosixStdio, WhoIsInterruptedHasTakenNothing) {
    for (const Reading& each : readings()) {
        if (each.input.size() == 1) {
            continue;
        }
        SCOPED_TRACE(each.name);
        const Input input;
        const std::size_t half = each.input.size() / 2;
        auto reading = spawn([&] {
            input.put(each.input.substr(0, half));
            for (int i = 0; i < 2; ++i) {
                ::clearerr(input);
                static_cast<void>(each.read(input));
                EXPECT_EQ(errno, ECANCELED);
                EXPECT_NE(::ferror(input), 0);
                EXPECT_EQ(::feof(input), 0);
            }
        });
        testing::wait_all_parked();
        reading.cancel();
        reading.join();
        ::clearerr(input);
        input.put(each.input.substr(half));
        EXPECT_EQ(each.read(input), each.result);
    }
}

TEST_P(PosixStdio, ADeadlineIsETIMEDOUT) {
    const Input input;
    EXPECT_FALSE(move_on_after(10ms, [&] {
        EXPECT_EQ(posix::fgetc(input), EOF);
        EXPECT_EQ(errno, ETIMEDOUT);
        sleep_for(1s);
    }));
    input.put("a");
    EXPECT_EQ(posix::fgetc(input), 'a');
}

TEST_P(PosixStdio, TheEndIsToldAsLibcTellsIt) {
    Input input;
    input.put("some");
    auto reading = spawn([&] {
        EXPECT_EQ(get_line(input), "some");
        EXPECT_NE(::feof(input), 0);
        EXPECT_EQ(posix::fgetc(input), EOF);
        EXPECT_EQ(get_line(input), "none");
        EXPECT_EQ(get_items(input, 1, 10), "");
    });
    yield();
    input.end();
    reading.join();

    Input other;
    other.put("some words");
    other.end();
    EXPECT_EQ(get_text(other, 5), "some");
    EXPECT_EQ(get_items(other, 4, 1), " wor");
    EXPECT_EQ(::feof(other), 0);
    EXPECT_EQ(get_text(other, 64), "ds");
    EXPECT_NE(::feof(other), 0);
}

TEST_P(PosixStdio, LinesOfAnyLengthAreOneFibersEach) {
    constexpr int lines = 20;
    constexpr std::size_t length = 30'000;
    Input input;
    int found = 0;
    std::vector<Fiber<>> readers;
    for (int i = 0; i < 2; ++i) {
        readers.push_back(spawn([&] {
            for (std::string line = get_line(input); line != "none"; line = get_line(input)) {
                EXPECT_EQ(line, std::string(length, line.front()) + "\n");
                ++found;
            }
        }));
    }
    for (int i = 0; i < lines; ++i) {
        input.put(std::string(length, static_cast<char>('a' + i)) + "\n");
    }
    input.end();
    for (auto& reader : readers) {
        reader.get();
    }
    EXPECT_EQ(found, lines);
}

TEST_P(PosixStdio, ManyBytesAreReadAsTheyCome) {
    Input input;
    std::string all;
    for (int i = 0; all.size() < 300'000; ++i) {
        all += std::to_string(i) + " ";
    }
    auto reading = spawn([&] {
        EXPECT_EQ(get_items(input, 1, 100), all.substr(0, 100));
        EXPECT_EQ(get_items(input, 1, 1'000'000), all.substr(100));
        EXPECT_NE(::feof(input), 0);
    });
    input.put(all);
    input.end();
    reading.get();
}

TEST_P(PosixStdio, AnUnbufferedOneTakesNoMoreThanItIsAskedFor) {
    const Input input;
    ::setvbuf(input, nullptr, _IONBF, 0);
    auto reading = spawn([&] { EXPECT_EQ(get_items(input, 2, 2), "some"); });
    for (const char* part : {"s", "om", "e words"}) {
        testing::wait_all_parked();
        EXPECT_FALSE(reading.ready());
        input.put(part);
    }
    reading.join();
    std::array<char, 16> rest{};
    EXPECT_EQ(posix::read(::fileno(input), rest.data(), rest.size()), 6);
}

TEST_P(PosixStdio, WhatWasPutBackComesFirst) {
    const Input input;
    input.put("b");
    EXPECT_EQ(posix::fgetc(input), 'b');
    EXPECT_EQ(::ungetc('a', input), 'a');
    auto reading = spawn([&] { EXPECT_EQ(get_line(input), "acd\n"); });
    for (const char* part : {"c", "d", "\nef"}) {
        testing::wait_all_parked();
        EXPECT_FALSE(reading.ready());
        input.put(part);
    }
    reading.get();
    for (const char put_back : {'1', '2', '3'}) {
        EXPECT_EQ(::ungetc(put_back, input), put_back);
    }
    EXPECT_EQ(get_items(input, 1, 5), "321ef");
}

// CONFORMANCE 215
TEST_P(PosixStdio, ClosingAFileEndsItsReaders) {
    Input input;
    auto reading = spawn([&] {
        EXPECT_EQ(posix::fgetc(input), EOF);
        EXPECT_EQ(errno, EBADF);
    });
    yield();
    input.close();
    reading.get();
    // The number may mean something else by now.
    const Input next;
    auto again = spawn([&] { EXPECT_EQ(posix::fgetc(next), 'a'); });
    yield();
    next.put("a");
    again.get();
}

TEST_P(PosixStdio, WhatWasWrittenGoesOutFirst) {
    std::array<int, 2> ends{};
    ASSERT_EQ(posix::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    FILE* both = ::fdopen(ends[0], "r+");
    auto answering = spawn([&] {
        std::array<char, 8> question{};
        EXPECT_EQ(posix::read(ends[1], question.data(), question.size()), 5);
        posix::write(ends[1], "well\n", 5);
    });
    ::fputs("how?\n", both);
    EXPECT_EQ(get_text(both, 64), "well\n");
    answering.get();
    posix::fclose(both);
    posix::close(ends[1]);
}

TEST_P(PosixStdio, SO_RCVTIMEOEndsTheWaitWithEAGAIN) {
    std::array<int, 2> ends{};
    ASSERT_EQ(posix::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    const timeval limit{.tv_sec = 0, .tv_usec = 10'000};
    ASSERT_EQ(posix::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    FILE* file = ::fdopen(ends[0], "r");
    EXPECT_EQ(get_line(file), "none");
    EXPECT_EQ(errno, EAGAIN);
    posix::fclose(file);
    posix::close(ends[1]);
}

TEST_P(PosixStdio, WhatDoesNotBlockIsLibcs) {
    const Input input;
    ASSERT_EQ(posix::fcntl(::fileno(input), F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(posix::fgetc(input), EOF);
    EXPECT_EQ(errno, EAGAIN);
    FILE* file = ::fopen("/proc/self/status", "r");
    EXPECT_EQ(get_text(file, 6), "Name:");
    posix::fclose(file);
    std::string text = "in memory\n";
    FILE* memory = ::fmemopen(text.data(), text.size(), "r");
    EXPECT_EQ(get_line(memory), text);
    EXPECT_EQ(get_line(memory), "none");
    posix::fclose(memory);
}

TEST_P(PosixStdio, AWideCharacterIsWaitedFor) {
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
    const Input input;
    auto reading = spawn([&] {
        EXPECT_EQ(posix::fgetwc(input), L'a');
        EXPECT_EQ(posix::fgetwc(input), L'\u20ac');
        std::array<wchar_t, 16> text{};
        EXPECT_STREQ(posix::fgetws(text.data(), 16, input), L"b\u20ac\n");
        EXPECT_EQ(posix::fgetwc(input), WEOF);
        EXPECT_EQ(errno, ECANCELED);
    });
    for (const char* part : {"a", "\xe2\x82\xac", "b\xe2\x82\xac\n"}) {
        testing::wait_all_parked();
        EXPECT_FALSE(reading.ready());
        input.put(part);
    }
    testing::wait_all_parked();
    reading.cancel();
    reading.join();
    std::setlocale(LC_CTYPE, "C");
}

TEST(PosixStdioOnAThread, IsLibcs) {
    std::thread([] {
        Input input;
        input.put("some words\n12 ");
        EXPECT_EQ(get_line(input), "some words\n");
        EXPECT_EQ(get_number(input), "12");
        input.end();
        EXPECT_EQ(get_items(input, 1, 10), " ");
    }).join();
}

}  // namespace
}  // namespace weft::test
