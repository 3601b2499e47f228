"""Which header is described on which page of the reference, in the order of the contents."""

# page: (title, headers below include/weft/)
PAGES = {
    "fibers": ("Fibers", ["core/fiber.hpp", "core/fiber_ref.hpp", "core/spawn_later.hpp", "core/fiber_local.hpp", "core/dump.hpp"]),
    "waiting": ("Waiting for many", ["core/wait.hpp", "core/waitable.hpp"]),
    "raw": ("Raw fibers", ["core/raw_fiber.hpp"]),
    "running": ("Running, sleeping, time", ["core/run.hpp", "time/deadline.hpp"]),
    "runtime": ("Several hubs", ["runtime/runtime.hpp"]),
    "scopes": ("Limits, cancellation and shields", ["scope/scope.hpp", "scope/cancel_scope.hpp", "scope/timeout.hpp"]),
    "groups": ("Task groups", ["scope/task_group.hpp", "scope/started.hpp", "scope/exception_group.hpp"]),
    "errors": ("Errors", ["base/error.hpp"]),
    "sync": ("Synchronisation",
             ["sync/mutex.hpp", "sync/recursive_mutex.hpp", "sync/shared_mutex.hpp", "sync/condition_variable.hpp",
              "sync/semaphore.hpp", "sync/capacity_limiter.hpp", "sync/event.hpp", "sync/latch.hpp",
              "sync/wait_group.hpp", "sync/barrier.hpp", "sync/once.hpp"]),
    "channels": ("Channels", ["channel/channel.hpp", "channel/ends.hpp", "channel/select.hpp", "channel/errors.hpp"]),
    "queues": ("Queues", ["channel/queue.hpp", "channel/joinable_queue.hpp"]),
    "broadcasts": ("Broadcasts and mailboxes", ["channel/broadcast.hpp", "channel/mailbox.hpp"]),
    "futures": ("Futures", ["sync/future.hpp", "future/combine.hpp", "future/std_future.hpp"]),
    "pools": ("Groups and pools", ["pool/group.hpp", "pool/pool.hpp", "pool/imap.hpp"]),
    "threads": ("Threads for blocking calls and computation", ["pool/thread_pool.hpp"]),
    "periodic": ("Periodic and delayed work", ["periodic/ticker.hpp", "periodic/call_later.hpp", "periodic/retry.hpp",
                                               "periodic/rate_limiter.hpp"]),
    "bytes": ("Bytes and descriptors", ["base/bytes.hpp", "base/unique_fd.hpp"]),
    "addresses": ("Addresses and names", ["net/address.hpp", "net/resolve.hpp"]),
    "sockets": ("What all sockets have", ["net/socket.hpp", "net/stream_socket.hpp", "net/datagram_socket.hpp"]),
    "tcp": ("TCP", ["net/tcp.hpp"]),
    "udp": ("UDP", ["net/udp.hpp"]),
    "unix": ("Unix-domain sockets", ["net/unix.hpp"]),
    "server": ("Servers", ["net/server.hpp"]),
    "os": ("Signals and limits of the system", ["os/signal.hpp", "os/limits.hpp"]),
    "diag": ("Diagnostics", ["diag/dump.hpp", "diag/watchdog.hpp", "diag/metrics.hpp", "diag/leaks.hpp", "diag/stacks.hpp"]),
    "testing": ("Testing", ["testing/virtual_time.hpp", "testing/shuffled_order.hpp", "testing/sequencer.hpp",
                            "testing/checkpoints.hpp"]),
    "version": ("Version", ["version.hpp"]),
}

# For the library's own use, or only lists of others.
NOT_DESCRIBED = {"weft.hpp", "base/export.hpp", "base/spinlock.hpp", "channel/broadcast_core.hpp", "channel/channel_core.hpp", "channel/item_channel.hpp",
                 "channel/item_iterator.hpp", "channel/select_core.hpp", "core/closure.hpp", "core/wait_list.hpp", "scope/group_member.hpp", "sync/clock.hpp",
                 "sync/countdown.hpp", "sync/future_state.hpp", "sync/wait_queue.hpp"}
