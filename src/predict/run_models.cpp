#include "lazynet/predict/run_models.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "lazynet/core/error.hpp"
#include "lazynet/train/plan.hpp"

namespace lazynet::predict {

std::string Request::label() const {
    return fmt::format("{}", fmt::join(genes, "+"));
}

std::string_view name_of(Ground ground) {
    switch (ground) {
        case Ground::trained:
            return "trained";
        case Ground::combination:
            return "combination";
        case Ground::partly:
            return "partly";
        case Ground::embedded:
            return "embedded";
        case Ground::unknown:
            return "unknown";
    }
    throw InternalError("a ground without a name");
}

Index Perturbation::trained_members() const {
    return std::count_if(genes.begin(), genes.end(), [](const PerturbedGene& g) { return g.is_trained; });
}

RunModels::RunModels(const std::string& path) : facts_(io::read_model_facts(path)) {
    const io::ModelFile file(path);
    names_ = facts_.genes;
    names_.insert(names_.end(), facts_.unmeasured.begin(), facts_.unmeasured.end());
    std::unordered_map<std::string, Index> place;
    for (std::size_t k = 0; k < names_.size(); ++k) {
        place.emplace(names_[k], static_cast<Index>(k));
    }
    embedded_of_.assign(names_.size(), -1);
    for (std::size_t e = 0; e < facts_.embedding.names.size(); ++e) {
        const auto [at, is_new] = place.emplace(facts_.embedding.names[e], static_cast<Index>(names_.size()));
        if (is_new) {
            names_.push_back(facts_.embedding.names[e]);
            embedded_of_.push_back(-1);
        }
        const auto row = facts_.embedding.values.row(static_cast<Index>(e));
        if (row != facts_.embedding_default.transpose()) {
            embedded_of_[static_cast<std::size_t>(at->second)] = static_cast<Index>(e);
        }
    }
    input_of_.assign(names_.size(), -1);
    for (auto k = static_cast<std::size_t>(facts_.state_inputs); k < facts_.inputs.size(); ++k) {
        input_of_[static_cast<std::size_t>(facts_.inputs[k])] = static_cast<Index>(k) - facts_.state_inputs;
    }
    index_.emplace(names_);
    load(file);
}

void RunModels::load(const io::ModelFile& file) {
    const auto genes = static_cast<Index>(facts_.genes.size());
    const auto inputs = static_cast<Index>(facts_.inputs.size());
    replicas_ = genes > 0 ? file.output_rows() / genes : 0;
    if (replicas_ == 0 || file.output_rows() != replicas_ * genes || file.shards() % replicas_ != 0 ||
        file.inputs() != inputs + facts_.embedding.dimensions() || facts_.hidden_sums > file.hidden()) {
        throw UserError(file.path() + ": the shapes of uns/lazynet/model do not fit its genes, inputs and embedding");
    }
    shape_ = {inputs - facts_.state_inputs, facts_.hidden_sums, file.hidden() - facts_.hidden_sums, 0, facts_.u_max};
    trained_inputs_.assign(static_cast<std::size_t>(shape_.inputs), false);
    const train::Plan plan(genes, file.shards() / replicas_, replicas_, 1);
    blocks_.resize(static_cast<std::size_t>(plan.blocks()));
    for (Index s = 0; s < plan.shards(); ++s) {
        const train::ShardId id = plan.shard(s);
        const Index row = id.replica * genes;
        BlockModels& block = blocks_[static_cast<std::size_t>(id.block)];
        block.genes = id.genes;
        block.replicas.push_back(load_replica(file, s, {row + id.genes.begin, row + id.genes.end}));
    }
}

ReplicaModel RunModels::load_replica(const io::ModelFile& file, Index shard, Range c_rows) {
    const Index first = facts_.state_inputs;
    const Index embedding = first + shape_.inputs;
    ReplicaModel model;
    const Matrix a = file.a(shard, {first, file.inputs() + 1});
    model.inputs = a.topRows(shape_.inputs);
    model.embedding = a.middleRows(shape_.inputs, file.inputs() - embedding);
    model.biases = a.bottomRows(1);
    model.c = file.c(c_rows);
    const std::vector<float> support = file.support(shard);
    Eigen::RowVectorXf mean = Eigen::RowVectorXf::Zero(shape_.hidden());
    float count = 0.0f;
    Index unsupported = -1;
    for (Index k = 0; k < shape_.inputs; ++k) {
        if (support[static_cast<std::size_t>(first + k)] > 0.0f) {
            trained_inputs_[static_cast<std::size_t>(k)] = true;
            mean += model.inputs.row(k);
            ++count;
        } else {
            unsupported = k;
        }
    }
    model.unseen = mean / std::max(count, 1.0f);
    if (facts_.embedding.dimensions() > 0) {
        model.unseen.setZero();
        return model;
    }
    if (first > 0) {  // cell pairs: rows of inputs that this replica never saw were left at zero
        for (Index k = 0; k < shape_.inputs; ++k) {
            if (support[static_cast<std::size_t>(first + k)] == 0.0f) {
                model.inputs.row(k) = model.unseen;
            }
        }
    } else if (unsupported >= 0) {  // as training filled them in
        model.unseen = model.inputs.row(unsupported);
    }
    return model;
}

bool RunModels::is_linear() const {
    for (const BlockModels& block : blocks_) {
        for (const ReplicaModel& model : block.replicas) {
            if ((model.c.middleCols(shape_.sums, shape_.products).array() != 0.0f).any()) {
                return false;
            }
        }
    }
    return true;
}

double RunModels::bytes() const {
    Index floats = facts_.embedding.values.size();
    for (const BlockModels& block : blocks_) {
        for (const ReplicaModel& model : block.replicas) {
            floats += model.inputs.size() + model.embedding.size() + model.c.size() + 2 * shape_.hidden();
        }
    }
    return static_cast<double>(floats) * sizeof(float);
}

Eigen::RowVectorXf RunModels::coordinates(const PerturbedGene& gene) const {
    return gene.embedded >= 0 ? Eigen::RowVectorXf(facts_.embedding.values.row(gene.embedded))
                              : Eigen::RowVectorXf(facts_.embedding_default.transpose());
}

std::optional<std::string> RunModels::spelling(const std::string& name) const {
    const auto at = index_->find(name);
    return at ? std::optional(names_[static_cast<std::size_t>(*at)]) : std::nullopt;
}

PerturbedGene RunModels::resolve(const std::string& name, std::optional<double> shift) const {
    PerturbedGene gene;
    gene.name = name;
    gene.shift = shift.value_or(facts_.mean_shift);
    double own = facts_.mean_shift;
    double scale = std::abs(own);
    if (const auto at = index_->find(name)) {
        const auto k = static_cast<std::size_t>(*at);
        gene.is_named = true;
        gene.name = names_[k];
        gene.output = *at < static_cast<Index>(facts_.genes.size()) ? *at : -1;
        gene.input = input_of_[k];
        gene.embedded = embedded_of_[k];
        if (gene.input >= 0) {
            gene.is_trained = trained_inputs_[static_cast<std::size_t>(gene.input)];
            scale = static_cast<double>(facts_.scale[static_cast<std::size_t>(facts_.state_inputs + gene.input)]);
            own = facts_.shift[k];
            if (gene.output >= 0 || !shift) {
                gene.shift = own;
            }
        }
    }
    gene.value = static_cast<float>(gene.shift / (scale > 0.0 ? scale : 1.0));
    gene.strength = own != 0.0 ? static_cast<float>(gene.shift / own) : 1.0f;
    return gene;
}

Ground RunModels::ground_of(const Perturbation& p) const {
    if (std::binary_search(facts_.trained.begin(), facts_.trained.end(), p.label)) {
        return Ground::trained;
    }
    const auto known = [](const PerturbedGene& g) { return g.is_known(); };
    if (std::none_of(p.genes.begin(), p.genes.end(), known)) {
        return Ground::unknown;
    }
    const bool all = p.trained_members() == static_cast<Index>(p.genes.size());
    if (all) {  // also a single gene that was only seen together with others
        return Ground::combination;
    }
    return p.genes.size() == 1 ? Ground::embedded : Ground::partly;
}

Perturbation RunModels::resolve(const Request& request, std::optional<double> shift) const {
    Perturbation p;
    for (const std::string& name : request.genes) {
        p.genes.push_back(resolve(name, shift));
    }
    const auto by_name = [](const PerturbedGene& a, const PerturbedGene& b) { return a.name < b.name; };
    std::sort(p.genes.begin(), p.genes.end(), by_name);
    const auto same = [](const PerturbedGene& a, const PerturbedGene& b) { return a.name == b.name; };
    p.genes.erase(std::unique(p.genes.begin(), p.genes.end(), same), p.genes.end());
    for (const PerturbedGene& gene : p.genes) {
        p.label += (p.label.empty() ? "" : "+") + gene.name;
    }
    p.ground = ground_of(p);
    return p;
}

io::CalibrationRow RunModels::calibration(Ground ground) const {
    for (int g = static_cast<int>(ground); g >= 0; --g) {  // none for this ground: the next one that is better known
        for (const io::CalibrationRow& row : facts_.calibration) {
            if (row.ground == name_of(static_cast<Ground>(g))) {
                return row;
            }
        }
    }
    return {std::string(name_of(ground)), 1.0, 0.0};
}

}  // namespace lazynet::predict
