#include "split_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/split_file.hpp"

namespace lazynet::cli {

void add_split_options(CommandLine& line, SplitWords& words) {
    auto add = line.group("Split").add_options();
    add("split", po::value(&words.file),
        "split (lazynet split), or a file of labels: what its fold holds out is kept from training");
    add("fold", po::value(&words.fold), "which fold of the split [the only one]");
}

std::string apply_split(const SplitWords& words, Screen& screen, train::RunOutput& output) {
    if (words.file.empty()) {
        if (!words.fold.empty()) {
            throw UserError("--fold needs --split FILE");
        }
        return "";
    }
    const Split split = io::read_split(words.file, screen);
    const Fold& fold = split.fold(words.fold);
    keep_training_part(split, fold, screen);
    output.split = {split.kind, split.hash(), fold.name};
    const auto perturbed = std::count_if(screen.conditions.begin(), screen.conditions.end(),
                                         [](const Condition& c) { return !c.is_control(); });
    return fmt::format("fold '{}' of {} ({}, {}): {} trained on, {}{} held out", fold.name, words.file, split.kind,
                       split.hash(), counted(perturbed, "condition"), split.kind == "cells" ? "cells of " : "",
                       fold.test.size());
}

}  // namespace lazynet::cli
