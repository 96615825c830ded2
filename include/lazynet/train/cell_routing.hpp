#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/core/types.hpp"
#include "lazynet/data/piece_sink.hpp"
#include "lazynet/data/screen.hpp"
#include "lazynet/io/matrix_reader.hpp"
#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/cell_stream.hpp"

namespace lazynet::train {

/// What a pass through the cells is for, as its progress is told.
struct CellPass {
    std::string doing;  ///< to people: "averaging cells"
    std::string phase;  ///< to programs: "pseudobulk"
};

/// Reads the expression matrix once, in rounds: every rank reads some of its own slice of cells, block_of(cells, ranks,
/// rank), from its own reader, alone, and hands each to `take`; then all ranks call `deliver`, which may communicate.
/// A rank whose slice has ended goes on delivering until all have. Collective over `world`.
/// @throws AgreedError as route_cells
void stream_cells(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                  Normalization normalization, const std::function<void(const CellStream::Cell&)>& take,
                  const std::function<void()>& deliver, const CellPass& pass, Log& log);

/// Reads the expression matrix once and takes its cells apart: entries travel, packed, to the rank that wants their
/// genes, which gets them in no particular order.
///
/// Collective over `world`. Memory, besides the sink's: about 30 MB (one round of messages and one batch of cells; 256
/// MB for layouts that have to be scanned).
///
/// @param wanted per rank: which genes; the same on every rank, ranges ascend and do not overlap
/// @throws AgreedError naming file, cell, gene and value when one is not finite, negative, not a whole number (counts)
///         or above 20 (log1p)
void route_cells(const mpi::Communicator& world, io::MatrixReader& reader, const Screen& screen,
                 Normalization normalization, const std::vector<Range>& wanted, PieceSink& mine, const CellPass& pass,
                 Log& log);

}  // namespace lazynet::train
