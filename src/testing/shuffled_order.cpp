// The shuffled order of ready fibers, as tests ask for it.
#include <weft/testing/shuffled_order.hpp>

#include "core/hub.hpp"

#include <random>

namespace weft::testing {

ShuffledOrder::ShuffledOrder() : ShuffledOrder(std::random_device{}()) {}

ShuffledOrder::ShuffledOrder(std::uint64_t seed) : seed_(seed) { impl::Hub::ensure().shuffle(seed); }

ShuffledOrder::~ShuffledOrder() {
    // It may outlive the hub, where both are of one scope.
    if (impl::Hub* hub = impl::Hub::current()) {
        hub->shuffle(std::nullopt);
    }
}

}  // namespace weft::testing
