// The waiting calls of the test kit, for the cancellation contract.
#include <weft/testing/sequencer.hpp>

#include "contract/waiting_call.hpp"

namespace weft::test {
namespace {

using testing::Sequencer;

struct SequencerTurn : WaitingCall {
    void call(Deadline deadline) override { const auto turn = sequencer.turn(1, deadline); }
    void fulfil() override { const auto turn = sequencer.turn(0); }
    // That its turn has not been taken shows when the suite calls again.
    void expect_untouched() override {}
    Sequencer sequencer;
};
WEFT_WAITING_CALL("Sequencer::turn", SequencerTurn);

}  // namespace
}  // namespace weft::test
