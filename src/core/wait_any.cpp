// The wait for one of several objects.
#include "core/wait_any.hpp"

#include "core/park.hpp"

namespace weft::impl {

namespace {

/// The fiber's places in the queues, from first to last.
struct Places {
    explicit Places(std::span<Choice> objects) noexcept
        : record(WaitReason::any_of, objects.data(), &abort_all), choices(objects) {
        record.in_set = true;
    }
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;
    ~Places() {
        for (std::size_t i = 0; i < queued; ++i) {
            // Who has won has taken the node out, and his object may be gone.
            if (i != record.winner()) {
                choices[i].delist();
            }
        }
    }

    static bool abort_all(WaitRecord& record) noexcept { return record.decide(aborted_tag); }

    /// False if one of them has given at once what it has.
    bool enlist() noexcept {
        for (; queued < choices.size(); ++queued) {
            WaitNode& node = choices[queued].node;
            node.record = &record;
            node.tag = static_cast<std::uint32_t>(queued);
            if (!choices[queued].enlist()) {
                // Else an earlier one has won meanwhile, in another thread: its wake-up is on the way.
                return record.winner() != queued;
            }
        }
        return true;
    }

    WaitRecord record;
    std::span<Choice> choices;
    std::size_t queued = 0;  ///< so many of them have a node of ours
};

}  // namespace

std::size_t wait_any(std::span<Choice> choices, Deadline& deadline) {
    Places places(choices);
    if (places.enlist()) {
        park_or_throw(places.record, deadline, "wait for any of several");
    }
    return places.record.winner();
}

}  // namespace weft::impl
