#include "predict_task.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>

#include "gene_names.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/io/split_file.hpp"
#include "lazynet/io/text_file.hpp"
#include "shift_option.hpp"

namespace lazynet::cli {
namespace {

using predict::Request;

constexpr const char* kAllOf = "all-of";

std::string trimmed(std::string text) {
    text.erase(0, std::min(text.find_first_not_of(" \t\r"), text.size()));
    text.erase(text.find_last_not_of(" \t\r") + 1);
    return text;
}

/// Without what follows a '#' that starts the line or a word.
std::string without_comment(const std::string& line) {
    for (auto at = line.find('#'); at != std::string::npos; at = line.find('#', at + 1)) {
        if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') {
            return line.substr(0, at);
        }
    }
    return line;
}

/// One label per line.
std::vector<std::string> lines_of(const std::string& path) {
    io::TextFile file(path);
    std::vector<std::string> labels;
    for (std::string_view line; file.next(line);) {
        const std::string label = trimmed(without_comment(std::string(line)));
        if (!label.empty()) {
            labels.push_back(label);
        }
    }
    return labels;
}

bool looks_like_file(const std::string& text) {
    return text.find('/') != std::string::npos || text.ends_with(".txt") || text.ends_with(".tsv") ||
           text.ends_with(".csv") || text.ends_with(".gz");
}

/// Labels of an option: standard input, a file with one per line, or a list with commas.
std::vector<std::string> labels_of(const std::string& option, const std::string& list) {
    std::error_code ignored;
    std::vector<std::string> labels;
    if (list == "-") {
        labels = lines_of("/dev/stdin");
    } else if (std::filesystem::is_regular_file(list, ignored) || std::filesystem::is_fifo(list, ignored)) {
        labels = lines_of(list);
    } else if (looks_like_file(list)) {
        throw UserError(option + " " + list + ": there is no such file");
    } else {
        io::split_fields(list, ',', labels);
        for (std::string& label : labels) {
            label = trimmed(label);
        }
        std::erase(labels, "");
    }
    if (labels.empty()) {
        throw UserError(option + " " + list + ": there is no label in it");
    }
    return labels;
}

/// "A B", "A,B" and "A<tab>B" as "A+B".
std::string pair_label(const std::string& text) {
    if (text.find('+') != std::string::npos) {
        return text;
    }
    std::string label = text;
    const auto at = label.find_first_of(" \t,");
    if (at == std::string::npos) {
        return label;
    }
    const auto next = label.find_first_not_of(" \t,", at);
    return label.substr(0, at) + "+" + label.substr(next);
}

std::vector<std::string> pair_labels(const std::vector<std::string>& words) {
    std::vector<std::string> labels;
    for (const std::string& word : words) {
        for (const std::string& text : labels_of("--combinations", word)) {
            labels.push_back(pair_label(text));
        }
    }
    return labels;
}

std::vector<std::string> combined_genes(const std::vector<std::string>& words) {
    std::vector<std::string> genes;
    for (std::size_t k = 1; k < words.size(); ++k) {
        const auto more = labels_of("--combinations all-of", words[k]);
        genes.insert(genes.end(), more.begin(), more.end());
    }
    return genes;
}

/// The root's texts, on every rank.
std::vector<std::string> share(const mpi::Communicator& world, const std::vector<std::string>& texts) {
    std::istringstream lines(world.broadcast(fmt::format("{}", fmt::join(texts, "\n"))));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) {
        all.push_back(line);
    }
    return all;
}

