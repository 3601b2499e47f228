// Who may look whether a listener has a connection and take it: one at a time, of all threads of this process, of those that
// it has forked and of the one that has forked it. Between the look and the taking nobody of them is faster, which would leave the
// other one waiting in the kernel, with all its fibers, for the next connection.
#pragma once

#include <pthread.h>

namespace weft::impl {

/// Held for the length of two calls that do not wait, and never while a fiber waits.
class [[nodiscard]] AcceptTurn {
public:
    AcceptTurn() noexcept;
    AcceptTurn(const AcceptTurn&) = delete;
    AcceptTurn& operator=(const AcceptTurn&) = delete;
    ~AcceptTurn();

    /// False while another one has it: try again in a moment.
    bool is_mine() const noexcept { return is_mine_; }

private:
    pthread_mutex_t* mutex_;  ///< null: there is no memory for it, and nobody takes turns
    bool is_mine_;
};

/// Before a fork: from there on both processes take turns.
void share_accept_turns() noexcept;

}  // namespace weft::impl
