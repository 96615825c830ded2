#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/data/name_index.hpp"
#include "lazynet/io/model_facts.hpp"
#include "lazynet/io/model_file.hpp"
#include "lazynet/model/lazynet.hpp"

namespace lazynet::predict {

/// What was asked for: genes perturbed together.
struct Request {
    std::vector<std::string> genes;           ///< sorted, each once
    [[nodiscard]] std::string label() const;  ///< genes joined by '+'
};

/// How much a prediction can lean on: where its sd was calibrated, and what the report warns about.
enum class Ground {
    trained,      ///< this very perturbation was trained on, in some context
    combination,  ///< not trained on as it is, but all its members were, alone or with others
    partly,       ///< a combination of which some member was never trained on
    embedded,     ///< a gene never trained on, but an embedding knows it
    unknown       ///< nothing is known of the gene (of any member): it acts like the mean perturbation
};
constexpr Ground kGrounds[] = {Ground::trained, Ground::combination, Ground::partly, Ground::embedded, Ground::unknown};
/// Its name in files: "trained", "combination" ...
std::string_view name_of(Ground ground);

/// A gene that is to be perturbed, as the models see it.
struct PerturbedGene {
    std::string name;
    Index output = -1;        ///< measured gene; -1: not measured
    Index input = -1;         ///< row of ReplicaModel::inputs; -1: no perturbation of the screen has it
    Index embedded = -1;      ///< row of the embedding; -1: it says nothing of the gene
    bool is_named = false;    ///< the run knows the name: measured, perturbed or in the embedding
    bool is_trained = false;  ///< some replica trained on a perturbation of it
    double shift = 0.0;       ///< change of its own log expression, given and not predicted
    float value = 0.0f;       ///< of its inputs: shift / scale, +1 or -1 where the shift is the screen's own
    float strength = 1.0f;    ///< shift / the screen's own
    [[nodiscard]] bool is_known() const { return is_trained || embedded >= 0; }
};

/// A request with what the run knows of it.
struct Perturbation {
    std::string label;
    std::vector<PerturbedGene> genes;
    Ground ground = Ground::unknown;
    [[nodiscard]] Index trained_members() const;
};

/// One replica's model of one block, for perturbations of the average control cell.
struct ReplicaModel {
    Matrix inputs;              ///< (perturbation inputs, hidden): rows of A'
    Eigen::RowVectorXf unseen;  ///< row of a gene without an input of its own
    Eigen::RowVectorXf biases;
    Matrix embedding;  ///< (K, hidden): rows of A' of the embedding's inputs
    Matrix c;          ///< (block genes, width)
};

/// All replicas of a block of target genes.
struct BlockModels {
    Range genes;
    std::vector<ReplicaModel> replicas;
};

/// The models of a finished run on a screen, in memory, and everything that a prediction takes besides. The same on
/// every rank that reads the same file.
///
/// A perturbation of genes J moves the inputs of its members and, through the embedding, those that they share:
///     z = a + sum over j in J of value_j * (A'[input of j] + E[j] U) + (strength_j - 1) a
/// (the last term makes a single perturbation of twice the shift a doubled one). A member without an input of its own
/// has the embedding only, where the mean effect is a coordinate; without an embedding it gets the row of the mean
/// perturbation. Models of cell pairs see the average control cell, whose own deviation from the control mean is 0.
class RunModels {
public:
    /// Not collective. @throws UserError naming file and element
    explicit RunModels(const std::string& path);

    [[nodiscard]] const io::ModelFacts& facts() const { return facts_; }
    [[nodiscard]] const std::vector<std::string>& genes() const { return facts_.genes; }
    [[nodiscard]] Index replicas() const { return replicas_; }
    [[nodiscard]] const std::vector<BlockModels>& blocks() const { return blocks_; }
    /// Of every shard but for the number of its outputs; inputs are those of perturbations.
    [[nodiscard]] const LazyNetShape& shape() const { return shape_; }
    /// Nothing but sums at work: the only departure from additivity is one that all combinations share.
    [[nodiscard]] bool is_linear() const;
    /// Bytes of all parameters in memory.
    [[nodiscard]] double bytes() const;
    /// Coordinates of a gene in the embedding; empty without one.
    [[nodiscard]] Eigen::RowVectorXf coordinates(const PerturbedGene& gene) const;

    /// Every name that the run knows: measured genes, perturbed ones that are not measured, then those that only the
    /// embedding has.
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
    /// The run's spelling of a name: the same, or the only one that differs in case; nothing if there is none.
    [[nodiscard]] std::optional<std::string> spelling(const std::string& name) const;

    /// @param shift of genes that no perturbation of the screen has, or that are not measured; the screen's mean
    ///        where there is none
    [[nodiscard]] Perturbation resolve(const Request& request, std::optional<double> shift = {}) const;

    [[nodiscard]] bool is_calibrated() const { return !facts_.calibration.empty(); }
    /// Calibration of a ground, or of the next better known one; 1, 0 (the ensemble's own sd) where the run has none.
    [[nodiscard]] io::CalibrationRow calibration(Ground ground) const;

private:
    void load(const io::ModelFile& file);
    [[nodiscard]] ReplicaModel load_replica(const io::ModelFile& file, Index shard, Range c_rows);
    [[nodiscard]] PerturbedGene resolve(const std::string& name, std::optional<double> shift) const;
    [[nodiscard]] Ground ground_of(const Perturbation& perturbation) const;

    io::ModelFacts facts_;
    LazyNetShape shape_;
    Index replicas_ = 0;
    std::vector<BlockModels> blocks_;
    std::vector<bool> trained_inputs_;  ///< per perturbation input: some replica trained on it
    std::vector<std::string> names_;
    std::optional<NameIndex> index_;
    std::vector<Index> input_of_;     ///< per name: row of ReplicaModel::inputs, or -1
    std::vector<Index> embedded_of_;  ///< per name: row of the embedding, or -1
};

}  // namespace lazynet::predict
