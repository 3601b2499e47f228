// libc's calls on POSIX message queues under their own names, cooperative. weft/posix/posix.hpp says what all of them have in
// common.
#pragma once

#include <weft/base/export.hpp>

#include <mqueue.h>
#include <time.h>

#include <cstddef>

namespace weft::posix {

WEFT_API int mq_send(mqd_t queue, const char* from, std::size_t size, unsigned priority) noexcept;
WEFT_API int mq_timedsend(mqd_t queue, const char* from, std::size_t size, unsigned priority,
                          const timespec* until) noexcept;
WEFT_API ssize_t mq_receive(mqd_t queue, char* to, std::size_t size, unsigned* priority) noexcept;
WEFT_API ssize_t mq_timedreceive(mqd_t queue, char* to, std::size_t size, unsigned* priority,
                                 const timespec* until) noexcept;
/// Wakes whoever waits for it, with EBADF.
WEFT_API int mq_close(mqd_t queue) noexcept;

}  // namespace weft::posix
