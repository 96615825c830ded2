#pragma once

#include <cstdio>
#include <string>

namespace lazynet {

/// What a run tells its user. Passed in, never global; told whether it is the root, knows no MPI.
///
/// info, warning and progress speak from the root only. Errors do not go through here: they are thrown.
class Log {
public:
    enum class Level { quiet, normal, verbose };

    Log(bool is_root, Level level);
    /// The same voice with a name before every line, for one of several works that go on side by side.
    /// @param speaks whether this rank speaks for it  @param live whether it may have the live line of a terminal;
    /// else it says nothing of long work there
    [[nodiscard]] Log named(const std::string& name, bool speaks, bool live) const;

    /// One line on stdout. Not with --quiet.
    void info(const std::string& line) const;
    /// One line on stdout, with --verbose only.
    void detail(const std::string& line) const;
    /// `lazynet: warning: ...` on stderr; also with --quiet.
    void warning(const std::string& line) const;
    /// Long work: on a terminal one live line that is rewritten, otherwise one `key=value` line each call.
    /// @param live what a person reads; @param record the same as key=value pairs
    void progress(const std::string& live, const std::string& record);
    /// Ends the live line, if there is one.
    void progress_done();

    [[nodiscard]] bool is_root() const { return is_root_; }
    [[nodiscard]] bool is_verbose() const { return level_ == Level::verbose; }
    [[nodiscard]] bool on_terminal() const { return terminal_; }

private:
    [[nodiscard]] std::string with_name(const std::string& text) const;

    bool is_root_;
    Level level_;
    bool terminal_;
    bool live_ = false;
    std::string name_;         ///< "[name] " or nothing
    bool may_be_live_ = true;  ///< on a terminal
};

}  // namespace lazynet
