#include "options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

namespace lazynet::cli {
namespace {

/// One option's value as text; "" when it has no value worth printing.
std::string text_of(const po::variable_value& value) {
    std::ostringstream out;
    const boost::any& any = value.value();
    if (const auto* s = boost::any_cast<std::string>(&any)) {
        out << *s;
    } else if (const auto* d = boost::any_cast<double>(&any)) {
        out << fmt::format("{}", *d);  // the shortest text that reads back as the same number
    } else if (const auto* i = boost::any_cast<Index>(&any)) {
        out << *i;
    } else if (const auto* u = boost::any_cast<std::uint64_t>(&any)) {
        out << *u;
    } else if (const auto* n = boost::any_cast<int>(&any)) {
        out << *n;
    } else if (const auto* b = boost::any_cast<bool>(&any)) {
        out << (*b ? "true" : "false");
    }
    return out.str();
}

/// One text per line of a config file: options that may be repeated have several.
std::vector<std::string> texts_of(const po::variable_value& value) {
    if (const auto* list = boost::any_cast<std::vector<std::string>>(&value.value())) {
        return *list;
    }
    const std::string text = text_of(value);
    return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text};
}

}  // namespace

Log CommonOptions::log(const mpi::Communicator& world) const {
    return Log(world.is_root(), quiet ? Log::Level::quiet : verbose ? Log::Level::verbose : Log::Level::normal);
}

CommandLine::CommandLine(std::string command, std::string synopsis, std::string summary, CommonOptions* common)
    : command_(std::move(command)), synopsis_(std::move(synopsis)), summary_(std::move(summary)), common_(common) {
    auto add = group("Common options").add_options();
    add("help,h", po::bool_switch(&help_), "show this help");
    add("output,o", po::value(&common->output), "file to write");
    add("overwrite", po::bool_switch(&common->overwrite), "replace an output that exists");
    add("seed", po::value(&common->seed)->default_value(0), "seed of all random numbers");
    add("json", po::value(&common->json), "write the printed figures as JSON to this file");
    add("config", po::value(&common->config), "read options from a file of `name = value` lines");
    add("print-config", po::bool_switch(&common->print_config), "print the resolved options and stop");
    add("dry-run", po::bool_switch(&common->dry_run), "check everything, forecast memory and time, write nothing");
    add("quiet", po::bool_switch(&common->quiet), "print errors and warnings only");
    add("verbose", po::bool_switch(&common->verbose), "print details");
}

po::options_description& CommandLine::group(const std::string& caption) {
    groups_.push_back(std::make_unique<po::options_description>(caption, 110, 55));
    return *groups_.back();
}

void CommandLine::positional(const std::string& name, std::vector<std::string>* values, int most) {
    hidden_.add_options()(name.c_str(), po::value(values));
    positional_.add(name.c_str(), most);
}

std::string CommandLine::help() const {
    std::ostringstream out;
    out << "usage: lazynet " << command_ << " " << synopsis_ << "\n\n" << summary_ << "\n";
    for (std::size_t i = 1; i < groups_.size(); ++i) {
        out << "\n" << *groups_[i];
    }
    out << "\n" << *groups_.front();
    return out.str();
}

void CommandLine::read(std::span<const std::string> args) {
    po::options_description all;
    for (const auto& g : groups_) {
        all.add(*g);
    }
    all.add(hidden_);
    using style = po::command_line_style::style_t;
    const int strict = style::unix_style & ~style::allow_guessing;
    po::store(po::command_line_parser(std::vector<std::string>(args.begin(), args.end()))
                  .options(all)
                  .positional(positional_)
                  .style(strict)
                  .run(),
              values_);
    if (values_.count("config") != 0) {
        const auto path = values_["config"].as<std::string>();
        std::ifstream file(path);
        if (!file) {
            throw UserError("--config " + path + ": cannot read this file");
        }
        po::store(po::parse_config_file(file, all), values_);
    }
    if (fallback_ && values_.count("help") != 0 && !values_["help"].as<bool>()) {
        std::istringstream lines(fallback_(values_));
        po::store(po::parse_config_file(lines, all, true), values_);
    }
    po::notify(values_);
}

bool CommandLine::parse(const mpi::Communicator& world, std::span<const std::string> args) {
    world.together([&] {
        try {
            read(args);
        } catch (const po::error& e) {
            throw UserError(std::string(e.what()) + " (see `lazynet " + command_ + " --help`)");
        }
    });
    if (help_ || common_->print_config) {
        if (world.is_root()) {
            std::cout << (help_ ? help() : resolved()) << std::flush;
        }
        return false;
    }
    world.on_root([&] {
        if (!common_->json.empty()) {
            require_writable(common_->json, true);
        }
    });
    return true;
}

std::string CommandLine::resolved() const {
    std::string text;
    for (std::size_t i = 1; i <= groups_.size(); ++i) {  // the common group, first made, comes last
        for (const auto& option : groups_[i % groups_.size()]->options()) {
            const std::string& name = option->long_name();
            if (name == "help" || name == "print-config" || name == "config" || values_.count(name) == 0) {
                continue;
            }
            for (const std::string& value : texts_of(values_[name])) {
                text += name + " = " + value + "\n";
            }
        }
    }
    return text;
}

std::vector<std::string> CommandLine::arguments(const std::vector<std::string>& without) const {
    std::vector<std::string> all;
    for (const auto& group : groups_) {
        for (const auto& option : group->options()) {
            const std::string& name = option->long_name();
            if (name == "help" || name == "print-config" || name == "config" || values_.count(name) == 0 ||
                std::find(without.begin(), without.end(), name) != without.end()) {
                continue;
            }
            for (const std::string& value : texts_of(values_[name])) {
                const bool is_switch = option->semantic()->max_tokens() == 0;
                if (!is_switch || value == "true") {
                    all.push_back("--" + name + (is_switch ? "" : "=" + value));
                }
            }
        }
    }
    return all;
}

po::typed_value<double>* bind(double& field) {
    return po::value(&field)->default_value(field, fmt::format("{}", field));
}

void refuse_word(const std::string& option, const std::string& word, std::span<const std::string> expected) {
    std::string list = expected.front();
    for (std::size_t i = 1; i < expected.size(); ++i) {
        list += (i + 1 < expected.size() ? ", " : " or ") + expected[i];
    }
    throw UserError("--" + option + " " + word + ": expected " + list);
}

void require_writable(const std::string& output, bool overwrite) {
    namespace fs = std::filesystem;
    if (output.empty()) {
        throw UserError("no output named; give one with -o FILE");
    }
    std::error_code ignored;
    if (fs::is_directory(output, ignored)) {
        throw UserError(output + " is a folder; give a file name with -o");
    }
    if (fs::exists(output, ignored) && !overwrite) {
        throw UserError(output + " exists; give another name with -o, or --overwrite to replace it");
    }
    const fs::path folder = fs::absolute(output).parent_path();
    if (!fs::is_directory(folder, ignored)) {
        throw UserError("cannot write " + output + ": there is no folder " + folder.string());
    }
    if (access(folder.c_str(), W_OK) != 0) {
        throw UserError("cannot write " + output + ": folder " + folder.string() + " is not writable");
    }
}

}  // namespace lazynet::cli
