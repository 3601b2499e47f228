// libc's waits for the end of threads, cooperative, and its values per thread, which here are values per fiber.
// weft/posix/posix.hpp and weft/posix/lock.hpp say what all of them have in common.
#pragma once

#include <weft/base/export.hpp>

#include <pthread.h>
#include <threads.h>
#include <time.h>

namespace weft::posix {

// A fiber looks whether the thread has ended, at most 5 ms apart.
WEFT_API int pthread_join(pthread_t thread, void** result);
WEFT_API int pthread_timedjoin_np(pthread_t thread, void** result, const timespec* until);
WEFT_API int pthread_clockjoin_np(pthread_t thread, void** result, clockid_t clock, const timespec* until);
WEFT_API int thrd_join(thrd_t thread, int* result);

// Values per fiber. A thread, and the main fiber of one, has libc's own. Those of a fiber end with it, by the destructor of their
// key, if the key was made by pthread_key_create() of this namespace.
WEFT_API int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept;
WEFT_API int pthread_key_delete(pthread_key_t key) noexcept;
WEFT_API void* pthread_getspecific(pthread_key_t key) noexcept;
WEFT_API int pthread_setspecific(pthread_key_t key, const void* value) noexcept;
WEFT_API int tss_create(tss_t* key, tss_dtor_t destructor);
WEFT_API void tss_delete(tss_t key);
WEFT_API void* tss_get(tss_t key);
WEFT_API int tss_set(tss_t key, void* value);

}  // namespace weft::posix
