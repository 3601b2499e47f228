// Several hubs and the cancellation contract.
#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

// Both wait for threads, which no virtual clock knows; tests/unit/runtime cancels them.
WEFT_WAITS_OTHERWISE("Runtime::Runtime");
WEFT_WAITS_OTHERWISE("Runtime::stop");

}  // namespace
}  // namespace weft::test
