#include "run_records.hpp"

#include <algorithm>
#include <charconv>

#include "lazynet/train/plan.hpp"

namespace lazynet::train {
namespace {

constexpr const char* kTable = "table/genes";
constexpr const char* kTableCells = "table/cells";

/// The genes of a record of the table, from its key "table/genes/<begin>/<end>".
Range genes_of(const std::string& key) {
    const std::size_t end = key.rfind('/');
    const std::size_t begin = key.rfind('/', end - 1);
    Range range;
    std::from_chars(key.data() + begin + 1, key.data() + end, range.begin);
    std::from_chars(key.data() + end + 1, key.data() + key.size(), range.end);
    return range;
}

Range overlap(Range a, Range b) {
    const Index begin = std::max(a.begin, b.begin);
    return {begin, std::max(begin, std::min(a.end, b.end))};
}

void copy_columns(const Matrix& from, Range have, Matrix& to, Range want) {
    const Range both = overlap(have, want);
    if (both.size() > 0) {
        to.middleCols(both.begin - want.begin, both.size()) = from.middleCols(both.begin - have.begin, both.size());
    }
}

void pack(const VectorD& vector, Packer& packer) {
    packer.values(std::span<const double>(vector.data(), static_cast<std::size_t>(vector.size())));
}

VectorD unpack_vector(Unpacker& unpacker) {
    const auto values = unpacker.values<double>();
    return Eigen::Map<const VectorD>(values.data(), static_cast<Index>(values.size()));
}

std::optional<Pseudobulk> saved_table(const Checkpoints& checkpoints, Range mine, Index genes) {
    if (!checkpoints.has(kTableCells)) {
        return std::nullopt;
    }
    const auto keys = checkpoints.keys(kTable);
    Index covered = 0;
    for (const std::string& key : keys) {
        covered = genes_of(key).begin == covered ? genes_of(key).end : covered;
    }
    if (covered != genes) {
        return std::nullopt;
    }
    const auto cells = checkpoints.load(kTableCells);
    Pseudobulk table;
    table.genes = mine;
    table.cells = Unpacker(cells).values<Index>();
    table.mean.resize(static_cast<Index>(table.cells.size()), mine.size());
    table.variance.resize(table.mean.rows(), mine.size());
    for (const std::string& key : keys) {
        if (overlap(genes_of(key), mine).size() > 0) {
            const auto bytes = checkpoints.load(key);
            Unpacker unpacker(bytes);
            copy_columns(unpacker.matrix(), genes_of(key), table.mean, mine);
            copy_columns(unpacker.matrix(), genes_of(key), table.variance, mine);
        }
    }
    return table;
}

void save_table(Checkpoints& checkpoints, const mpi::Communicator& world, const Pseudobulk& table) {
    checkpoints.forget("table");
    if (world.is_root()) {
        checkpoints.finish(kTableCells, [&table](Packer& packer) { packer.values(table.cells); });
    }
    for (Index begin = table.genes.begin; begin < table.genes.end; begin += kChunkGenes) {
        const Range part{begin, std::min(begin + kChunkGenes, table.genes.end)};
        checkpoints.finish(record_key(kTable, {part.begin, part.end}), [&table, part](Packer& packer) {
            packer.matrix(table.mean.middleCols(part.begin - table.genes.begin, part.size()));
            packer.matrix(table.variance.middleCols(part.begin - table.genes.begin, part.size()));
        });
    }
}

std::optional<std::vector<GeneEmbedding>> saved_embeddings(const Checkpoints& checkpoints) {
    if (!checkpoints.has("embeddings")) {
        return std::nullopt;
    }
    const auto bytes = checkpoints.load("embeddings");
    Unpacker unpacker(bytes);
    std::vector<GeneEmbedding> embeddings(static_cast<std::size_t>(unpacker.index()));
    for (GeneEmbedding& embedding : embeddings) {
        embedding.source = unpacker.text();
        embedding.names.resize(static_cast<std::size_t>(unpacker.index()));
        for (std::string& name : embedding.names) {
            name = unpacker.text();
        }
        embedding.values = unpacker.matrix();
    }
    return embeddings;
}

void save_embeddings(Checkpoints& checkpoints, const mpi::Communicator& world,
                     const std::vector<GeneEmbedding>& embeddings) {
    if (!world.is_root()) {
        return;
    }
    checkpoints.finish("embeddings", [&embeddings](Packer& packer) {
        packer.index(static_cast<Index>(embeddings.size()));
        for (const GeneEmbedding& embedding : embeddings) {
            packer.text(embedding.source);
            packer.index(static_cast<Index>(embedding.names.size()));
            for (const std::string& name : embedding.names) {
                packer.text(name);
            }
            packer.matrix(embedding.values);
        }
    });
}

std::optional<ResponsePrior> saved_prior(const Checkpoints& checkpoints) {
    if (!checkpoints.has("prior")) {
        return std::nullopt;
    }
    const auto bytes = checkpoints.load("prior");
    Unpacker unpacker(bytes);
    ResponsePrior prior;
    for (ResponseVariances* variances : {&prior.variances, &prior.trained}) {
        variances->perturbation = unpacker.number();
        variances->features = unpack_vector(unpacker);
    }
    prior.is_one = unpacker.index() != 0;
    prior.sampling = unpack_vector(unpacker);
    prior.particular = unpack_vector(unpacker);
    prior.strengths = unpacker.values<double>();
    for (double* number : {&prior.signal, &prior.combination, &prior.interaction, &prior.unseen, &prior.combinations}) {
        *number = unpacker.number();
    }
    return prior;
}

void save_prior(Checkpoints& checkpoints, const mpi::Communicator& world, const ResponsePrior& prior) {
    if (!world.is_root()) {
        return;
    }
    checkpoints.finish("prior", [&prior](Packer& packer) {
        for (const ResponseVariances* variances : {&prior.variances, &prior.trained}) {
            packer.number(variances->perturbation);
            pack(variances->features, packer);
        }
        packer.index(prior.is_one ? 1 : 0);
        pack(prior.sampling, packer);
        pack(prior.particular, packer);
        packer.values(prior.strengths);
        for (const double number :
             {prior.signal, prior.combination, prior.interaction, prior.unseen, prior.combinations}) {
            packer.number(number);
        }
    });
}

template <typename T, typename Find, typename Make, typename Save>
T found_or_made(const mpi::Communicator& world, Checkpoints& checkpoints, const Find& find, const Make& make,
                const Save& save) {
    std::optional<T> found;
    world.together([&] { found = find(); });
    if (!found) {
        found = make();
        save(*found);
        checkpoints.point({}, true);
    }
    return std::move(*found);
}

}  // namespace

Pseudobulk saved_or_made(const mpi::Communicator& world, Checkpoints& checkpoints, Index genes,
                         const std::function<Pseudobulk()>& make) {
    return found_or_made<Pseudobulk>(
        world, checkpoints,
        [&] { return saved_table(checkpoints, block_of(genes, world.size(), world.rank()), genes); }, make,
        [&](const Pseudobulk& table) { save_table(checkpoints, world, table); });
}

std::vector<GeneEmbedding> saved_or_made(const mpi::Communicator& world, Checkpoints& checkpoints,
                                         const std::function<std::vector<GeneEmbedding>()>& make) {
    return found_or_made<std::vector<GeneEmbedding>>(
        world, checkpoints, [&] { return saved_embeddings(checkpoints); }, make,
        [&](const std::vector<GeneEmbedding>& made) { save_embeddings(checkpoints, world, made); });
}

ResponsePrior saved_or_made(const mpi::Communicator& world, Checkpoints& checkpoints,
                            const std::function<ResponsePrior()>& make) {
    return found_or_made<ResponsePrior>(
        world, checkpoints, [&] { return saved_prior(checkpoints); }, make,
        [&](const ResponsePrior& prior) { save_prior(checkpoints, world, prior); });
}

TrainedShard saved_shard(const Checkpoints& checkpoints, const std::string& key) {
    const auto bytes = checkpoints.load(key);
    Unpacker unpacker(bytes);
    return unpack_trained(unpacker);
}

std::optional<std::vector<RoundRecord>> saved_rounds(const Checkpoints& checkpoints, const Plan& plan) {
    if (!checkpoints.has("rounds") || static_cast<Index>(checkpoints.keys("shard/").size()) != plan.shards()) {
        return std::nullopt;
    }
    const auto bytes = checkpoints.load("rounds");
    return Unpacker(bytes).values<RoundRecord>();
}

void save_rounds(Checkpoints& checkpoints, const mpi::Communicator& world, const std::vector<RoundRecord>& rounds) {
    if (world.is_root()) {
        checkpoints.finish("rounds", [&rounds](Packer& packer) { packer.values(rounds); });
    }
}

}  // namespace lazynet::train
