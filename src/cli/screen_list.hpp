#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lazynet::cli {

/// One of several screens of a run.
struct ListedScreen {
    std::string name;  ///< of its results
    std::string path;
    std::vector<std::pair<std::string, std::string>> options;  ///< of this screen only
};

/// Screens in a file: one per line, its path and then `option=value` for options about screens (--help, "Screen") and
/// for `name`. Fields are separated by blanks or tabs and may be "quoted"; lines that are empty or begin with # are
/// passed over. @throws UserError naming file and line
std::vector<ListedScreen> read_screen_list(const std::string& path);

/// Gives every screen without one a name: its file's without endings, with the folder's before it where several files
/// have the same. @throws UserError when two screens have the same name, or one has a name that results have
void name_screens(std::vector<ListedScreen>& screens);

/// The same for any paths.
std::vector<std::string> names_of_paths(const std::vector<std::string>& paths);

}  // namespace lazynet::cli
