#include "train_options.hpp"

#include <cmath>
#include <map>

#include "lazynet/core/error.hpp"

namespace lazynet::cli {
namespace {

template <typename T>
T choose(const std::string& option, const std::string& word, const std::map<std::string, T>& choices) {
    const auto found = choices.find(word);
    if (found != choices.end()) {
        return found->second;
    }
    std::string names;
    for (const auto& [name, value] : choices) {
        names += (names.empty() ? "" : ", ") + name;
    }
    throw UserError("--" + option + " is '" + word + "'; choose one of " + names);
}

double read_number(const std::string& option, const std::string& text) {
    try {
        std::size_t used = 0;
        const double value = std::stod(text, &used);
        if (used == text.size()) {
            return value;
        }
    } catch (const std::exception&) {  // falls through to the error below
    }
    throw UserError("--" + option + " is '" + text + "'; expected a number or auto");
}

void read_store(const std::string& word, train::TrainConfig& config) {
    if (word.rfind("top:", 0) == 0) {
        config.store = train::Store::top;
        config.top = static_cast<Index>(read_number("store", word.substr(4)));
        return;
    }
    config.store = choose<train::Store>("store", word, {{"full", train::Store::full}, {"none", train::Store::none}, {"top:K", train::Store::top}});
}

/// Remaining share of expression, or fold of it, as a shift on the log scale.
void read_shift(const TrainWords& words, train::TrainConfig& config) {
    if (words.knockdown != 0.0 && words.activation != 0.0) {
        throw UserError("give --knockdown or --activation, not both");
    }
    if (words.knockdown != 0.0) {
        if (words.knockdown <= 0.0 || words.knockdown >= 1.0) {
            throw UserError("--knockdown is the share of expression that is lost, between 0 and 1");
        }
        config.shift = std::log(1.0 - words.knockdown);
    }
    if (words.activation != 0.0) {
        if (words.activation <= 1.0) {
            throw UserError("--activation is the fold of expression, above 1");
        }
        config.shift = std::log(words.activation);
    }
}

}  // namespace

void add_train_options(CommandLine& line, train::TrainConfig& config, TrainWords& words) {
    line.group("Model").add_options()
        ("replicas", po::value(&config.replicas)->default_value(config.replicas), "members of the ensemble")
        ("gene-blocks", po::value(&config.gene_blocks)->default_value(0), "blocks of target genes; 0: one per 2,000 genes")
        ("hidden-sums", po::value(&config.hidden_sums)->default_value(config.hidden_sums), "linear units per block; 0: the pure LazyNet")
        ("hidden-products", po::value(&config.hidden_products)->default_value(config.hidden_products), "log-linear-exp units per block")
        ("u-max", po::value(&config.u_max)->default_value(config.u_max), "clamp of the exponent of product units")
        ("knockdown", po::value(&words.knockdown), "share of expression lost by targets without a measured change (0.7: 70 %)")
        ("activation", po::value(&words.activation), "fold of expression of targets without a measured change (CRISPRa)");
    line.group("Training").add_options()
        ("pairs", po::value(&words.pairs)->default_value(words.pairs), "pseudobulk: one pair per condition; cells: every perturbed cell with control cells")
        ("weights", po::value(&words.weights)->default_value(words.weights), "of pseudobulk pairs: noise (inverse variance), cells, equal")
        ("loss", po::value(&words.loss)->default_value(words.loss), "mse or huber")
        ("huber-delta", po::value(&config.huber_delta)->default_value(config.huber_delta), "where the Huber loss turns linear, log units")
        ("l2", po::value(&words.l2)->default_value(words.l2), "penalty on all factors, as a share of the one that leaves nothing; auto: chosen on validation")
        ("epochs", po::value(&config.epochs)->default_value(0), "0: 200 for pseudobulk pairs, 20 for cell pairs")
        ("batch", po::value(&config.batch)->default_value(0), "pairs per step; 0: 256 for pseudobulk pairs, a fiftieth of the cells (64 to 512) for cell pairs")
        ("learning-rate", po::value(&config.learning_rate)->default_value(0.0), "Adam's, at its height; 0: 0.02 for pseudobulk pairs, 0.01 for cell pairs")
        ("validation-share", po::value(&config.validation_share)->default_value(config.validation_share), "perturbations each replica holds out, in turn")
        ("patience", po::value(&config.patience)->default_value(config.patience), "epochs without a better validation error before a shard stops")
        ("bootstrap", po::value(&words.bootstrap)->default_value(words.bootstrap), "what each replica resamples: both, cells, perturbations, none")
        ("hvg", po::value(&config.hvg)->default_value(0), "keep this many highly variable genes (perturbed ones always stay); 0: all");
    line.group("Results").add_options()
        ("store", po::value(&words.store)->default_value(words.store), "consensus in the file: full, top:K regulators per target, none");
}

void read_words(const TrainWords& words, train::TrainConfig& config) {
    using namespace train;
    config.pairs = choose<PairMode>("pairs", words.pairs, {{"pseudobulk", PairMode::pseudobulk}, {"cells", PairMode::cells}});
    config.weights = choose<PairWeights>("weights", words.weights, {{"noise", PairWeights::noise}, {"cells", PairWeights::cells}, {"equal", PairWeights::equal}});
    config.loss = choose<Loss>("loss", words.loss, {{"mse", Loss::mse}, {"huber", Loss::huber}});
    struct Resampled {
        bool perturbations, cells;
    };
    const auto resampled = choose<Resampled>("bootstrap", words.bootstrap, {{"both", {true, true}}, {"cells", {false, true}}, {"perturbations", {true, false}}, {"none", {false, false}}});
    config.bootstrap_perturbations = resampled.perturbations;
    config.bootstrap_cells = resampled.cells;
    config.l2 = words.l2 == "auto" ? -1.0 : read_number("l2", words.l2);
    if (words.l2 != "auto" && config.l2 < 0.0) {
        throw UserError("--l2 must not be negative");
    }
    read_store(words.store, config);
    read_shift(words, config);
    config.resolve();
}

}  // namespace lazynet::cli
