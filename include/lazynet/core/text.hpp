#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "lazynet/core/types.hpp"

namespace lazynet {

/// "1.30 GB": bytes for people, powers of 1000.
std::string size_text(double bytes);
template <std::integral T>
std::string size_text(T bytes) {
    return size_text(static_cast<double>(bytes));
}

/// "1 rank", "3 ranks". @param noun one that takes an s
std::string counted(Index n, std::string_view noun);

}  // namespace lazynet
