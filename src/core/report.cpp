// What is printed when nobody looks.
#include "core/report.hpp"

#include "base/demangle.hpp"
#include "base/error.hpp"
#include "core/hub.hpp"

#include <weft/base/error.hpp>

#include <cxxabi.h>

#include <cstdio>
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

}  // namespace

void report_error(const char* subject, const char* event, const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
        const Demangled type = demangle(typeid(thrown).name());
        warn("%s %s: %s: %s", subject, event, type != nullptr ? type.get() : typeid(thrown).name(),
             thrown.what());
    } catch (...) {
        const std::type_info* thrown = abi::__cxa_current_exception_type();
        const Demangled type = demangle(thrown != nullptr ? thrown->name() : "?");
        warn("%s %s, of type %s", subject, event, type != nullptr ? type.get() : "unknown");
    }
}

void report_error(std::uint64_t id, const char* name, const char* event,
                  const std::exception_ptr& error) noexcept {
    char subject[128];
    std::snprintf(subject, sizeof subject, "fiber %llu \"%.90s\"", static_cast<unsigned long long>(id), name);
    report_error(subject, event, error);
}

void report_uncollected(const FiberBlock& fiber) noexcept {
    report_error(fiber.id, fiber.name.c_str(), "ended with an error that nobody collected", fiber.error);
}

void install_terminate_report() noexcept {
    static const bool installed = [] {
        earlier_handler = std::set_terminate(&report_and_terminate);
        return true;
    }();
    static_cast<void>(installed);
}

}  // namespace weft::impl
