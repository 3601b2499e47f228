// The exceptions of channels, and which of them a failed exchange is.
#include <weft/channel/errors.hpp>

#include <weft/channel/broadcast.hpp>
#include <weft/channel/channel_core.hpp>

namespace weft {

ChannelClosed::ChannelClosed(const std::string& what) : std::runtime_error(what) {}
ChannelClosed::~ChannelClosed() = default;

ChannelBroken::ChannelBroken(const std::string& what) : ChannelClosed(what) {}
ChannelBroken::~ChannelBroken() = default;

EndClosed::EndClosed(const std::string& what) : ChannelClosed(what) {}
EndClosed::~EndClosed() = default;

Lagged::Lagged(std::uint64_t missed)
    : std::runtime_error("receive: " + std::to_string(missed) + " messages have been missed"),
      missed_(missed) {}
Lagged::~Lagged() = default;

namespace impl {

void throw_not_exchanged(Exchange how, const char* operation) {
    const std::string text(operation);
    switch (how) {
        case Exchange::broken:
            throw ChannelBroken(text + ": no receiver is left");
        case Exchange::end_closed:
            throw EndClosed(text + ": this end of the channel is closed");
        default:
            throw ChannelClosed(text + ": the channel is closed");
    }
}

}  // namespace impl
}  // namespace weft
