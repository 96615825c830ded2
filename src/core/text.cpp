#include "lazynet/core/text.hpp"

#include <fmt/format.h>

namespace lazynet {

std::string size_text(double bytes) {
    return bytes >= 1e9   ? fmt::format("{:.2f} GB", bytes / 1e9)
           : bytes >= 1e6 ? fmt::format("{:.1f} MB", bytes / 1e6)
                          : fmt::format("{:.1f} kB", bytes / 1e3);
}

std::string counted(Index n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

}  // namespace lazynet
