#pragma once

#include <string>
#include <vector>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/train/cross_screen.hpp"

namespace lazynet::train {

/// Keeps the first edges in the order of comes_before, of any number that pass by.
class TopCrossEdges {
public:
    /// @param capacity 0: all
    explicit TopCrossEdges(std::size_t capacity) : capacity_(capacity) {}
    /// Whether an edge of so much evidence can still be among them: saves making those that cannot.
    [[nodiscard]] bool wants(double evidence) const { return !bounded_ || evidence >= least_; }
    void add(CrossEdge edge);
    /// In order. Leaves this empty.
    std::vector<CrossEdge> take();

private:
    void cut();
    std::size_t capacity_;
    std::vector<CrossEdge> edges_;
    bool bounded_ = false;
    double least_ = 0.0;
};

/// The first `capacity` (0: all) edges of all ranks on the root, in order. Collective. `mine` are in order. No rank
/// holds many more than `capacity`.
std::vector<CrossEdge> gather_cross_edges(const mpi::Communicator& world, std::vector<CrossEdge> mine,
                                          std::size_t capacity);

/// Writes the list as TSV. Not collective. @throws UserError naming the file
void write_cross_edges(const std::string& path, const CrossSummary& summary);

}  // namespace lazynet::train
