// C11's names for mutexes and condition variables, which are POSIX's in this C library.
#include <weft/posix/lock.hpp>

#include <cerrno>

namespace weft::posix {

namespace {

static_assert(sizeof(mtx_t) <= sizeof(pthread_mutex_t));
static_assert(sizeof(cnd_t) <= sizeof(pthread_cond_t));

pthread_mutex_t* posix_mutex(mtx_t* mutex) noexcept { return reinterpret_cast<pthread_mutex_t*>(mutex); }

pthread_cond_t* posix_condition(cnd_t* condition) noexcept {
    return reinterpret_cast<pthread_cond_t*>(condition);
}

int c11_result(int error) noexcept {
    switch (error) {
        case 0:
            return thrd_success;
        case EBUSY:
            return thrd_busy;
        case ENOMEM:
            return thrd_nomem;
        case ETIMEDOUT:
            return thrd_timedout;
        default:
            return thrd_error;
    }
}

}  // namespace

int mtx_lock(mtx_t* mutex) { return c11_result(posix::pthread_mutex_lock(posix_mutex(mutex))); }

int mtx_timedlock(mtx_t* mutex, const timespec* until) {
    return c11_result(posix::pthread_mutex_timedlock(posix_mutex(mutex), until));
}

int mtx_trylock(mtx_t* mutex) { return c11_result(posix::pthread_mutex_trylock(posix_mutex(mutex))); }

int mtx_unlock(mtx_t* mutex) { return c11_result(posix::pthread_mutex_unlock(posix_mutex(mutex))); }

int cnd_wait(cnd_t* condition, mtx_t* mutex) {
    return c11_result(posix::pthread_cond_wait(posix_condition(condition), posix_mutex(mutex)));
}

int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
    return c11_result(posix::pthread_cond_timedwait(posix_condition(condition), posix_mutex(mutex), until));
}

int cnd_signal(cnd_t* condition) {
    return c11_result(posix::pthread_cond_signal(posix_condition(condition)));
}

int cnd_broadcast(cnd_t* condition) {
    return c11_result(posix::pthread_cond_broadcast(posix_condition(condition)));
}

}  // namespace weft::posix
