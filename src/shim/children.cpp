// exec and posix_spawn: the child's environment. Nothing here allocates or locks: it may be the child of a vfork().
#include "shim/children.hpp"

#include "posix/port.hpp"
#include "shim/gate.hpp"
#include "shim/originals.hpp"

#include <weft/posix/process.hpp>

#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace weft::impl {

namespace {

constexpr std::string_view variable = "LD_PRELOAD=";
constexpr std::string_view own_file = "libweft-shim.so";
constexpr std::string_view separators = ": ";

constinit bool children_have_it = true;

bool is_shim(std::string_view library) noexcept {
    const std::size_t slash = library.rfind('/');
    return library.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with(own_file);
}

/// Calls visit(library) for each of the list.
template <class Visit>
void for_each_library(std::string_view list, Visit visit) noexcept {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(separators), list.size());
        if (end != 0) {
            visit(list.substr(0, end));
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

bool names_shim(const char* entry) noexcept {
    bool found = false;
    if (std::strncmp(entry, variable.data(), variable.size()) == 0) {
        for_each_library(entry + variable.size(),
                         [&](std::string_view library) { found = found || is_shim(library); });
    }
    return found;
}

/// The entries of an environment, as copied for a child.
struct Environment {
    std::size_t count = 0;
    std::size_t entry = 0;  ///< which one names the shim
    bool has_shim = false;

    explicit Environment(char* const* all) noexcept {
        for (; all != nullptr && all[count] != nullptr; ++count) {
            if (!has_shim && names_shim(all[count])) {
                entry = count;
                has_shim = true;
            }
        }
    }
};

/// Calls call(environment), in which the shim is not, if children run without it.
template <class Call>
int with_environment(char* const* all, Call call) noexcept {
    if (children_have_it) {
        return call(all);
    }
    const Environment found(all);
    if (!found.has_shim) {
        return call(all);
    }
    const std::size_t pointers = (found.count + 1) * sizeof(char*);
    auto** copy = static_cast<char**>(
        __builtin_alloca(pointers + std::strlen(all[found.entry]) + 1));  // no heap: vfork
    char* text = reinterpret_cast<char*>(copy) + pointers;
    std::memcpy(copy, all, pointers);
    copy[found.entry] = text;
    std::memcpy(text, variable.data(), variable.size());
    text += variable.size();
    text[without_shim(all[found.entry] + variable.size(), text)] = '\0';
    return call(copy);
}

/// The arguments that follow, up to a null pointer, as an array: calls call(arguments), or with what follows the null, too.
template <class Call>
int with_arguments(const char* first, std::va_list& more, bool environment_follows, Call call) noexcept {
    std::va_list counting;
    va_copy(counting, more);
    std::size_t count = 0;
    for (const char* argument = first; argument != nullptr; argument = va_arg(counting, const char*)) {
        ++count;
    }
    char* const* const environment = environment_follows ? va_arg(counting, char* const*) : environ;
    va_end(counting);
    auto** all = static_cast<char**>(__builtin_alloca((count + 1) * sizeof(char*)));
    for (std::size_t i = 0; i < count; ++i) {
        all[i] = const_cast<char*>(i == 0 ? first : va_arg(more, const char*));
    }
    all[count] = nullptr;
    return call(all, environment);
}

int execute(const char* path, char* const* arguments, char* const* environment) noexcept {
    return with_environment(environment, [=](char* const* filtered) noexcept {
        return WEFT_ORIGINAL(execve, int, (const char*, char* const*, char* const*))(path, arguments,
                                                                                     filtered);
    });
}

int execute_found(const char* file, char* const* arguments, char* const* environment) noexcept {
    return with_environment(environment, [=](char* const* filtered) noexcept {
        return WEFT_ORIGINAL(execvpe, int, (const char*, char* const*, char* const*))(file, arguments,
                                                                                      filtered);
    });
}

}  // namespace

std::size_t without_shim(std::string_view list, char* to) noexcept {
    char* const begin = to;
    for_each_library(list, [&](std::string_view library) {
        if (!is_shim(library)) {
            if (to != begin) {
                *to++ = ':';
            }
            to = std::copy(library.begin(), library.end(), to);
        }
    });
    return static_cast<std::size_t>(to - begin);
}

void set_up_children(const char* value) {
    const std::string_view given = value != nullptr ? value : "";
    if (!given.empty() && given != "0" && given != "1") {
        throw std::invalid_argument("WEFT_SHIM_CHILDREN: '" + std::string(given) + "' is neither 0 nor 1");
    }
    children_have_it = given != "0";
    // NOLINTBEGIN(concurrency-mt-unsafe): no other thread is there yet
    const char* const list = std::getenv("LD_PRELOAD");
    if (children_have_it || list == nullptr) {
        return;
    }
    std::string rest(std::strlen(list), '\0');
    rest.resize(without_shim(list, rest.data()));
    if (rest.empty()) {
        ::unsetenv("LD_PRELOAD");
    } else {
        ::setenv("LD_PRELOAD", rest.c_str(), 1);
    }
    // NOLINTEND(concurrency-mt-unsafe)
}

}  // namespace weft::impl

