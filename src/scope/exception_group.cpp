// ExceptionGroup: its text, and groups within groups.
#include <weft/scope/exception_group.hpp>

#include <weft/base/error.hpp>
#include <weft/scope/timeout.hpp>

#include <string>
#include <utility>

namespace weft {

namespace {

std::string text_of(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        return error.what();
    } catch (const Cancelled& cancelled) {
        return cancelled.what();
    } catch (const FiberExit& exit) {
        return exit.what();
    } catch (const TimeoutExpired& expired) {
        return expired.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

std::string text_of(const std::vector<std::exception_ptr>& exceptions) {
    std::string text =
        std::to_string(exceptions.size()) + (exceptions.size() == 1 ? " failure" : " failures");
    const char* before = ": ";
    for (const std::exception_ptr& each : exceptions) {
        text += before + text_of(each);
        before = "; ";
    }
    return text;
}

void collect_leaves(const ExceptionGroup& group, std::vector<std::exception_ptr>& leaves) {
    for (const std::exception_ptr& each : group.exceptions()) {
        try {
            std::rethrow_exception(each);
        } catch (const ExceptionGroup& inner) {
            collect_leaves(inner, leaves);
        } catch (...) {
            leaves.push_back(each);
        }
    }
}

}  // namespace

ExceptionGroup::ExceptionGroup(std::vector<std::exception_ptr> exceptions)
    : content_([&] {
          std::string text = text_of(exceptions);
          return std::make_shared<const Content>(Content{std::move(exceptions), std::move(text)});
      }()) {}

ExceptionGroup::~ExceptionGroup() = default;

const char* ExceptionGroup::what() const noexcept { return content_->text.c_str(); }

const std::vector<std::exception_ptr>& ExceptionGroup::exceptions() const noexcept {
    return content_->exceptions;
}

std::vector<std::exception_ptr> ExceptionGroup::leaves() const {
    std::vector<std::exception_ptr> leaves;
    collect_leaves(*this, leaves);
    return leaves;
}

}  // namespace weft
