// Raw fibers as users see them.
#include <weft/core/raw_fiber.hpp>

#include "core/raw_block.hpp"

#include <weft/base/error.hpp>

#include <memory>
#include <stdexcept>

namespace weft {

using impl::RawAccess;
using impl::RawBlock;
using impl::RawRoot;

namespace {

/// The root of the caller, where the block belongs.
RawRoot& root_for(const RawBlock* block) {
    RawRoot& root = impl::raw_root();
    if (block == nullptr) {
        throw std::logic_error("weft: a switch to a raw fiber by an empty reference");
    }
    if (block->root != &root) {
        throw std::logic_error("weft: a switch to a raw fiber of another fiber or thread");
    }
    return root;
}

}  // namespace

RawFiber::RawFiber(Body body, std::size_t stack_size) {
    RawRoot& root = impl::raw_root();
    auto block = std::make_unique<RawBlock>(&root);
    impl::hold(root);
    block->body = std::move(body);
    block->parent = root.current;
    impl::hold(*root.current);
    impl::prepare_raw(*block, stack_size);
    block_ = block.release();
}

RawFiber::RawFiber(const RawFiber& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) {
        impl::use(*block_);
    }
}

RawFiber::~RawFiber() { impl::unuse(block_); }

RawFiber RawFiber::current() { return RawAccess::share(impl::raw_root().current); }

void* RawFiber::switch_to(void* value) const {
    return impl::raw_switch(root_for(block_), block_, {.value = value, .error = nullptr});
}

void* RawFiber::switch_to_parent(void* value) {
    RawRoot& root = impl::raw_root();
    if (root.current == &root) {
        throw std::logic_error("weft: switch_to_parent: a root has no parent");
    }
    return impl::raw_switch(root, root.current->parent, {.value = value, .error = nullptr});
}

void* RawFiber::throw_into(std::exception_ptr error) const {
    RawRoot& root = root_for(block_);
    if (error == nullptr) {
        error = std::make_exception_ptr(FiberExit{});
    }
    return impl::raw_switch(root, block_, {.value = nullptr, .error = std::move(error)});
}

RawFiber RawFiber::parent() const {
    return block_ != nullptr ? RawAccess::share(block_->parent) : RawFiber();
}

void RawFiber::set_parent(const RawFiber& parent) const {
    if (block_ == nullptr || block_ == block_->root) {
        throw std::invalid_argument("weft: set_parent: a root has no parent");
    }
    if (parent.block_ == nullptr || parent.block_->root != block_->root ||
        block_->root != &impl::raw_root()) {
        throw std::invalid_argument("weft: set_parent: a raw fiber of another fiber or thread");
    }
    for (const RawBlock* above = parent.block_; above != nullptr; above = above->parent) {
        if (above == block_) {
            throw std::invalid_argument("weft: set_parent: the parents would form a circle");
        }
    }
    impl::hold(*parent.block_);
    impl::unhold(*std::exchange(block_->parent, parent.block_));
}

bool RawFiber::started() const noexcept { return block_ != nullptr && !block_->fresh(); }

bool RawFiber::active() const noexcept { return block_ != nullptr && block_->active(); }

bool RawFiber::dead() const noexcept { return block_ != nullptr && block_->dead(); }

SwitchTracer set_switch_tracer(SwitchTracer tracer) {
    return std::exchange(impl::tracer_of_thread(), std::move(tracer));
}

}  // namespace weft
