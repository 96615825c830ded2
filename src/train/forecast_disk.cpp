#include "forecast_disk.hpp"

#include <algorithm>
#include <span>
#include <string>

#include "lazynet/io/anndata_matrices.hpp"
#include "lazynet/prune/schedule.hpp"

namespace lazynet::train {
namespace {

constexpr double kFloat = sizeof(float);
constexpr double kDouble = sizeof(double);
/// Headers of some 150 objects of the file and the texts about the run.
constexpr double kObjects = 1.5e5;
/// A string in a file takes so much besides its characters: a reference, a header, padding.
constexpr double kString = 36.0;
/// Four numbers of an edge as text, and what separates them.
constexpr double kEdgeNumbers = 32.0;
/// Compressed edge lists as a share of the text.
constexpr double kCompressed = 0.45;

/// Steps that are kept, and what they hold of a shard in training, in units of its parameters: these, two moments, the
/// best state and, as much at most, what is left of a mask or a history.
constexpr double kSteps = 2.0;
constexpr double kStates = 5.0;

double characters(std::span<const std::string> names) {
    double sum = 0.0;
    for (const std::string& name : names) {
        sum += static_cast<double>(name.size());
    }
    return sum;
}

double dense(double rows, double columns) {
    return static_cast<double>(io::dense_bytes(static_cast<Index>(rows), static_cast<Index>(columns)));
}

double condition_bytes(const Screen& screen) {
    double bytes = 0.0;
    for (const Condition& c : screen.conditions) {
        const auto context = static_cast<double>(screen.contexts[static_cast<std::size_t>(c.context)].size() + 1);
        bytes += 2 * (static_cast<double>(c.perturbation.size()) + kString) + 8 * kDouble +
                 (screen.contexts.size() > 1 ? context : 0.0);
    }
    return bytes;
}

/// Lines of the history of training: a shard in closed form has one, others as many as looks at validation values.
double history_lines(const ForecastSizes& s, const TrainConfig& config) {
    const auto epochs = static_cast<double>(config.epochs);
    return s.shards * (s.closed ? 1.0 : s.cell_pairs ? epochs : epochs / 5);
}

/// Model inputs, layers, slopes and support, and the coordinates of genes.
double model_file_bytes(const ForecastSizes& s) {
    const double layers = dense(s.shards * (s.inputs + 1), s.hidden) + dense(s.replicas * s.genes, s.hidden + 1);
    const double inputs = (2 * kDouble) * s.inputs + kDouble * (s.genes + s.unmeasured);
    const double embedding = s.embedded > 0 ? dense(s.placed, s.embedded) + s.placed * (kString + 8) : 0.0;
    return layers + inputs + embedding + dense(s.shards, s.inputs) + dense(s.shards, s.hidden);
}

}  // namespace

double results_bytes(const ForecastSizes& s, const TrainConfig& config, const Screen& screen) {
    const double kept = std::min(static_cast<double>(config.top), s.columns);
    const double entry = s.genes * kept > 2147483647.0 ? 12 : 8;
    double consensus = 0.0;
    if (config.store == Store::full) {
        consensus = 4 * dense(s.genes, s.genes);
    } else if (config.store == Store::top) {
        consensus = 4 * s.genes * (entry * kept + kDouble);
    }
    if (config.store != Store::none) {
        consensus += 4 * dense(s.genes, s.unmeasured);
    }
    const double genes = s.genes * (kString + 5 * kDouble) + characters(screen.genes) +
                         (kString + kDouble) * s.unmeasured + characters(screen.unmeasured);
    const double contexts = s.closed && s.contexts > 1 ? kDouble * s.contexts * s.genes : 0.0;
    const auto rounds = static_cast<double>(prune::Schedule(config.prune, config.epochs).rounds().size());
    const double history = history_lines(s, config) * (kString + 6 + 7 * kDouble);
    return 3 * dense(s.conditions, s.genes) + consensus + model_file_bytes(s) + genes + condition_bytes(screen) +
           contexts + history + 2 * rounds * s.replicas * (kString + 6 * kDouble) + kObjects;
}

double edge_list_bytes(const ForecastSizes& s, const RunOutput& output, const Screen& screen) {
    if (output.edges.empty()) {
        return 0.0;
    }
    const double all = s.genes * s.columns;
    const double listed = output.edges_top == 0 ? all : std::min(all, static_cast<double>(output.edges_top));
    const double target = characters(screen.genes) / std::max(s.genes, 1.0);
    const double regulator =
        (characters(screen.genes) + characters(screen.unmeasured)) / std::max(s.genes + s.unmeasured, 1.0);
    const double text = listed * (target + regulator + kEdgeNumbers);
    return output.edges.ends_with(".gz") ? kCompressed * text : text;
}

double checkpoint_bytes(const ForecastSizes& s) {
    const double table = 2 * kFloat * s.conditions * s.genes;
    const double at_once = s.closed ? 0.0 : s.rounds ? s.shards : s.ranks * std::max(1.0, s.side_by_side);
    const double done = s.rounds ? 0.0 : s.shards;
    return table + s.model() * (done + kSteps * kStates * std::min(at_once, s.shards));
}

}  // namespace lazynet::train
