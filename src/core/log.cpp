#include "lazynet/core/log.hpp"

#include <unistd.h>

namespace lazynet {

Log::Log(bool is_root, Level level) : is_root_(is_root), level_(level), terminal_(isatty(STDOUT_FILENO) == 1) {}

void Log::info(const std::string& line) const {
    if (is_root_ && level_ != Level::quiet) {
        std::printf("%s\n", line.c_str());
        std::fflush(stdout);
    }
}

void Log::detail(const std::string& line) const {
    if (level_ == Level::verbose) {
        info(line);
    }
}

void Log::warning(const std::string& line) const {
    if (is_root_) {
        std::fflush(stdout);
        std::fprintf(stderr, "lazynet: warning: %s\n", line.c_str());
        std::fflush(stderr);
    }
}

void Log::progress(const std::string& live, const std::string& record) {
    if (!is_root_ || level_ == Level::quiet) {
        return;
    }
    if (terminal_) {
        std::printf("\r\033[K%s", live.c_str());
        live_ = true;
    } else {
        std::printf("%s\n", record.c_str());
    }
    std::fflush(stdout);
}

void Log::progress_done() {
    if (live_) {
        std::printf("\n");
        std::fflush(stdout);
        live_ = false;
    }
}

}  // namespace lazynet
