#include "lazynet/io/model_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "lazynet/core/error.hpp"
#include "lazynet/io/h5.hpp"
#include "lazynet/io/h5_table.hpp"
#include "lazynet/io/number_dataset.hpp"
#include "lazynet/io/run_file.hpp"

namespace lazynet::io {
namespace {

const std::string kOwn = "uns/lazynet/";
const std::string kModel = "uns/lazynet/model/";

/// Elements of one file.
class Elements {
public:
    explicit Elements(const std::string& path) : path_(path), file_(open_for_reading(path)) {}

    [[nodiscard]] hid_t file() const { return file_; }

    [[nodiscard]] bool has(const std::string& where) const {
        for (auto slash = where.find('/'); slash != std::string::npos; slash = where.find('/', slash + 1)) {
            if (!has_link(file_, where.substr(0, slash))) {
                return false;
            }
        }
        return has_link(file_, where);
    }

    template <typename T>
    [[nodiscard]] std::vector<T> array(const std::string& where, std::size_t expected) const {
        require(where);
        const Handle dataset = open_dataset(file_, where);
        const auto shape = dataset_shape(dataset);
        if (shape.size() != 1 || shape[0] != expected) {
            throw UserError(
                fmt::format("{}: {} does not have {} elements; the file is damaged", path_, where, expected));
        }
        std::vector<T> values(expected);
        read_slice(dataset, {0, static_cast<Index>(expected)}, values);
        return values;
    }

    [[nodiscard]] std::size_t length(const std::string& where) const {
        require(where);
        const auto shape = dataset_shape(open_dataset(file_, where));
        return shape.empty() ? 0 : shape[0];
    }

    [[nodiscard]] double number(const std::string& where) const {
        require(where);
        double value = 0.0;
        io::require(H5Dread(open_dataset(file_, where), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value),
                    "read " + path_ + ": " + where);
        return value;
    }

    /// Some rows of a matrix of a known width.
    [[nodiscard]] Matrix rows(const std::string& where, Range range, Index columns) const {
        NumberDataset dataset(path_, file_, where);
        if (dataset.shape().size() != 2 || static_cast<Index>(dataset.shape()[1]) != columns ||
            static_cast<Index>(dataset.shape()[0]) < range.end) {
            throw UserError(fmt::format("{} is not a matrix of {} columns and at least {} rows; the file is damaged",
                                        dataset.where(), columns, range.end));
        }
        Matrix values(range.size(), columns);
        dataset.read(range, std::span(values.data(), static_cast<std::size_t>(values.size())));
        return values;
    }

    [[nodiscard]] Index matrix_rows(const std::string& where) const {
        const NumberDataset dataset(path_, file_, where);
        return static_cast<Index>(dataset.shape()[0]);
    }

