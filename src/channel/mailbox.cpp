// What a Mailbox does without knowing its letters.
#include <weft/channel/mailbox.hpp>

#include "base/assert.hpp"

namespace weft::impl {

SoleReader::SoleReader(std::atomic<bool>& reading) : reading_(reading) {
    WEFT_CHECK(!reading.exchange(true, std::memory_order_acquire), "two receive from one Mailbox");
}

}  // namespace weft::impl
