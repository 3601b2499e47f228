// What is printed when nobody looks.
#include "core/report.hpp"

#include "base/error.hpp"
#include "core/hub.hpp"

#include <weft/base/error.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace weft::impl {

namespace {

std::terminate_handler earlier_handler = nullptr;

/// The exception on its way out came of cancel() or kill(), so a wait has thrown it.
bool interruption_escapes() noexcept {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return type != nullptr && (*type == typeid(Cancelled) || *type == typeid(FiberExit));
}

void report_and_terminate() {
    if (Hub* hub = Hub::current()) {
        const FiberBlock& fiber = hub->running();
        warn("std::terminate in fiber %llu \"%s\"%s", static_cast<unsigned long long>(fiber.id),
             fiber.name.c_str(),
             interruption_escapes()
                 ? "; a destructor or another noexcept function that waits needs a weft::Shield"
                 : "");
    }
    earlier_handler();
}

using Text = std::unique_ptr<char, void (*)(void*)>;

Text demangled(const char* name) noexcept {
    int status = 0;
    return Text(abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
}

}  // namespace

void report_uncollected(const FiberBlock& fiber) noexcept {
    const auto id = static_cast<unsigned long long>(fiber.id);
    const char* name = fiber.name.c_str();
    try {
        std::rethrow_exception(fiber.error);
    } catch (const std::exception& error) {
        const Text type = demangled(typeid(error).name());
        warn("fiber %llu \"%s\" ended with an error that nobody collected: %s: %s", id, name,
             type != nullptr ? type.get() : typeid(error).name(), error.what());
    } catch (...) {
        const std::type_info* thrown = abi::__cxa_current_exception_type();
        const Text type = demangled(thrown != nullptr ? thrown->name() : "?");
        warn("fiber %llu \"%s\" ended with an exception that nobody collected, of type %s", id, name,
             type != nullptr ? type.get() : "unknown");
    }
}

void install_terminate_report() noexcept {
    static const bool installed = [] {
        earlier_handler = std::set_terminate(&report_and_terminate);
        return true;
    }();
    static_cast<void>(installed);
}

}  // namespace weft::impl
