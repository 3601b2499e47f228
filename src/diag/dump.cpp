// The dump of all fibers.
#include <weft/diag/dump.hpp>

#include "base/error.hpp"
#include "core/wait_circle.hpp"
#include "diag/dump_text.hpp"
#include "diag/fiber_text.hpp"
#include "diag/frame_text.hpp"
#include "diag/visit.hpp"

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <vector>

namespace weft::diag {

namespace {

using impl::FiberSample;
using impl::HubSample;

/// Those that do the same at the same place.
using Group = std::vector<const FiberSample*>;

/// The text in the making.
class Dump {
public:
    Dump(const impl::Samples& samples, const DumpOptions& options) : samples_(samples), options_(options) {}

    std::string text() {
        if (options_.tree) {
            add_tree();
        } else {
            for (const auto& hub : samples_.hubs) {
                add_hub(*hub);
            }
        }
        add_circles();
        if (samples_.missing != 0) {
            text_ += "  " + std::to_string(samples_.missing) +
                     " more could not be reached: they are blocked, and do not take signals\n";
        }
        return std::move(text_);
    }

private:
    template <class Function>
    static void each(const HubSample& hub, Function&& function) {
        for (const FiberSample* fiber = hub.first(); fiber != hub.end(); fiber = fiber->next()) {
            function(*fiber);
        }
    }

    void add_hub(const HubSample& hub) {
        text_ += "\nhub " + std::to_string(hub.serial) + " (thread " + std::to_string(hub.thread_id) + ")" +
                 (hub.interrupted ? ", blocked" : "") + ":\n";
        std::map<std::pair<std::string, std::vector<const void*>>, Group> groups;
        each(hub, [&](const FiberSample& fiber) {
            if (!options_.group) {
                add_fibers(hub, {&fiber});
                return;
            }
            const auto frames = fiber.frames();
            std::vector<const void*> key(frames.begin(), frames.end());
            if (options_.spawn_sites) {
                key.push_back(fiber.spawned_at);
            }
            groups[{impl::kind_text(fiber), std::move(key)}].push_back(&fiber);
        });
        std::vector<const Group*> largest_first;
        for (const auto& [key, group] : groups) {
            largest_first.push_back(&group);
        }
        std::stable_sort(largest_first.begin(), largest_first.end(),
                         [](const Group* a, const Group* b) { return a->size() > b->size(); });
        for (const Group* group : largest_first) {
            add_fibers(hub, *group);
        }
        if (hub.left_out != 0) {
            text_ += "  " + std::to_string(hub.left_out) + " more, for which there is no memory\n";
        }
    }

    void add_fibers(const HubSample& hub, const Group& fibers) {
        const FiberSample& first = *fibers.front();
        if (fibers.size() == 1) {
            text_ += "  " + impl::title_of(first) + ": " + impl::state_text(first, hub.time) +
                     ages(fibers, hub.time) + ", " + impl::stack_text(first) + '\n';
        } else {
            text_ += "  " + std::to_string(fibers.size()) + " fibers: " + common_state(fibers, hub.time) +
                     ages(fibers, hub.time) + "\n    " + some_titles(fibers) + '\n';
        }
        impl::append_frames(text_, symbols_, first.frames(), "      ");
        if (options_.spawn_sites && first.spawned_at != nullptr) {
            text_ += "      spawned at " + symbols_.at(first.spawned_at).text + '\n';
        }
    }

    /// For how long they have been waiting. Of one that runs, or could, it is not known since when.
    static std::string ages(const Group& fibers, std::int64_t now) {
        if (fibers.front()->state == impl::FiberState::running ||
            fibers.front()->state == impl::FiberState::ready) {
            return "";
        }
        const auto [last, first] = std::minmax_element(
            fibers.begin(), fibers.end(),
            [](const FiberSample* a, const FiberSample* b) { return a->since > b->since; });
        const auto age = [now](const FiberSample* fiber) {
            return impl::duration_text(std::max<std::int64_t>(now - fiber->since, 0));
        };
        return ", for " + age(*last) + (fibers.size() > 1 ? " to " + age(*first) : "");
    }

