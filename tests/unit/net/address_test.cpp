// Parsing and printing of addresses: what is accepted, and what a refusal says.
#include <weft/net/address.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using weft::net::Address;
using weft::net::Endpoint;

std::string refusal(auto&& call) {
    try {
        call();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "(accepted)";
}

TEST(Address, PrintsWhatItParsed) {
    for (const char* text : {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::7"})
        EXPECT_EQ(Address::parse(text).to_string(), text);
    EXPECT_EQ(Address::parse("[::1]"), Address::loopback_v6());
    EXPECT_EQ(Address::parse("127.0.0.1"), Address::loopback_v4());
}

TEST(Address, KeepsTheScopeOfALinkLocalAddress) {
    Address address = Address::parse("fe80::1%lo");
    EXPECT_NE(address.scope(), 0U);
    EXPECT_EQ(address.to_string(), "fe80::1%lo");
    EXPECT_EQ(Address::parse("fe80::1%" + std::to_string(address.scope())), address);
}

TEST(Address, RefusesWhatIsNotNumericAndSaysWhatIs) {
    for (const char* text :
         {"", "localhost", "1.2.3", "1.2.3.256", "1.2.3.4%lo", "::g", "fe80::1%nosuchif", "[]"}) {
        EXPECT_FALSE(Address::try_parse(text)) << text;
        EXPECT_NE(
            refusal([&] { (void)Address::parse(text); }).find("'" + std::string(text) + "': expected IPv4"),
            std::string::npos);
    }
    EXPECT_FALSE(Address::try_parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(Address, KnowsLoopbackAndUnspecified) {
    EXPECT_TRUE(Address::parse("127.9.9.9").is_loopback());
    EXPECT_TRUE(Address::loopback_v6().is_loopback());
    EXPECT_FALSE(Address::parse("8.8.8.8").is_loopback());
    EXPECT_TRUE(Address::any_v6().is_unspecified());
    EXPECT_TRUE(Address().is_unspecified());
}

TEST(Endpoint, PrintsWhatItParsed) {
    for (const char* text : {"127.0.0.1:80", "[::1]:65535", "0.0.0.0:0", "unix:/run/x.sock", "unix:@name"})
        EXPECT_EQ(Endpoint::parse(text).to_string(), text);
    EXPECT_EQ(Endpoint::parse(":8080"), Endpoint(Address::any_v4(), 8080));
    EXPECT_EQ(Endpoint().to_string(), "(none)");
}

TEST(Endpoint, SurvivesTheKernelsForm) {
    for (const char* text : {"127.0.0.1:80", "[fe80::1%lo]:443", "unix:/run/x.sock", "unix:@name"}) {
        Endpoint endpoint = Endpoint::parse(text);
        EXPECT_EQ(Endpoint::from(endpoint.data(), endpoint.size()), endpoint);
        EXPECT_EQ(Endpoint::from(endpoint.data(), endpoint.size()).to_string(), text);
    }
    sa_family_t unnamed = AF_UNIX;
    EXPECT_EQ(Endpoint::from(reinterpret_cast<const sockaddr*>(&unnamed), sizeof unnamed).to_string(),
              "unix:(unnamed)");
}

TEST(Endpoint, RefusesMalformedTextAndSaysTheValidForm) {
    for (const char* text :
         {"", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]",
          "[::1]80", "[::1:80", "[]:80", "localhost:80", "127.0.0.1:80x", "1.2.3.4:80:9"}) {
        std::string message = refusal([&] { (void)Endpoint::parse(text); });
        EXPECT_NE(message.find("'" + std::string(text) + "'"), std::string::npos) << text << ": " << message;
        EXPECT_NE(message.find("[::1]:80"), std::string::npos) << text << ": " << message;
    }
}

TEST(Endpoint, RefusesAUnixPathThatDoesNotFit) {
    EXPECT_NO_THROW((void)Endpoint::unix_path(std::string(107, 'x')));
    EXPECT_NE(refusal([] { (void)Endpoint::unix_path(std::string(108, 'x')); }).find("107"),
              std::string::npos);
    EXPECT_NE(refusal([] { (void)Endpoint::unix_path(""); }).find("1 to 107"), std::string::npos);
    EXPECT_NE(refusal([] { (void)Endpoint::unix_path(std::string_view("a\0b", 3)); }).find("zero"),
              std::string::npos);
}

TEST(Endpoint, RefusesAKernelFormOfAWrongSize) {
    Endpoint endpoint = Endpoint::parse("127.0.0.1:80");
    EXPECT_THROW((void)Endpoint::from(endpoint.data(), 4), std::invalid_argument);
    sockaddr other{};
    other.sa_family = AF_APPLETALK;
    EXPECT_THROW((void)Endpoint::from(&other, sizeof other), std::invalid_argument);
}

TEST(HostPort, SplitsNamesAndBracketedAddresses) {
    auto named = weft::net::split_host_port("example.org:http");
    EXPECT_EQ(named.host, "example.org");
    EXPECT_EQ(named.port, "http");
    EXPECT_EQ(weft::net::split_host_port("[::1]:80").host, "::1");
    EXPECT_EQ(weft::net::split_host_port(":80").host, "");
    EXPECT_NE(refusal([] { (void)weft::net::split_host_port("example.org"); }).find("example.org:80"),
              std::string::npos);
}

TEST(HostPort, APortIsANumberUpTo65535) {
    EXPECT_EQ(weft::net::parse_port("0"), 0);
    EXPECT_EQ(weft::net::parse_port("65535"), 65535);
    for (const char* text : {"", "65536", "-1", "+1", " 1", "80x", "http"})
        EXPECT_NE(refusal([&] { (void)weft::net::parse_port(text); }).find("0 to 65535"), std::string::npos)
            << text;
}

}  // namespace