std::vector<Index> chosen_contexts(const predict::RunModels& models, const std::string& wanted) {
    const auto& contexts = models.facts().contexts;
    std::vector<Index> chosen(contexts.size());
    std::iota(chosen.begin(), chosen.end(), Index{0});
    if (wanted.empty()) {
        return chosen;
    }
    chosen.clear();
    const NameIndex index(contexts);
    for (const std::string& name : names_of(wanted)) {
        const auto at = index.find(name);
        if (!at) {
            throw UserError(fmt::format("--contexts: {} has no context '{}'; it has {}", models.facts().path, name,
                                        fmt::join(contexts, ", ")));
        }
        chosen.push_back(*at);
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    if (chosen.empty()) {
        throw UserError("--contexts names none");
    }
    return chosen;
}

/// Turns what was typed into a task, all ranks alike.
class Maker {
public:
    Maker(const predict::RunModels& models, const PredictOptions& options, bool writes_rows)
        : models_(models),
          options_(options),
          writes_rows_(writes_rows),
          shift_(given_shift(options.knockdown, options.activation)),
          contexts_(chosen_contexts(models, options.contexts)) {}

    PredictTask operator()(const std::vector<std::string>& labels) {
        if (!options_.split.empty()) {
            ask_fold();
            return std::move(task_);
        }
        if (options_.all_genes) {
            for (const std::string& gene : models_.genes()) {
                ask({{gene}});
            }
            return std::move(task_);
        }
        task_.list = read_requests(models_, labels);
        if (options_.combinations.empty()) {
            for (const Request& request : task_.list.requests) {
                ask(request);
            }
        } else if (options_.combinations[0] == kAllOf) {
            combine_all();
        } else {
            combine_listed();
        }
        return std::move(task_);
    }

private:
    void ask(const Request& request) { task_.asked.push_back({models_.resolve(request, shift_), contexts_}); }

    /// The test conditions of a fold, each in its own contexts.
    void ask_fold() {
        const Split split = io::read_split(options_.split);
        const Fold& fold = split.fold(options_.fold);
        task_.fold = fold.name;
        task_.split_hash = split.kind == "custom" ? "" : split.hash();
        predict::FoldRequests requests = predict::requests_of(fold, models_, contexts_, shift_);
        task_.asked = std::move(requests.asked);
        task_.left_out = requests.left_out;
        if (task_.asked.empty()) {
            throw UserError(fmt::format("{}: {} has none of the contexts of fold '{}'", options_.split,
                                        models_.facts().path, fold.name));
        }
    }

    Index add_gene(const std::string& name) {
        const auto [at, is_new] = place_.emplace(name, static_cast<Index>(task_.genes.size()));
        if (is_new) {
            task_.genes.push_back(models_.resolve(Request{{name}}, shift_).genes[0]);
        }
        return at->second;
    }

    void combine_all() {
        for (const Request& request : task_.list.requests) {
            if (request.genes.size() != 1) {
                throw UserError("--combinations all-of: name single genes, not '" + request.label() + "'");
            }
            add_gene(request.genes[0]);
        }
        if (task_.genes.size() < 2) {
            throw UserError("--combinations all-of: name at least two genes");
        }
        task_.pairs = predict::PairList::all_of(static_cast<Index>(task_.genes.size()));
        if (writes_rows_) {
            for (const auto& [a, b] : task_.pairs->part({0, task_.pairs->size()})) {
                ask({{task_.genes[static_cast<std::size_t>(a)].name, task_.genes[static_cast<std::size_t>(b)].name}});
            }
        }
    }

    void combine_listed() {
        std::vector<std::pair<Index, Index>> pairs;
        for (const Request& request : task_.list.requests) {
            if (request.genes.size() == 2) {
                const Index first = add_gene(request.genes[0]);
                pairs.emplace_back(first, add_gene(request.genes[1]));
            } else if (request.genes.size() < 2 || !options_.interactions.empty()) {
                throw UserError("--combinations: '" + request.label() +
                                "' is not a pair; write two genes per line, like A+B");
            }
            ask(request);
        }
        if (task_.list.requests.empty()) {
            throw UserError("--combinations names no pair");
        }
        task_.pairs.emplace(std::move(pairs));
    }

    const predict::RunModels& models_;
    const PredictOptions& options_;
    bool writes_rows_;
    std::optional<double> shift_;
    std::vector<Index> contexts_;
    PredictTask task_;
    std::map<std::string, Index> place_;
};

}  // namespace

void validate(const PredictOptions& options, const std::string& output, const std::string& json) {
    if (options.input.empty()) {
        throw UserError("no run named; usage: lazynet predict RUN.h5ad --perturbations A,B,A+B -o PREDICTIONS.h5ad");
    }
    const int asked = (options.perturbations.empty() ? 0 : 1) + (options.combinations.empty() ? 0 : 1) +
                      (options.all_genes ? 1 : 0) + (options.split.empty() ? 0 : 1);
    if (asked != 1) {
        throw UserError(fmt::format(
            "say what to predict, {}: --perturbations LIST, --all-genes, --combinations PAIRS or --split FILE",
            asked == 0 ? "by one of these" : "by only one of these"));
    }
    if (options.split.empty() && !options.fold.empty()) {
        throw UserError("--fold needs --split FILE");
    }
    if (options.combinations.empty() && !options.interactions.empty()) {
        throw UserError("--interactions is for --combinations");
    }
    if (options.combinations.size() == 1 && options.combinations[0] == kAllOf) {
        throw UserError("--combinations all-of: name the genes behind it, or a file with one per line");
    }
    if (options.top < 0 || options.interactions_top < 1) {
        throw UserError("--top must not be negative, --interactions-top at least 1");
    }
    if (output.empty() && json.empty() && options.changes.empty() && options.interactions.empty() && options.top == 0) {
        throw UserError(
            "nothing to write; name predictions with -o FILE.h5ad, or see --changes, --interactions, --top");
    }
    (void)given_shift(options.knockdown, options.activation);
}

PredictTask make_task(const mpi::Communicator& world, const predict::RunModels& models, const PredictOptions& options,
                      bool writes_rows) {
    std::vector<std::string> labels;
    world.on_root([&] {
        if (options.all_genes || !options.split.empty()) {
            return;
        }
        if (options.combinations.empty()) {
            labels = labels_of("--perturbations", options.perturbations);
        } else if (options.combinations[0] == kAllOf) {
            labels = combined_genes(options.combinations);
        } else {
            labels = pair_labels(options.combinations);
        }
    });
    labels = share(world, labels);
    PredictTask task;
    world.together([&] { task = Maker(models, options, writes_rows)(labels); });
    return task;
}

}  // namespace lazynet::cli