using namespace weft::impl;

WEFT_SHIM(execve, int, (const char* path, char* const* arguments, char* const* environment)) {
    return execute(path, arguments, environment);
}

WEFT_SHIM(execv, int, (const char* path, char* const* arguments)) {
    return execute(path, arguments, environ);
}

WEFT_SHIM(execvpe, int, (const char* file, char* const* arguments, char* const* environment)) {
    return execute_found(file, arguments, environment);
}

WEFT_SHIM(execvp, int, (const char* file, char* const* arguments)) {
    return execute_found(file, arguments, environ);
}

WEFT_SHIM(execl, int, (const char* path, const char* first, ...)) {
    std::va_list more;
    va_start(more, first);
    const int result =
        with_arguments(first, more, false, [=](char* const* arguments, char* const* environment) noexcept {
            return execute(path, arguments, environment);
        });
    va_end(more);
    return result;
}

WEFT_SHIM(execlp, int, (const char* file, const char* first, ...)) {
    std::va_list more;
    va_start(more, first);
    const int result =
        with_arguments(first, more, false, [=](char* const* arguments, char* const* environment) noexcept {
            return execute_found(file, arguments, environment);
        });
    va_end(more);
    return result;
}

WEFT_SHIM(execle, int, (const char* path, const char* first, ...)) {
    std::va_list more;
    va_start(more, first);
    const int result =
        with_arguments(first, more, true, [=](char* const* arguments, char* const* environment) noexcept {
            return execute(path, arguments, environment);
        });
    va_end(more);
    return result;
}

WEFT_SHIM(execveat, int,
          (int directory, const char* path, char* const* arguments, char* const* environment, int flags)) {
    return with_environment(environment, [=](char* const* filtered) noexcept {
        return WEFT_ORIGINAL(execveat, int, (int, const char*, char* const*, char* const*, int))(
            directory, path, arguments, filtered, flags);
    });
}

WEFT_SHIM(fexecve, int, (int fd, char* const* arguments, char* const* environment)) {
    return with_environment(environment, [=](char* const* filtered) noexcept {
        return WEFT_ORIGINAL(fexecve, int, (int, char* const*, char* const*))(fd, arguments, filtered);
    });
}

#define WEFT_SPAWN(name)                                                                                 \
    WEFT_SHIM(name, int,                                                                                 \
              (pid_t * child, const char* path, const posix_spawn_file_actions_t* actions,               \
               const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment)) { \
        return with_environment(environment, [=](char* const* filtered) noexcept {                       \
            return book_gate(weft::shim::Group::process)                                                 \
                       ? weft::posix::name(child, path, actions, attributes, arguments, filtered)        \
                       : WEFT_ORIGINAL(name, int,                                                        \
                                       (pid_t*, const char*, const posix_spawn_file_actions_t*,          \
                                        const posix_spawnattr_t*, char* const*, char* const*))(          \
                             child, path, actions, attributes, arguments, filtered);                     \
        });                                                                                              \
    }
WEFT_SPAWN(posix_spawn)
WEFT_SPAWN(posix_spawnp)

#define WEFT_SPAWN_PIDFD(name)                                                                           \
    WEFT_SHIM(name, int,                                                                                 \
              (int* pidfd, const char* path, const posix_spawn_file_actions_t* actions,                  \
               const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment)) { \
        return with_environment(environment, [=](char* const* filtered) noexcept {                       \
            auto* const libc_call = original_if_any<SpawnPidfd>(Name::name_##name);                      \
            return libc_call == nullptr || book_gate(weft::shim::Group::process)                         \
                       ? spawn_pidfd(libc_call, pidfd, path, actions, attributes, arguments, filtered)   \
                       : libc_call(pidfd, path, actions, attributes, arguments, filtered);               \
        });                                                                                              \
    }
WEFT_SPAWN_PIDFD(pidfd_spawn)
WEFT_SPAWN_PIDFD(pidfd_spawnp)
