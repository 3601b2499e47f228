// Backoff: the lengths of pauses.
#include <weft/periodic/retry.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>

namespace weft {

Backoff::Backoff(const BackoffOptions& options)
    : options_(options),
      pause_(options.first),
      random_(options.seed != 0 ? options.seed : static_cast<std::uint32_t>(std::random_device()())) {
    if (options.first < Duration::zero() || options.longest < options.first || !(options.factor >= 1) ||
        !(options.jitter >= 0 && options.jitter <= 1)) {
        throw std::invalid_argument("weft: pauses must not be negative or become shorter; jitter is 0 to 1");
    }
}

Duration Backoff::next() noexcept {
    const auto length = static_cast<double>(pause_.count());
    const double share = std::uniform_real_distribution<double>(0, 1)(random_);
    const double longer = std::min(length * options_.factor, static_cast<double>(options_.longest.count()));
    pause_ = Duration(static_cast<Duration::rep>(longer));
    return Duration(static_cast<Duration::rep>(length * (1 - options_.jitter * share)));
}

}  // namespace weft
