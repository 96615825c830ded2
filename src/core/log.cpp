#include "lazynet/core/log.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace lazynet {
namespace {

/// Whether a person watches. MPI launchers give their ranks a pseudo-terminal even when their own output goes to a
/// file, so under a launcher the launcher's own output decides.
bool watched() {
    if (isatty(STDOUT_FILENO) != 1) {
        return false;
    }
    if (std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr && std::getenv("PMIX_RANK") == nullptr &&
        std::getenv("PMI_RANK") == nullptr) {
        return true;
    }
    std::error_code unknown;
    const auto output = std::filesystem::read_symlink("/proc/" + std::to_string(getppid()) + "/fd/1", unknown);
    return !unknown && (output.string().starts_with("/dev/pts/") || output.string().starts_with("/dev/tty"));
}

}  // namespace

Log::Log(bool is_root, Level level) : is_root_(is_root), level_(level), terminal_(watched()) {}

Log Log::named(const std::string& name, bool speaks, bool live) const {
    Log log(speaks, level_);
    log.name_ = "[" + name + "] ";
    log.may_be_live_ = live;
    return log;
}

/// A text may have several lines.
std::string Log::with_name(const std::string& text) const {
    if (name_.empty()) {
        return text;
    }
    std::string named = name_;
    for (const char c : text) {
        named += c;
        if (c == '\n') {
            named += name_;
        }
    }
    return named;
}

void Log::info(const std::string& line) const {
    if (is_root_ && level_ != Level::quiet) {
        std::printf("%s\n", with_name(line).c_str());
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
        std::fprintf(stderr, "lazynet: warning: %s\n", with_name(line).c_str());
        std::fflush(stderr);
    }
}

void Log::progress(const std::string& live, const std::string& record) {
    if (!is_root_ || level_ == Level::quiet) {
        return;
    }
    if (terminal_ && may_be_live_) {
        std::printf("\r\033[K%s", with_name(live).c_str());
        live_ = true;
    } else if (!terminal_) {
        std::printf("%s\n", with_name(record).c_str());
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
