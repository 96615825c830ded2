#include "evaluation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lazynet/core/text.hpp"
#include "lazynet/scoring/measure_list.hpp"

namespace lazynet::cli {
namespace {

using scoring::Evaluation;
using scoring::GroupScore;
using scoring::JudgedMethod;
using scoring::Scoreboard;
using scoring::ScoreGroup;

/// A figure in few characters; "-" where there is none.
std::string figure(double value) {
    if (!std::isfinite(value)) {
        return "-";
    }
    const double size = std::abs(value);
    return size >= 1000.0 || (size < 0.001 && size > 1e-6) ? fmt::format("{:.2e}", value)
                                                           : fmt::format("{:.3f}", value);
}

std::string interval(double value, double low, double high) {
    return std::isfinite(value) ? fmt::format("{} [{}, {}]", figure(value), figure(low), figure(high)) : "-";
}

constexpr int kFirst = 34;  // width of the first column
constexpr int kOwn = 25;    // of the predictions with their interval
constexpr int kOther = 13;  // of every other method

std::string header(const Evaluation& evaluation, const std::string& first) {
    std::string line = fmt::format("{:<{}}", first, kFirst);
    for (std::size_t m = 0; m < evaluation.methods.size(); ++m) {
        line += fmt::format(" {:>{}}", evaluation.methods[m].name, m == 0 ? kOwn : kOther);
    }
    return line + "\n";
}

/// One measure, all methods. @param own with its interval
std::string line(const std::string& name, const std::string& own, const std::vector<double>& others) {
    std::string text = fmt::format("{:<{}} {:>{}}", name, kFirst, own, kOwn);
    for (const double value : others) {
        text += fmt::format(" {:>{}}", figure(value), kOther);
    }
    return text + "\n";
}

std::string ratio_line(const std::string& name, const ScoreGroup& group, eval::RatioSummary GroupScore::*field) {
    std::vector<double> others;
    for (std::size_t m = 1; m < group.scores.size(); ++m) {
        others.push_back((group.scores[m].*field).value);
    }
    const eval::RatioSummary& own = group.scores.front().*field;
    return line(name, interval(own.value, own.low, own.high), others);
}

std::string measure_line(const Evaluation& evaluation, const ScoreGroup& group, std::size_t measure) {
    const eval::Measure& about = evaluation.measures[measure];
    std::vector<double> others;
    for (std::size_t m = 1; m < group.scores.size(); ++m) {
        others.push_back(group.scores[m].measures[measure].mean);
    }
    const eval::Summary& own = group.scores.front().measures[measure];
    return line(fmt::format("{} {}", about.higher_is_better ? '+' : '-', about.name),
                interval(own.mean, own.low, own.high), others);
}

std::string score_table(const Evaluation& evaluation, const Scoreboard& board, bool all) {
    const ScoreGroup& group = board.groups.front();
    std::string text = "\n" + header(evaluation, "All conditions (+ more is better)");
    text += ratio_line("- error relative to no change", group, &GroupScore::relative_error);
    text += ratio_line("+ R2 over the training mean", group, &GroupScore::r2_over_mean);
    if (all) {
        for (std::size_t m = 0; m < evaluation.measures.size(); ++m) {
            text += measure_line(evaluation, group, m);
        }
    } else {
        for (const Index m : scoring::headline_measures(evaluation.measures)) {
            text += measure_line(evaluation, group, static_cast<std::size_t>(m));
        }
    }
    if (std::isfinite(group.noise_floor)) {
        text += fmt::format("A perfect prediction would have {} of no change's error: the truth's own sampling noise\n",
                            figure(group.noise_floor));
    }
    return text;
}

std::string group_table(const Evaluation& evaluation, const Scoreboard& board) {
    std::string text = "\n" + header(evaluation, "R2 over the training mean where");
    std::string by;
    for (const ScoreGroup& group : board.groups) {
        if (group.group.by == "all" || group.group.by == "fold") {
            continue;
        }
        if (group.group.by != by) {
            by = group.group.by;
            text += by + "\n";
        }
        text += ratio_line(fmt::format("  {} ({})", group.group.name, group.group.rows.size()), group,
                           &GroupScore::r2_over_mean);
    }
    return by.empty() ? "" : text;
}

std::string coverage_table(const Scoreboard& board) {
    if (board.groups.front().coverage.values() == 0) {
        return "";
    }
    std::string text = fmt::format("\n{:<{}}", "Truth within the predictions' intervals", kFirst + 6);
    for (const int nominal : eval::kNominal) {
        text += fmt::format(" {:>6} %", nominal);
    }
    text += fmt::format(" {:>18}\n", "calibration error");
    for (const ScoreGroup& group : board.groups) {
        if (group.group.by == "fold") {
            continue;
        }
        const std::string name = group.group.by == "all" ? "all conditions" : group.group.by + ": " + group.group.name;
        text += fmt::format("{:<{}}", name, kFirst + 6);
        for (const int nominal : eval::kNominal) {
            text += fmt::format(" {:>6.1f} %", 100.0 * group.coverage.coverage(nominal));
        }
        text += fmt::format(" {:>18.3f}\n", group.coverage.expected_calibration_error());
    }
    return text;
}

/// "covers 12 of 30 conditions, 3 in part; the mean stands for the others".
std::string coverage_words(const JudgedMethod& method) {
    const auto count = [&](eval::Coverage kind) {
        return std::count(method.coverage.begin(), method.coverage.end(), kind);
    };
    const auto none = count(eval::Coverage::none);
    const auto part = count(eval::Coverage::part);
    if (none + part == 0) {
        return "";
    }
    std::string text = fmt::format("; covers {} of {} conditions", count(eval::Coverage::full), method.coverage.size());
    text += part > 0 ? fmt::format(", {} in part", part) : "";
    return text + (none > 0 ? "; the mean stands for the others" : "");
}

std::string method_list(const Evaluation& evaluation) {
    std::string text = "\nMethods\n";
    for (const JudgedMethod& method : evaluation.methods) {
        text += fmt::format("  {:<14}{}{}", method.name, method.definition, coverage_words(method));
        if (!method.penalty.empty()) {
            std::vector<double> sorted = method.penalty;
            std::sort(sorted.begin(), sorted.end());
            text += sorted.size() == 1 ? fmt::format("; penalty {:.3g}", sorted.front())
                                       : fmt::format("; penalties {:.3g} to {:.3g}", sorted.front(), sorted.back());
        }
        text += "\n";
    }
    return text;
}

std::string bullets(const std::string& title, const std::vector<std::string>& lines) {
    std::string text = lines.empty() ? "" : "\n" + title + "\n";
    for (const std::string& one : lines) {
        text += "  " + one + "\n";
    }
    return text;
}

std::string quoted(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) {
        return text;
    }
    std::string result = "\"";
    for (const char c : text) {
        result += c == '"' ? "\"\"" : std::string(1, c);
    }
    return result + "\"";
}

/// Empty where there is none.
std::string number(double value) {
    return std::isfinite(value) ? fmt::format("{:.9g}", value) : "";
}

std::string_view word(eval::Coverage coverage) {
    constexpr std::string_view kWords[] = {"none", "part", "full"};
    return kWords[static_cast<std::size_t>(coverage)];
}

nlohmann::ordered_json finite(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json ratio_json(const eval::RatioSummary& ratio) {
    return {{"value", finite(ratio.value)}, {"low", finite(ratio.low)}, {"high", finite(ratio.high)}};
}

nlohmann::ordered_json group_json(const Evaluation& evaluation, const Scoreboard& board, const ScoreGroup& group) {
    nlohmann::ordered_json json = {
        {"by", group.group.by}, {"name", group.group.name}, {"conditions", group.group.rows.size()}};
    for (std::size_t m = 0; m < group.scores.size(); ++m) {
        const GroupScore& score = group.scores[m];
        nlohmann::ordered_json one = {{"relative_error", ratio_json(score.relative_error)},
                                      {"r2_over_training_mean", ratio_json(score.r2_over_mean)}};
        for (std::size_t k = 0; k < score.measures.size(); ++k) {
            const std::size_t at = group.group.by == "all" ? k : static_cast<std::size_t>(board.shown[k]);
            const eval::Summary& s = score.measures[k];
            one[evaluation.measures[at].name] = {{"conditions", s.rows},
                                                 {"mean", finite(s.mean)},
                                                 {"median", finite(s.median)},
                                                 {"low", finite(s.low)},
                                                 {"high", finite(s.high)}};
        }
        json["methods"][evaluation.methods[m].name] = std::move(one);
    }
    if (group.coverage.values() > 0) {
        for (const int nominal : eval::kNominal) {
            json["coverage"][std::to_string(nominal)] = finite(group.coverage.coverage(nominal));
        }
        json["expected_calibration_error"] = finite(group.coverage.expected_calibration_error());
    }
    return json;
}

}  // namespace

std::string evaluation_text(const Evaluation& evaluation, const Scoreboard& board, bool all) {
    std::string text = fmt::format("{} judged on {}", counted(static_cast<Index>(evaluation.rows.size()), "condition"),
                                   counted(evaluation.genes, "gene"));
    text += evaluation.folds.size() > 1 ? fmt::format(" in {} folds", evaluation.folds.size()) : "";
    if (!evaluation.trained.empty()) {
        const auto [least, most] = std::minmax_element(evaluation.trained.begin(), evaluation.trained.end());
        text += *least == *most ? fmt::format("; baselines learn from {} others\n", *least)
                                : fmt::format("; baselines learn from {} to {} others\n", *least, *most);
    }
    text += score_table(evaluation, board, all) + group_table(evaluation, board) + coverage_table(board);
    text += method_list(evaluation) + bullets("Notes", evaluation.notes);
    text += bullets("Where " + evaluation.methods.front().name + " should not be believed", board.doubts);
    if (board.doubts.empty()) {
        text += "\nNo group of conditions speaks against " + evaluation.methods.front().name + "\n";
    }
    text.pop_back();
    return text;
}

std::string evaluation_csv(const Evaluation& evaluation) {
    std::string text = "method,context,perturbation,fold,known,ground,cells,significant_genes,effect,covered";
    for (const eval::Measure& measure : evaluation.measures) {
        text += "," + measure.name;
    }
    text += "\n";
    for (const JudgedMethod& method : evaluation.methods) {
        for (std::size_t r = 0; r < evaluation.rows.size(); ++r) {
            const scoring::JudgedRow& row = evaluation.rows[r];
            text += fmt::format("{},{},{},{},{},{},{},{},{:.9g},{}", quoted(method.name), quoted(row.context),
                                quoted(row.perturbation), quoted(row.fold), quoted(row.stratum), quoted(row.ground),
                                row.cells, row.significant < 0 ? "" : std::to_string(row.significant), row.effect,
                                method.coverage.empty() ? "full" : word(method.coverage[r]));
            for (std::size_t m = 0; m < evaluation.measures.size(); ++m) {
                text += "," + number(method.values(static_cast<Index>(r), static_cast<Index>(m)));
            }
            text += "\n";
        }
    }
    return text;
}

std::string summary_csv(const Evaluation& evaluation, const Scoreboard& board) {
    std::string text = "by,group,method,measure,higher_is_better,conditions,mean,median,low,high\n";
    for (const ScoreGroup& group : board.groups) {
        for (std::size_t m = 0; m < group.scores.size(); ++m) {
            const GroupScore& score = group.scores[m];
            const std::string start = quoted(group.group.by) + "," + quoted(group.group.name) + "," +
                                      quoted(evaluation.methods[m].name) + ",";
            for (const auto& [name, higher, ratio] : {std::tuple{"relative_error", 0, score.relative_error},
                                                      std::tuple{"r2_over_training_mean", 1, score.r2_over_mean}}) {
                text += fmt::format("{}{},{},{},{},,{},{}\n", start, name, higher, group.group.rows.size(),
                                    number(ratio.value), number(ratio.low), number(ratio.high));
            }
            for (std::size_t k = 0; k < score.measures.size(); ++k) {
                const std::size_t at = group.group.by == "all" ? k : static_cast<std::size_t>(board.shown[k]);
                const eval::Summary& s = score.measures[k];
                text += fmt::format("{}{},{},{},{},{},{},{}\n", start, evaluation.measures[at].name,
                                    evaluation.measures[at].higher_is_better ? 1 : 0, s.rows, number(s.mean),
                                    number(s.median), number(s.low), number(s.high));
            }
        }
    }
    return text;
}

nlohmann::ordered_json evaluation_json(const Evaluation& evaluation, const Scoreboard& board) {
    nlohmann::ordered_json json = {{"conditions", evaluation.rows.size()}, {"genes", evaluation.genes}};
    for (std::size_t f = 0; f < evaluation.folds.size(); ++f) {
        json["folds"].push_back({{"name", evaluation.folds[f]}, {"training_conditions", evaluation.trained[f]}});
    }
    for (const JudgedMethod& method : evaluation.methods) {
        nlohmann::ordered_json one = {{"name", method.name}, {"definition", method.definition}};
        for (const eval::Coverage kind : {eval::Coverage::full, eval::Coverage::part, eval::Coverage::none}) {
            one["covered"][std::string(word(kind))] =
                method.coverage.empty()
                    ? (kind == eval::Coverage::full ? evaluation.rows.size() : 0)
                    : static_cast<std::size_t>(std::count(method.coverage.begin(), method.coverage.end(), kind));
        }
        if (!method.penalty.empty()) {
            one["penalty"] = method.penalty;
        }
        json["methods"].push_back(std::move(one));
    }
    for (const ScoreGroup& group : board.groups) {
        json["groups"].push_back(group_json(evaluation, board, group));
    }
    json["notes"] = evaluation.notes;
    json["doubts"] = board.doubts;
    return json;
}

std::string measure_text() {
    std::string text = "Measures (+ more is better, - less is better)\n";
    for (const eval::Measure& measure : scoring::measure_list()) {
        text += fmt::format("{} {:<44}{}\n", measure.higher_is_better ? '+' : '-', measure.name, measure.definition);
    }
    text.pop_back();
    return text;
}

}  // namespace lazynet::cli
