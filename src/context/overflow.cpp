// The report of a stack overflow.
#include "context/overflow.hpp"

namespace weft::impl {

constinit DescribeStack describe_stack = nullptr;

void install_overflow_report() {}

AltStack::AltStack() noexcept = default;
AltStack::~AltStack() = default;

}  // namespace weft::impl