    /// With the object that they wait for where all wait for the same one.
    static std::string common_state(const Group& fibers, std::int64_t now) {
        const FiberSample& first = *fibers.front();
        const bool same = std::all_of(fibers.begin(), fibers.end(), [&](const FiberSample* fiber) {
            return fiber->object == first.object && fiber->fd == first.fd && fiber->due == first.due;
        });
        return same ? impl::state_text(first, now) : impl::kind_text(first);
    }

    static std::string some_titles(const Group& fibers) {
        constexpr std::size_t shown = 5;
        std::string text;
        for (std::size_t i = 0; i < std::min(shown, fibers.size()); ++i) {
            const FiberSample& fiber = *fibers[i];
            text += (i == 0 ? "" : ", ") + std::to_string(fiber.id) +
                    (fiber.name[0] != '\0' ? std::string(" \"") + fiber.name + '"' : "");
        }
        return fibers.size() > shown ? text + ", and " + std::to_string(fibers.size() - shown) + " more"
                                     : text;
    }

    void add_tree() {
        std::map<std::uint64_t, std::vector<std::pair<const FiberSample*, const HubSample*>>> children;
        std::set<std::uint64_t> known;
        for (const auto& hub : samples_.hubs) {
            each(*hub, [&](const FiberSample& fiber) { known.insert(fiber.id); });
        }
        for (const auto& hub : samples_.hubs) {
            each(*hub, [&](const FiberSample& fiber) {
                const bool orphan = !known.contains(fiber.parent) || fiber.parent == fiber.id;
                children[orphan ? 0 : fiber.parent].emplace_back(&fiber, hub.get());
            });
        }
        // Not by recursion: a chain of fibers that each made the next one may be long.
        struct Step {
            std::pair<const FiberSample*, const HubSample*> at;
            std::size_t depth;
        };
        std::vector<Step> ahead;
        const auto push_children = [&](std::uint64_t of, std::size_t depth) {
            // The lists of hubs begin with the newest, and what is pushed last comes first.
            for (const auto& child : children[of]) {
                ahead.push_back({child, depth});
            }
        };
        push_children(0, 0);
        while (!ahead.empty()) {
            const Step step = ahead.back();
            ahead.pop_back();
            const auto& [fiber, hub] = step.at;
            text_ += std::string(2 + 2 * step.depth, ' ') + impl::title_of(*fiber) + ": " +
                     impl::state_text(*fiber, hub->time);
            if (options_.spawn_sites && fiber->spawned_at != nullptr) {
                text_ += ", spawned at " + symbols_.at(fiber->spawned_at).text;
            }
            text_ += '\n';
            push_children(fiber->id, step.depth + 1);
        }
    }

    void add_circles() {
        std::vector<impl::Dependence> dependences;
        for (const auto& hub : samples_.hubs) {
            each(*hub, [&](const FiberSample& fiber) {
                if (fiber.state == impl::FiberState::waiting && fiber.holder != nullptr &&
                    fiber.holder != fiber.block) {
                    dependences.push_back(
                        {.waiter = fiber.block,
                         .holder = fiber.holder,
                         .text = impl::title_of(fiber) + " waits: " + impl::state_text(fiber, hub->time)});
                }
            });
        }
        impl::append_circles(text_, dependences);
    }

    const impl::Samples& samples_;
    const DumpOptions& options_;
    impl::Symbols symbols_;
    std::string text_;
};

}  // namespace

std::string dump_text(const DumpOptions& options) {
    const impl::Samples samples = impl::sample_all_hubs(options.tree ? 0 : options.frames);
    std::size_t count = 0;
    for (const auto& hub : samples.hubs) {
        count += hub->count;
    }
    return "weft: " + impl::counted(count, "fiber") + " on " + impl::counted(samples.hubs.size(), "hub") +
           '\n' + impl::text_of(samples, options);
}

void dump(std::ostream& out, const DumpOptions& options) { out << dump_text(options) << std::flush; }

void dump(const DumpOptions& options) { impl::write_stderr(dump_text(options)); }

}  // namespace weft::diag

namespace weft::impl {

std::string text_of(const Samples& samples, const diag::DumpOptions& options) {
    return diag::Dump(samples, options).text();
}

std::string counted(std::size_t count, const char* what) {
    return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

}  // namespace weft::impl
