// All of weft but its test kit, for programs that do not want to choose.
#pragma once

#include <weft/base/bytes.hpp>
#include <weft/base/error.hpp>
#include <weft/base/unique_fd.hpp>
#include <weft/core/dump.hpp>
#include <weft/core/fiber.hpp>
#include <weft/core/fiber_local.hpp>
#include <weft/core/fiber_ref.hpp>
#include <weft/core/run.hpp>
#include <weft/core/spawn_later.hpp>
#include <weft/net/address.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/server.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/udp.hpp>
#include <weft/net/unix.hpp>
#include <weft/os/limits.hpp>
#include <weft/os/signal.hpp>
#include <weft/scope/scope.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/time/deadline.hpp>
#include <weft/version.hpp>
