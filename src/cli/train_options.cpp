#include "train_options.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "lazynet/core/error.hpp"
#include "shift_option.hpp"

namespace lazynet::cli {
namespace {

/// The number that `text` is, all of it.
template <typename T>
std::optional<T> number_in(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

void read_l2(const std::string& word, train::TrainConfig& config) {
    const std::optional<double> share = word == "auto" ? -1.0 : number_in<double>(word);
    if (!share) {
        refuse_word("l2", word, std::array<std::string, 2>{"a number", "auto"});
    }
    if (word != "auto" && *share < 0.0) {
        throw UserError("--l2 must not be negative");
    }
    config.l2 = *share;
}

void read_store(const std::string& word, train::TrainConfig& config) {
    if (const auto k = word.starts_with("top:") ? number_in<Index>(word.substr(4)) : std::nullopt; k) {
        config.store = train::Store::top;
        config.top = *k;
    } else if (word == "full" || word == "none") {
        config.store = word == "full" ? train::Store::full : train::Store::none;
    } else {
        refuse_word("store", word, std::array<std::string, 3>{"full", "top:K", "none"});
    }
}

}  // namespace

void add_train_options(CommandLine& line, train::TrainConfig& config, TrainWords& words) {
    auto model = line.group("Model").add_options();
    model("model", bind(words.model), "lazynet; phoenix, lazynet-dense and mlp are for trajectories");
    model("replicas", bind(config.replicas), "members of the ensemble");
    model("gene-blocks", bind(config.gene_blocks),
          "blocks of target genes; 0: one per 2,000 genes; per 50 where pseudobulk models are pruned");
    model("hidden-sums", bind(config.hidden_sums), "linear units per block; 0: the pure LazyNet");
    model("hidden-products", bind(config.hidden_products), "log-linear-exp units per block");
    model("u-max", bind(config.u_max), "clamp of the exponent of product units");
    model("knockdown", po::value(&words.knockdown),
          "share of expression lost by targets without a measured change (0.7: 70 %)");
    model("activation", po::value(&words.activation),
          "fold of expression of targets without a measured change (CRISPRa)");
    auto embedding = line.group("Gene embeddings (what reaches genes that were never perturbed)").add_options();
    embedding("gene-graph", po::value(&config.embedding.graphs)->composing(),
              "edges between genes, one `gene gene [weight]` per line, like a GO similarity graph; may be repeated");
    embedding("gene-embedding", po::value(&config.embedding.files)->composing(),
              "coordinates of genes: CSV, TSV, h5ad, word vectors; may be repeated");
    embedding("screen-embedding", po::value(&config.embedding.screen)->composing(),
              "from the screen itself: controls (components of control cells), responses (of training responses)");
    embedding("embedding-dimensions", bind(config.embedding.dimensions), "at most this many per source");
    embedding("gene-families", bind(words.families),
              "families that gene symbols tell (RPL3, RPL31): on, off, auto (on where embeddings are used)");
    auto training = line.group("Training").add_options();
    training("fit", bind(words.fit),
             "closed: the best linear model under a prior learned from the screen; steps: gradient steps; auto: closed "
             "for pseudobulk pairs, unless an option asks for steps");
    training("pairs", bind(words.pairs),
             "pseudobulk: one pair per condition; cells: every perturbed cell with control cells");
    training("weights", bind(words.weights), "of pseudobulk pairs: noise (inverse variance), cells, equal");
    training("loss", bind(words.loss), "mse or huber");
    training("huber-delta", bind(config.huber_delta), "where the Huber loss turns linear, log units");
    training("l2", bind(words.l2),
             "penalty on all factors, as a share of the one that leaves nothing; auto: chosen on validation");
    training("epochs", bind(config.epochs), "0: 200 for pseudobulk pairs, 20 for cell pairs");
    training("batch", bind(config.batch),
             "pairs per step; 0: 256 for pseudobulk pairs, a fiftieth of the cells (64 to 512) for cell pairs");
    training("learning-rate", bind(config.learning_rate),
             "Adam's, at its height; 0: 0.02 for pseudobulk pairs, 0.01 for cell pairs");
    training("validation-share", bind(config.validation_share), "perturbations each replica holds out, in turn");
    training("patience", bind(config.patience), "epochs without a better validation error before a shard stops");
    training("bootstrap", bind(words.bootstrap), "what each replica resamples: both, cells, perturbations, none");
    training("hvg", bind(config.hvg), "keep this many highly variable genes (perturbed ones always stay); 0: all");
    add_prune_options(line, config.prune, words.prune);
    auto results = line.group("Results").add_options();
    results("store", bind(words.store), "consensus in the file: full, top:K regulators per target, none");
}

void read_words(const TrainWords& words, train::TrainConfig& config) {
    using namespace train;
    choose<int>("model", words.model, {{"lazynet", 0}});
    config.pairs =
        choose<PairMode>("pairs", words.pairs, {{"pseudobulk", PairMode::pseudobulk}, {"cells", PairMode::cells}});
    config.weights = choose<PairWeights>(
        "weights", words.weights,
        {{"noise", PairWeights::noise}, {"cells", PairWeights::cells}, {"equal", PairWeights::equal}});
    config.fit =
        choose<Fit>("fit", words.fit, {{"auto", Fit::automatic}, {"steps", Fit::steps}, {"closed", Fit::closed}});
    config.embedding.families = choose<Families>(
        "gene-families", words.families, {{"auto", Families::automatic}, {"on", Families::on}, {"off", Families::off}});
    config.loss = choose<Loss>("loss", words.loss, {{"mse", Loss::mse}, {"huber", Loss::huber}});
    struct Resampled {
        bool perturbations;
        bool cells;
    };
    const auto resampled = choose<Resampled>(
        "bootstrap", words.bootstrap,
        {{"both", {true, true}}, {"cells", {false, true}}, {"perturbations", {true, false}}, {"none", {false, false}}});
    config.bootstrap_perturbations = resampled.perturbations;
    config.bootstrap_cells = resampled.cells;
    read_l2(words.l2, config);
    read_store(words.store, config);
    config.shift = given_shift(words.knockdown, words.activation).value_or(config.shift);
    read_words(words.prune, config.prune);
    config.prior = words.prune.prior;
    config.interactions = words.prune.interactions;
    config.resolve();
}

}  // namespace lazynet::cli
