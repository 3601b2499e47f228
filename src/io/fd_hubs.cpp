// The process-wide list of hubs for each descriptor.
#include "io/fd_hubs.hpp"

#include "base/descriptor_map.hpp"
#include "base/error.hpp"
#include "base/spinlock.hpp"
#include "base/sys.hpp"
#include "core/fork.hpp"
#include "core/hub.hpp"
#include "core/hub_registry.hpp"
#include "io/fd_table.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <vector>

namespace weft::impl {

namespace {

struct Entry {
    SpinLock lock;
    FdTable* first = nullptr;  ///< nearly always the only one
    std::vector<FdTable*> more;
};

constinit DescriptorMap<Entry> entries;

/// In the child no hub knows any descriptor: its own, if there is one, begins anew.
struct AtFork final : AroundFork {
    void after_fork_in_child() noexcept override { entries.begin_anew(); }
    ForkPart part{*this};
};

constinit AtFork at_fork;

Entry& entry_of(int fd) {
    if (Entry* entry = entries.find(fd)) {
        return *entry;
    }
    at_fork.part.list();
    Entry* entry = entries.make(fd);
    if (entry == nullptr) {
        throw_errno(EMFILE, "watching a descriptor beyond the 16 million that weft has room for", fd);
    }
    return *entry;
}

std::vector<FdTable*> take_tables(int fd) {
    Entry& entry = entry_of(fd);
    const std::lock_guard lock(entry.lock);
    std::vector<FdTable*> tables = std::move(entry.more);
    entry.more.clear();
    if (entry.first != nullptr) {
        tables.push_back(std::exchange(entry.first, nullptr));
    }
    return tables;
}

/// A descriptor that several hubs have to let go of; the last one closes it.
struct Closing {
    int fd;
    bool keep;  ///< the number goes on to mean something else
    std::atomic<std::size_t> holders;

    static void let_go(Closing* closing) noexcept {
        if (closing->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            if (!closing->keep) {
                sys.close(closing->fd);
            }
            delete closing;
        }
    }
};

struct ForgetOrder : InboxItem {
    static void obey(InboxItem& item, Hub& hub) noexcept {
        const std::unique_ptr<ForgetOrder> self(static_cast<ForgetOrder*>(&item));
        FdTable::of(hub).forget(self->closing->fd, EBADF);
        Closing::let_go(self->closing);
    }
    Closing* closing = nullptr;
};

void close_at_hubs(int fd, const std::vector<FdTable*>& tables, bool keep) {
    auto* closing = new Closing{fd, keep, tables.size() + 1};
    Hub* here = Hub::current();
    for (FdTable* table : tables) {
        if (&table->hub() == here) {
            table->forget(fd, EBADF);
            Closing::let_go(closing);
            continue;
        }
        auto order = std::make_unique<ForgetOrder>();
        order->run = &ForgetOrder::obey;
        order->closing = closing;
        table->hub().post(*order.release());
    }
    Closing::let_go(closing);
}

}  // namespace

void begin_here(int fd) noexcept {
    Hub* hub = Hub::current();
    FdTable* table = hub != nullptr ? FdTable::known(*hub) : nullptr;
    if (table != nullptr && table->knows(fd)) [[unlikely]] {
        unlist_hub(fd, *table);
        table->forget(fd, EBADF);
    }
}

void list_hub(int fd, FdTable& table) {
    Entry& entry = entry_of(fd);
    const std::lock_guard lock(entry.lock);
    if (entry.first == nullptr) {
        entry.first = &table;
    } else {
        entry.more.push_back(&table);
    }
}

int next_watched(int fd) noexcept {
    return entries.first_from(fd, [](Entry& entry) {
        const std::lock_guard lock(entry.lock);
        return entry.first != nullptr || !entry.more.empty();
    });
}

void unlist_hub(int fd, FdTable& table) noexcept {
    Entry& entry = entry_of(fd);
    const std::lock_guard lock(entry.lock);
    if (entry.first == &table) {
        entry.first = nullptr;
    }
    std::erase(entry.more, &table);
}

namespace {

/// Lets all hubs forget the descriptor, if no more than the calling one knows it; else false.
bool forget_if_local(int fd) noexcept {
    Entry* known = entries.find(fd);
    if (known == nullptr) {
        return true;  // nobody has ever watched it
    }
    Entry& entry = *known;
    const Hub* here = Hub::current();
    FdTable* only = nullptr;
    {
        const std::lock_guard lock(entry.lock);
        const bool local = entry.first != nullptr && here != nullptr && &entry.first->hub() == here;
        if (!entry.more.empty() || (entry.first != nullptr && !local)) {
            return false;
        }
        only = std::exchange(entry.first, nullptr);
    }
    if (only != nullptr) {
        only->forget(fd, EBADF);
    }
    return true;
}

void forget_at_hubs(int fd, bool keep) noexcept {
    // A hub ends only after it has left the registry, whose lock keeps the others here.
    const std::lock_guard lock(registry_lock());
    close_at_hubs(fd, take_tables(fd), keep);
}

}  // namespace

int close_for_all(int fd) {
    if (forget_if_local(fd)) {
        return sys.close(fd);
    }
    forget_at_hubs(fd, false);
    return 0;
}

void close_everywhere(int fd) noexcept { static_cast<void>(close_for_all(fd)); }

void forget_everywhere(int fd) noexcept {
    if (!forget_if_local(fd)) {
        forget_at_hubs(fd, true);
    }
}

void forget_here(int fd) noexcept {
    for (FdTable* table : take_tables(fd)) {
        table->forget(fd, EBADF);
    }
}

}  // namespace weft::impl
