// The resolver with a deadline that the caller goes on using.
#pragma once

#include <weft/net/resolve.hpp>

namespace weft::impl {

/// As net::resolve(); fixes `deadline` in place when it waits.
std::vector<net::Endpoint> look_up(const net::HostPort& name, Deadline& deadline);
std::vector<net::Endpoint> look_up(const net::HostPort& name, Deadline& deadline, std::error_code& error);

}  // namespace weft::impl
