// Several failures as one exception.
#pragma once

#include <weft/base/export.hpp>

#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace weft {

/// What a TaskGroup throws: all that has failed in it, in the order in which it did. Copies share their
/// content.
class WEFT_API ExceptionGroup : public std::exception {
public:
    /// Those that are an E, and the others.
    struct Split {
        std::vector<std::exception_ptr> matched;
        std::vector<std::exception_ptr> rest;
    };

    explicit ExceptionGroup(std::vector<std::exception_ptr> exceptions);
    ExceptionGroup(const ExceptionGroup&) = default;
    ExceptionGroup& operator=(const ExceptionGroup&) = default;
    ~ExceptionGroup() override;

    /// How many there are, and what each says.
    [[nodiscard]] const char* what() const noexcept override;

    /// As they were thrown; a group within the group is one of them.
    [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept;

    /// All that are no groups themselves, those of groups within included.
    [[nodiscard]] std::vector<std::exception_ptr> leaves() const;

    /// Calls fn(error) with each of the leaves that is an E.
    template <class E, class F>
    void for_each(F&& fn) const {
        for (const std::exception_ptr& leaf : leaves()) {
            try {
                std::rethrow_exception(leaf);
            } catch (const E& error) {
                fn(error);
            } catch (...) {  // none of those that were asked for
            }
        }
    }

    /// Parts the leaves.
    template <class E>
    [[nodiscard]] Split split() const {
        Split parts;
        for (const std::exception_ptr& leaf : leaves()) {
            try {
                std::rethrow_exception(leaf);
            } catch (const E&) {
                parts.matched.push_back(leaf);
            } catch (...) {
                parts.rest.push_back(leaf);
            }
        }
        return parts;
    }

private:
    struct Content {
        std::vector<std::exception_ptr> exceptions;
        std::string text;
    };
    std::shared_ptr<const Content> content_;
};

}  // namespace weft
