// A chat server that people talk to with nc: names, a room, slow clients, a clean end.
#include <weft/weft.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <exception>
#include <set>
#include <string>

using namespace std::chrono_literals;

// Cuts what a client sends into lines.
class Lines {
public:
    explicit Lines(weft::net::TcpStream& stream) : stream_(stream) {}

    // False when there are no more.
    bool next(std::string& line) {
        for (;;) {
            if (const auto end = received_.find('\n'); end != std::string::npos) {
                line = received_.substr(0, end);
                received_.erase(0, end + 1);
                if (line.ends_with('\r')) line.pop_back();
                return true;
            }
            char part[512];
            std::error_code error;
            const std::size_t size = stream_.read_some(part, error);
            if (size == 0 || received_.size() > 4000) return false;  // gone, or not a person
            received_.append(part, size);
        }
    }

private:
    weft::net::TcpStream& stream_;
    std::string received_;
};

// One who is in the room. Whoever sends to him never waits: a fiber of his own writes it out.
class Member {
public:
    Member(std::string its_name, weft::net::TcpStream& stream)
        : name(std::move(its_name)), stream_(stream), writer_(weft::spawn([this] { write(); })) {}

    void send(const std::string& text) {
        if (unsent_.size() == 100) {
            std::error_code error;
            stream_.shutdown_read(error);  // too slow: his next read is the end
            return;
        }
        unsent_.push_back(text + "\n");
        filled_.release();
    }

    const std::string name;

private:
    void write() {
        std::error_code gone;
        while (!gone) {
            filled_.acquire();
            const std::string text = std::move(unsent_.front());
            unsent_.pop_front();
            stream_.write_all(text, gone);
        }
    }

    weft::net::TcpStream& stream_;
    std::deque<std::string> unsent_;
    weft::Semaphore filled_{0};  // counts what is in unsent_
    weft::Fiber<> writer_;       // the last member: ends before what it uses
};

class Room {
public:
    void enter(Member& member) {
        say("* " + member.name + " comes in");
        members_.insert(&member);
        member.send("* welcome, " + member.name + "; " + std::to_string(members_.size()) + " here");
    }
    void leave(Member& member) {
        members_.erase(&member);
        say("* " + member.name + " has left");
    }
    void say(const std::string& text) {
        for (Member* member : members_) member->send(text);
    }

private:
    std::set<Member*> members_;
};

void chat(Room& room, weft::net::TcpStream client) {
    Lines lines(client);
    std::string line;
    client.write_all("your name? ");
    const bool named = weft::move_on_after(1min, [&] {
        if (!lines.next(line)) line.clear();
    });
    if (!named || line.empty()) return;

    Member member(line, client);
    room.enter(member);
    struct Leave {  // also when the server stops and cancels this fiber
        Room& room;
        Member& member;
        ~Leave() { room.leave(member); }
    } leave{room, member};
    while (lines.next(line)) room.say(member.name + ": " + line);
}

void serve(const char* address) {
    Room room;
    weft::os::SignalSet signals{SIGINT, SIGTERM};
    weft::net::Server server(weft::net::TcpListener::listen(address),
                             [&](weft::net::TcpStream client) { chat(room, std::move(client)); });
    server.start();
    std::printf("listening on %s\n", server.endpoint().to_string().c_str());
    std::fflush(stdout);
    signals.wait();
    room.say("* the server goes down");
    server.stop(200ms);
}

int main(int argc, char** argv) {
    try {
        weft::run([&] { serve(argc > 1 ? argv[1] : ":7000"); });
    } catch (const std::exception& error) {
        std::fprintf(stderr, "chat_server: %s\n", error.what());
        return 1;
    }
}
// example: build-only
