// The wait for what no descriptor tells of: the end of any child or of one of a group, stops, continuations.
#pragma once

#include <sys/wait.h>

namespace weft::impl {

/// Which changes of which children; `options` as for waitid().
struct ChildEvent {
    idtype_t what;
    id_t id;
    int options;
    friend bool operator==(const ChildEvent&, const ChildEvent&) = default;
};

/// Parks until there may be such a change to collect, or no such child any more: 0, or an errno value.
[[nodiscard]] int wait_for_child_event(const ChildEvent& event) noexcept;

}  // namespace weft::impl
