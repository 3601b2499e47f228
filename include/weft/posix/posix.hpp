// libc's blocking calls under their own names, signatures and errno values, cooperative: `weft::posix::recv` is to a fiber what
// `::recv` is to a thread. It is what the shim puts in libc's place; call it by name where you want it without a shim.
//
// What all of these functions have in common:
//
//  - In a fiber, a call that would block parks the fiber. On a thread without a hub, each is libc's call.
//  - None throws. Where the deadline of a scope around it passes, a call that would wait (or waits) fails with ETIMEDOUT; where
//    its fiber is cancelled or killed, with ECANCELED. So does every later call, until the interruption is thrown by a wait of
//    weft's own. None fails with EINTR because of that: C code would try again.
//  - SO_RCVTIMEO and SO_SNDTIMEO end a wait with EAGAIN, as in libc.
//  - O_NONBLOCK stays as the program has set it, and then nothing waits.
//  - Closing a descriptor wakes whoever waits for it with EBADF. Use weft::posix::close() (or the shim), or the hub cannot know.
//  - Any fiber or thread may call them. Since 0.1.
#pragma once

#include <weft/posix/descriptor.hpp>
#include <weft/posix/lock.hpp>
#include <weft/posix/names.hpp>
#include <weft/posix/poll.hpp>
#include <weft/posix/process.hpp>
#include <weft/posix/queue.hpp>
#include <weft/posix/signal.hpp>
#include <weft/posix/socket.hpp>
#include <weft/posix/stdio.hpp>
#include <weft/posix/thread.hpp>
#include <weft/posix/time.hpp>
#include <weft/posix/transfer.hpp>
