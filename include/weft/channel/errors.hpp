// Why a channel or a queue does not take an item, or give one.
#pragma once

#include <weft/base/export.hpp>

#include <stdexcept>
#include <string>

namespace weft {

/// The channel is closed: it takes nothing more, and all that was in it has been received.
class WEFT_API ChannelClosed : public std::runtime_error {
public:
    explicit ChannelClosed(const std::string& what);
    ChannelClosed(const ChannelClosed&) = default;
    ChannelClosed& operator=(const ChannelClosed&) = default;
    ~ChannelClosed() override;
};

/// Nobody is left who could receive what is sent.
class WEFT_API ChannelBroken : public ChannelClosed {
public:
    explicit ChannelBroken(const std::string& what);
    ChannelBroken(const ChannelBroken&) = default;
    ChannelBroken& operator=(const ChannelBroken&) = default;
    ~ChannelBroken() override;
};

/// The caller's own end of the channel has been closed (or moved from), here or by another fiber of its owner. The
/// channel itself may be open.
class WEFT_API EndClosed : public ChannelClosed {
public:
    explicit EndClosed(const std::string& what);
    EndClosed(const EndClosed&) = default;
    EndClosed& operator=(const EndClosed&) = default;
    ~EndClosed() override;
};

}  // namespace weft
