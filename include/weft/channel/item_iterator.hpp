// Range-for over what gives its items one by one. For the library's own use.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace weft::impl {

/// Holds the item of the present turn. Source::next() has the following one, or none at the end.
template <class Source>
class ItemIterator {
public:
    using value_type = typename Source::value_type;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    explicit ItemIterator(Source& source) : source_(&source), item_(source.next()) {}

    value_type& operator*() const noexcept { return *item_; }
    ItemIterator& operator++() {
        item_.reset();  // not kept while waiting for the next one
        if (std::optional<value_type> next = source_->next()) {
            item_.emplace(std::move(*next));
        }
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const ItemIterator& at, std::default_sentinel_t) noexcept { return !at.item_; }

private:
    Source* source_;
    mutable std::optional<value_type> item_;
};

}  // namespace weft::impl
