#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::cli {

namespace po = boost::program_options;

/// Options that mean the same in every command.
struct CommonOptions {
    std::string output;
    std::string json;
    std::string config;
    std::uint64_t seed = 0;
    bool overwrite = false;
    bool dry_run = false;
    bool print_config = false;
    bool quiet = false;
    bool verbose = false;
    [[nodiscard]] Log log(const mpi::Communicator& world) const;
};

/// Binds one command's options to fields of plain structs. Collective use: every rank parses the same line.
///
///     CommandLine line("train", "SCREEN.h5ad -o RUN.h5ad [options]", "Trains an ensemble ...", &common);
///     line.group("Model").add_options()("replicas", po::value(&config.replicas)->default_value(5), "...");
///     line.positional("input", &inputs, 1);
///     if (!line.parse(world, args)) return 0;   // --help or --print-config was asked and printed
class CommandLine {
public:
    CommandLine(std::string command, std::string synopsis, std::string summary, CommonOptions* common);

    po::options_description& group(const std::string& caption);
    /// Arguments without a name; `most` < 0: any number.
    void positional(const std::string& name, std::vector<std::string>* values, int most);
    /// Lines as in a config file that count where neither the command line nor --config says anything; options it does
    /// not know are passed over. Asked after the command line has been read. May throw UserError.
    void fall_back_on(std::function<std::string(const po::variables_map&)> lines) { fallback_ = std::move(lines); }
    /// False when the user asked for --help or --print-config, which root then has printed.
    /// @throws AgreedError with the reason and a pointer to --help; also when --json cannot be written
    bool parse(const mpi::Communicator& world, std::span<const std::string> args);
    /// Instead of parse: the defaults alone, as from an empty command line.
    void take_defaults() { read({}); }
    [[nodiscard]] const po::variables_map& values() const { return values_; }
    /// Every option with its resolved value, `name = value` lines that --config reads back.
    [[nodiscard]] std::string resolved() const;
    /// The same as arguments of another command line, without the options named.
    [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& without) const;

private:
    void read(std::span<const std::string> args);
    [[nodiscard]] std::string help() const;

    std::string command_;
    std::string synopsis_;
    std::string summary_;
    std::vector<std::unique_ptr<po::options_description>> groups_;
    po::options_description hidden_;
    po::positional_options_description positional_;
    po::variables_map values_;
    std::function<std::string(const po::variables_map&)> fallback_;
    bool help_ = false;
    CommonOptions* common_;
};

/// An option whose default is what the field holds.
template <typename T>
auto bind(T& field) {
    return po::value(&field)->default_value(field);
}
/// Numbers that print as they were typed: without this 0.1 would appear as 0.10000000000000001.
po::typed_value<double>* bind(double& field);

/// A word that an option takes, and what it means.
template <typename T>
struct Choice {
    std::string word;
    T value;
};
/// Throws UserError: "--<option> <word>: expected a, b or c".
[[noreturn]] void refuse_word(const std::string& option, const std::string& word,
                              std::span<const std::string> expected);
/// What `word` means. @throws UserError naming the option and all choices
template <typename T>
T choose(const std::string& option, const std::string& word, const std::vector<Choice<T>>& choices) {
    std::vector<std::string> words;
    for (const Choice<T>& choice : choices) {
        if (choice.word == word) {
            return choice.value;
        }
        words.push_back(choice.word);
    }
    refuse_word(option, word, words);
}

/// Refuses an output that exists (without --overwrite) or whose folder is missing or not writable.
/// @throws UserError; call inside Communicator::together
void require_writable(const std::string& output, bool overwrite);

}  // namespace lazynet::cli
