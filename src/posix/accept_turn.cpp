// The lock that goes round: robust, in memory that forked processes share.
#include "posix/accept_turn.hpp"

#include "base/sys.hpp"

#include <atomic>
#include <cerrno>

namespace weft::impl {

namespace {

// In memory that forked processes share; null until somebody needs it.
constinit std::atomic<pthread_mutex_t*> lock{nullptr};

/// A robust one: a process that is killed in its turn gives it back.
bool make_mutex(pthread_mutex_t& mutex) noexcept {
    pthread_mutexattr_t kind;
    return pthread_mutexattr_init(&kind) == 0 &&
           pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) == 0 &&
           pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST) == 0 &&
           pthread_mutex_init(&mutex, &kind) == 0;
}

pthread_mutex_t* shared_lock() noexcept {
    pthread_mutex_t* there = lock.load(std::memory_order_acquire);
    if (there != nullptr) {
        return there;
    }
    void* memory =
        sys.mmap(nullptr, sizeof(pthread_mutex_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return nullptr;
    }
    auto* fresh = static_cast<pthread_mutex_t*>(memory);
    if (make_mutex(*fresh) && lock.compare_exchange_strong(there, fresh, std::memory_order_acq_rel)) {
        return fresh;
    }
    sys.munmap(memory, sizeof(pthread_mutex_t));
    return there;
}

}  // namespace

AcceptTurn::AcceptTurn() noexcept : mutex_(shared_lock()) {
    const int error = mutex_ != nullptr ? pthread_mutex_trylock(mutex_) : 0;
    if (error == EOWNERDEAD) {
        pthread_mutex_consistent(mutex_);
    } else if (error != 0) {
        // Not ours to give back. If there is more wrong with it than that another one has it, accepting goes on without.
        mutex_ = nullptr;
    }
    is_mine_ = error != EBUSY;
}

AcceptTurn::~AcceptTurn() {
    if (is_mine_ && mutex_ != nullptr) {
        pthread_mutex_unlock(mutex_);
    }
}

void share_accept_turns() noexcept {
    const int error = errno;
    shared_lock();
    errno = error;
}

}  // namespace weft::impl
