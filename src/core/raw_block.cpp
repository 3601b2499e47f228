// The life of raw fibers: who refers to them, whose they are, and how they end.
#include "core/raw_block.hpp"

#include "base/error.hpp"
#include "core/hub.hpp"
#include "core/report.hpp"

#include <weft/core/fiber_local.hpp>

#include <mutex>
#include <utility>

namespace weft::impl {

namespace {

std::size_t root_key() noexcept {
    static const std::size_t key = new_local_key();
    return key;
}

/// The weft fiber ends: whatever of its raw fibers is suspended ends before.
void end_root(void* ended) noexcept {
    auto& root = *static_cast<RawRoot*>(ended);
    while (RawBlock* block = root.started) {
        if (block == root.current) {  // the program ends in it: it cannot be unwound
            block = block->next_started;
        }
        if (block == nullptr) {
            break;
        }
        unwind_raw(*block);
    }
    std::vector<RawBlock*> orphans;
    {
        const std::lock_guard lock(root.lock);
        root.ended = true;
        orphans.swap(root.orphans);
    }
    for (RawBlock* orphan : orphans) {
        unhold(*orphan);
    }
    root.state.store(RawState::dead, std::memory_order_relaxed);
    unuse(&root);
}

/// The last user is not in the weft fiber: this one will see to it.
void leave_orphan(RawBlock& block) noexcept {
    RawRoot& root = *block.root;
    const std::lock_guard lock(root.lock);
    if (!root.ended) {
        hold(block);
        root.orphans.push_back(&block);
        root.has_orphans.store(true, std::memory_order_release);
    }
}

void end_orphans(RawRoot& root) noexcept {
    std::vector<RawBlock*> orphans;
    {
        const std::lock_guard lock(root.lock);
        orphans.swap(root.orphans);
        root.has_orphans.store(false, std::memory_order_relaxed);
    }
    for (RawBlock* orphan : orphans) {
        if (orphan->active() && orphan->users.load(std::memory_order_acquire) == 0) {
            unwind_raw(*orphan);
        }
        unhold(*orphan);
    }
}

}  // namespace

RawBlock::~RawBlock() {
    if (slot != nullptr) {
        give_back_raw_stack(*this);
    }
    if (root != this) {
        unhold(*parent);
        unhold(*root);
    }
}

RawRoot* find_raw_root() noexcept { return static_cast<RawRoot*>(find_local(root_key())); }

RawRoot& raw_root() {
    RawRoot* root = find_raw_root();
    if (root == nullptr) {
        Hub::ensure();
        root = new RawRoot;
        try {
            store_local(root_key(), root, &end_root);
        } catch (...) {
            unuse(root);
            throw;
        }
    }
    if (root->has_orphans.load(std::memory_order_acquire)) {
        end_orphans(*root);
    }
    return *root;
}

void use(RawBlock& block) noexcept {
    if (block.users.fetch_add(1, std::memory_order_relaxed) == 0) {
        hold(block);
    }
}

void unuse(RawBlock* block) noexcept {
    // acq_rel: who uses it up sees what all others have done with it.
    if (block == nullptr || block->users.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        return;
    }
    if (block->active() && block->root != block) {
        if (find_raw_root() == block->root) {
            unwind_raw(*block);
        } else {
            leave_orphan(*block);
        }
    }
    unhold(*block);
}

void hold(RawBlock& block) noexcept { block.holders.fetch_add(1, std::memory_order_relaxed); }

void unhold(RawBlock& block) noexcept {
    if (block.holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete &block;
    }
}

void unwind_raw(RawBlock& block) noexcept {
    RawRoot& root = *block.root;
    use(block);
    hold(*root.current);
    unhold(*std::exchange(block.parent, root.current));
    try {
        raw_switch(root, &block, Cargo{nullptr, std::make_exception_ptr(FiberExit{})});
    } catch (...) {
        report_raw_error("has a raw fiber that threw while it was ended");
    }
    if (!block.dead()) {
        fatal("a raw fiber goes on after FiberExit has been thrown into it: nobody refers to it any more");
    }
    unuse(&block);
}

void report_raw_error(const char* event) noexcept {
    if (Hub* hub = Hub::current()) {
        report_error(hub->running().id, hub->running().name.c_str(), event, std::current_exception());
    } else {
        report_error("a thread without a hub", event, std::current_exception());
    }
}

}  // namespace weft::impl
