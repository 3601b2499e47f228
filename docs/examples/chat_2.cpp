// Chat, second step: a room where everybody hears everybody.
#include <weft/weft.hpp>

#include <cstdio>
#include <mutex>
#include <set>
#include <string>

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

class Room {
public:
    void enter(weft::net::TcpStream& client) {
        const std::scoped_lock lock(mutex_);
        clients_.insert(&client);
    }
    void leave(weft::net::TcpStream& client) {
        const std::scoped_lock lock(mutex_);
        clients_.erase(&client);
    }
    void say(const std::string& text) {
        const std::scoped_lock lock(mutex_);  // nobody comes or goes while the writes wait
        std::error_code gone;
        for (weft::net::TcpStream* client : clients_) client->write_all(text + "\n", gone);
    }

private:
    weft::Mutex mutex_;
    std::set<weft::net::TcpStream*> clients_;
};

void chat(Room& room, weft::net::TcpStream client) {
    Lines lines(client);
    room.enter(client);
    std::string line;
    while (lines.next(line)) room.say(line);
    room.leave(client);
}

int main(int argc, char** argv) {
    Room room;
    auto listener = weft::net::TcpListener::listen(argc > 1 ? argv[1] : ":7000");
    std::printf("listening on %s\n", listener.endpoint().to_string().c_str());
    for (;;) weft::spawn_detached(chat, std::ref(room), listener.accept());
}
// example: build-only
