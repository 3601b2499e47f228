// What the process knows of each descriptor number. Entries are made when needed and stay where they are for good, since descriptors of
// the same range come again; to look one up takes no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace weft::impl {

/// As many descriptors as there is room for. The kernel's own limit (fs.nr_open) is a million unless somebody raises it.
inline constexpr int most_descriptors = 1 << 24;
/// Whether there can be such a descriptor: for others nothing grows.
constexpr bool is_possible(int fd) noexcept { return fd >= 0 && fd < most_descriptors; }

/// For static storage; any thread. An Entry is valid as its default constructor leaves it.
template <class Entry>
class DescriptorMap {
public:
    /// Null where there is none yet.
    Entry* find(int fd) noexcept {
        const auto index = static_cast<std::size_t>(fd);
        if (index / chunk_size >= chunks_.size()) [[unlikely]] {
            return nullptr;
        }
        Chunk* chunk = chunks_[index / chunk_size].load(std::memory_order_acquire);
        return chunk != nullptr ? &(*chunk)[index % chunk_size] : nullptr;
    }

    /// Makes it if need be. Null if there can be no such descriptor; throws std::bad_alloc.
    Entry* make(int fd) {
        if (!is_possible(fd)) {
            return nullptr;
        }
        const auto index = static_cast<std::size_t>(fd);
        std::atomic<Chunk*>& place = chunks_[index / chunk_size];
        Chunk* chunk = place.load(std::memory_order_acquire);
        if (chunk == nullptr) {
            auto fresh = std::make_unique<Chunk>();
            if (place.compare_exchange_strong(chunk, fresh.get(), std::memory_order_acq_rel)) {
                chunk = fresh.release();
            }
        }
        return &(*chunk)[index % chunk_size];
    }

    /// The first descriptor at or after `fd` whose entry `fits`, or -1.
    template <class Fits>
    int first_from(int fd, Fits fits) noexcept {
        for (auto index = static_cast<std::size_t>(fd > 0 ? fd : 0); index / chunk_size < chunks_.size();) {
            Chunk* chunk = chunks_[index / chunk_size].load(std::memory_order_acquire);
            if (chunk == nullptr) {
                index = (index / chunk_size + 1) * chunk_size;
                continue;
            }
            if (fits((*chunk)[index % chunk_size])) {
                return static_cast<int>(index);
            }
            ++index;
        }
        return -1;
    }

    /// Makes all entries anew without ending the old ones. No other thread may use the map meanwhile.
    void begin_anew() noexcept {
        for (std::atomic<Chunk*>& place : chunks_) {
            if (Chunk* chunk = place.load(std::memory_order_relaxed)) {
                std::construct_at(chunk);
            }
        }
    }

private:
    static constexpr std::size_t chunk_size = 1024;
    using Chunk = std::array<Entry, chunk_size>;

    std::array<std::atomic<Chunk*>, static_cast<std::size_t>(most_descriptors) / chunk_size> chunks_{};
};

}  // namespace weft::impl
