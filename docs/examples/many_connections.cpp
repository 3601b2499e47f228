// A server for very many connections that say little: who waits for a message holds a stack, and no buffer.
#include <weft/weft.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

static void check(bool right) {
    if (!right) std::abort();
}

class BufferPool {
public:
    using Buffer = std::unique_ptr<std::byte[]>;
    static constexpr std::size_t size = 16 * 1024;

    Buffer take() {
        if (idle_.empty()) {
            ++made_;
            return std::make_unique<std::byte[]>(size);
        }
        Buffer buffer = std::move(idle_.back());
        idle_.pop_back();
        return buffer;
    }
    void give_back(Buffer buffer) { idle_.push_back(std::move(buffer)); }
    int made() const { return made_; }

private:
    std::vector<Buffer> idle_;
    int made_ = 0;
};

static void serve(weft::net::TcpStream& client, BufferPool& buffers) {
    for (;;) {
        client.wait_readable();
        BufferPool::Buffer buffer = buffers.take();
        const std::size_t size = client.read_some({buffer.get(), BufferPool::size});
        client.write_all({buffer.get(), size});
        buffers.give_back(std::move(buffer));
        if (size == 0) return;
    }
}

int main() {
    weft::os::raise_descriptor_limit();
    weft::run([] {
        BufferPool buffers;  // of this hub: its fibers take turns, so there is nothing to lock
        weft::net::Server server(weft::net::TcpListener::listen("127.0.0.1:0", {.backlog = 1024}),
                                 [&buffers](weft::net::TcpStream client) { serve(client, buffers); },
                                 {.stack_size = 32 * 1024});
        server.start();

        std::vector<weft::net::TcpStream> clients;
        for (int i = 0; i < 200; ++i) {
            clients.push_back(weft::net::TcpStream::connect(server.endpoint()));
        }
        for (weft::net::TcpStream& client : clients) {
            char answer[5];
            client.write_all("hello");
            client.read_exact(answer);
            check(std::string(answer, 5) == "hello");
        }
        std::printf("%zu connections, buffers: %d\n", clients.size(), buffers.made());
        check(buffers.made() == 1);
        clients.clear();
        server.stop();
    });
}
