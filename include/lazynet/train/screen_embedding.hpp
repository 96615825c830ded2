#pragma once

#include <cstdint>
#include <span>

#include "lazynet/data/gene_embedding.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/pseudobulk.hpp"

namespace lazynet::train {

struct ScreenEmbeddingOptions {
    Index dimensions = 50;   ///< at most; fewer where there are fewer cells or pairs
    Index cells = 4000;      ///< control cells at most
    Index pairs = 4000;      ///< training pairs at most, the strongest
    std::uint64_t seed = 0;  ///< chooses control cells
};

/// Gene vectors from how genes vary together among control cells: principal components of log-normalised expression,
/// centred per context, loadings scaled by the square root of the explained variance, so that products of vectors are
/// covariances. It knows nothing of any response. Measured genes only.
///
/// Collective; the same bits for any number of ranks: cells are chosen by a random number of their own. Reads the
/// chosen cells, or all of the file where its layout has to be scanned. Memory per rank: its share of cells x genes x 4
/// bytes (twice while they travel); on the root cells^2 x 8 bytes.
/// @throws AgreedError naming file, cell and value of a value that cannot be
GeneEmbedding control_embedding(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                                Normalization normalization, const ScreenEmbeddingOptions& options);

/// Gene vectors from how genes respond: principal components of the pseudobulk changes of `conditions`, which must be
/// those of the training part (never a held-out perturbation). Changes are not centred (0 means "not moved"), each pair
/// is shrunk by the reliability of its change (the share of its mean squared change that is not sampling noise), and a
/// perturbed gene's own coordinate counts as 0, as it is given. Pairs that are nothing but noise are left out; of the
/// others the strongest stay. Measured genes only; no dimensions where no pair shows an effect.
///
/// Collective; the same bits for any number of ranks. Memory as above with pairs for cells.
/// @param conditions indices of Screen::conditions; controls among them are passed over
GeneEmbedding response_embedding(const mpi::Communicator& world, const Screen& screen, const Pseudobulk& table,
                                 std::span<const Index> conditions, const ScreenEmbeddingOptions& options);

}  // namespace lazynet::train
