#pragma once

#include <string>

#include "lazynet/core/error.hpp"

namespace lazynet {

/// What an action complains of; "no error" when it does not.
template <typename Error = UserError, typename Action>
std::string message_of(Action&& action) {
    try {
        action();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace lazynet