    void require(const std::string& where) const {
        if (!has(where)) {
            throw UserError(
                fmt::format("{}: there is no {}; is this a run.h5ad of `lazynet train` on a screen?", path_, where));
        }
    }

private:
    std::string path_;
    Handle file_;
};

/// Which conditions some replica trained on: those with a fitted error.
std::vector<bool> fitted_rows(const H5Table& obs) {
    std::vector<bool> fitted(static_cast<std::size_t>(obs.rows()), true);
    if (obs.has("mse_fitted")) {
        const Column errors = obs.read("mse_fitted");
        for (std::size_t r = 0; r < errors.numbers.size(); ++r) {
            fitted[r] = !std::isnan(errors.numbers[r]);
        }
    }
    return fitted;
}

/// Conditions: which were trained on, and the controls' rows of X.
void read_conditions(const Elements& elements, ModelFacts& facts) {
    elements.require("X");
    const H5Table obs(facts.path, elements.file(), "obs", elements.matrix_rows("X"));
    const Column split = as_labels(obs.read("split"));
    const Column context = as_labels(obs.read("context"));
    const Column perturbation = as_labels(obs.read("perturbation"));
    const std::vector<bool> fitted = fitted_rows(obs);
    std::map<std::string, Index> controls;
    for (Index r = 0; r < obs.rows(); ++r) {
        if (text_at(split, r) == "control") {
            const std::string name = text_at(context, r);
            if (controls.emplace(name, r).second) {
                facts.contexts.push_back(name);
            }
        } else if (fitted[static_cast<std::size_t>(r)]) {
            facts.trained.push_back(text_at(perturbation, r));
        }
    }
    std::sort(facts.trained.begin(), facts.trained.end());
    facts.trained.erase(std::unique(facts.trained.begin(), facts.trained.end()), facts.trained.end());
    if (facts.contexts.empty()) {
        throw UserError(facts.path +
                        ": no row of obs has the split 'control', so nothing says where predictions start");
    }
    const auto genes = static_cast<Index>(facts.genes.size());
    facts.control.resize(static_cast<Index>(facts.contexts.size()), genes);
    for (std::size_t c = 0; c < facts.contexts.size(); ++c) {
        const Index r = controls.at(facts.contexts[c]);
        facts.control.row(static_cast<Index>(c)) = elements.rows("X", {r, r + 1}, genes);
    }
}

void read_inputs(const Elements& elements, ModelFacts& facts) {
    const std::size_t inputs = elements.length(kModel + "inputs");
    facts.inputs = elements.array<std::int64_t>(kModel + "inputs", inputs);
    facts.scale = elements.array<float>(kModel + "input_scale", inputs);
    facts.shift = elements.array<double>(kModel + "shift", static_cast<std::size_t>(facts.regulators()));
    facts.state_inputs = static_cast<Index>(elements.number(kModel + "state_inputs"));
    facts.hidden_sums = static_cast<Index>(elements.number(kModel + "hidden_sums"));
    facts.u_max = static_cast<float>(elements.number(kModel + "u_max"));
    facts.mean_shift = elements.number(kOwn + "mean_shift");
    for (const std::int64_t j : facts.inputs) {
        if (j < 0 || j >= facts.regulators()) {
            throw UserError(fmt::format("{}: {}inputs names regulator {}, but there are {}; the file is damaged",
                                        facts.path, kModel, j, facts.regulators()));
        }
    }
}

void read_embedding(const Elements& elements, ModelFacts& facts) {
    if (!elements.has(kModel + "embedding_names")) {
        return;
    }
    facts.embedding.names = read_strings(open_dataset(elements.file(), kModel + "embedding_names"));
    const auto dimensions = elements.length(kModel + "embedding_default");
    facts.embedding_default.resize(static_cast<Index>(dimensions));
    const auto fallback = elements.array<float>(kModel + "embedding_default", dimensions);
    std::copy(fallback.begin(), fallback.end(), facts.embedding_default.data());
    facts.embedding.values =
        elements.rows(kModel + "embedding_values", {0, static_cast<Index>(facts.embedding.names.size())},
                      static_cast<Index>(dimensions));
}

void read_context_effects(const Elements& elements, ModelFacts& facts) {
    const std::string where = kModel + "context_effect";
    if (!elements.has(where)) {
        return;
    }
    const auto effects = elements.array<float>(where, static_cast<std::size_t>(facts.control.size()));
    facts.context_effect = Eigen::Map<const Matrix>(effects.data(), facts.control.rows(), facts.control.cols());
}

void read_calibration(const Elements& elements, ModelFacts& facts) {
    const std::string where = kOwn + "calibration";
    if (!elements.has(where)) {
        return;
    }
    elements.require("var/residual_sd");
    facts.residual = elements.array<float>("var/residual_sd", facts.genes.size());
    const H5Table table(facts.path, elements.file(), where, static_cast<Index>(elements.length(where + "/ensemble")));
    const Column ground = as_labels(table.read("ground"));
    const Column ensemble = table.read("ensemble");
    const Column residual = table.read("residual");
    for (Index r = 0; r < table.rows(); ++r) {
        const auto at = static_cast<std::size_t>(r);
        facts.calibration.push_back({text_at(ground, r), ensemble.numbers[at], residual.numbers[at]});
    }
}

}  // namespace

ModelFacts read_model_facts(const std::string& path) {
    ModelFacts facts;
    facts.path = path;
    const RunFile run(path);
    facts.genes = run.genes();
    facts.unmeasured = run.unmeasured();
    facts.options = run.text(kOwn + "options").value_or("");
    facts.screen = run.text(kOwn + "screen").value_or("");
    facts.fingerprint = run.text(kOwn + "screen_fingerprint").value_or("");
    facts.is_signed = run.text(kOwn + "values").value_or("") == "as given";
    const Elements elements(path);
    if (elements.has(kOwn + "split/hash")) {
        facts.split_hash = run.text(kOwn + "split/hash").value_or("");
        facts.split_fold = run.text(kOwn + "split/fold").value_or("");
    }
    read_inputs(elements, facts);
    read_conditions(elements, facts);
    read_context_effects(elements, facts);
    read_embedding(elements, facts);
    read_calibration(elements, facts);
    return facts;
}

}  // namespace lazynet::io
