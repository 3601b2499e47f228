// The descriptor limit is raised as far as the hard limit allows, and left alone where the kernel refuses.
#include "base/limits.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "support/sys_override.hpp"

namespace weft::impl {
namespace {

rlimit current;
int changes = 0;

int get_limit(__rlimit_resource_t, rlimit* out) {
    *out = current;
    return 0;
}

int set_limit(__rlimit_resource_t resource, const rlimit* in) {
    EXPECT_EQ(resource, RLIMIT_NOFILE);
    ++changes;
    current = *in;
    return 0;
}

int refuse(__rlimit_resource_t, const rlimit*) {
    errno = EPERM;
    return -1;
}

class DescriptorLimit : public testing::Test {
protected:
    void SetUp() override {
        current = {.rlim_cur = 1024, .rlim_max = 20'000};
        changes = 0;
    }

    SysOverride<decltype(Sys::getrlimit)> get_{&Sys::getrlimit, get_limit};
};

TEST_F(DescriptorLimit, IsRaisedToTheHardOneOnce) {
    const SysOverride set(&Sys::setrlimit, set_limit);
    EXPECT_EQ(raise_descriptor_limit(), 20'000u);
    EXPECT_EQ(raise_descriptor_limit(), 20'000u);
    EXPECT_EQ(changes, 1);
    EXPECT_EQ(current.rlim_max, 20'000u);
}

TEST_F(DescriptorLimit, StaysWhereTheKernelRefuses) {
    const SysOverride set(&Sys::setrlimit, refuse);
    EXPECT_EQ(raise_descriptor_limit(), 1024u);
}

}  // namespace
}  // namespace weft::impl
