#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::io {

/// One entry of the consensus: how regulator j pushes target i, over the replicas.
struct Edge {
    Index regulator = 0;       ///< on the regulator axis: measured genes, then perturbed genes that are not measured
    Index target = 0;          ///< a measured gene
    float mean = 0;            ///< of J - I
    float sd = 0;              ///< 0 when there are fewer than two replicas: the certainty is then unknown
    float sign_agreement = 0;  ///< |sum of signs| / replicas
    float selected = 0;        ///< share of replicas whose pruned model still has this edge
    friend bool operator==(const Edge&, const Edge&) = default;
};

/// |mean| / sd; 0 when sd is 0, since nothing is known then.
double certainty(const Edge& edge);

/// The order of edge lists, total over distinct (regulator, target): certainty descending, then |mean| descending (so
/// edges of unknown certainty come last, the strong ones first), then target, then regulator.
bool comes_before(const Edge& a, const Edge& b);

/// Keeps the first `capacity` edges in the order of comes_before, of any number that stream by.
class TopEdges {
public:
    /// @param capacity 0 keeps all. Memory: at most 1.5 * capacity + 1024 edges of 32 bytes.
    explicit TopEdges(std::size_t capacity);
    void add(const Edge& edge);
    /// What is kept so far: the first `capacity`, perhaps more, in no order.
    [[nodiscard]] std::span<const Edge> kept() const { return edges_; }
    /// What was kept, in order. Leaves this object empty.
    [[nodiscard]] std::vector<Edge> take();

private:
    void cut();
    std::size_t capacity_;
    std::size_t cut_at_;
    std::vector<Edge> edges_;
    bool bounded_ = false;  // something was cut: nothing after worst_ can matter any more
    Edge worst_;
};

/// The first `capacity` (0: all) of every rank's edges, in order, on the root; empty elsewhere.
///
/// Collective. Ranks merge in pairs, so no rank holds more than about three times `capacity` edges. The order is total,
/// so the result does not depend on the number of ranks.
std::vector<Edge> gather_edges(const mpi::Communicator& world, std::vector<Edge> mine, std::size_t capacity);

/// Writes `regulator target mean sd sign_agreement selected` as TSV with a header, gzip when the name ends in ".gz", to
/// a temporary name first. Numbers are the shortest text that reads back as the same float. Same edges, same bytes.
/// @param unmeasured names of regulators from genes.size() on
/// @param effects what an edge is, like "direct": a last column `effects`; none when empty
/// @throws UserError naming the file: cannot be made, disk full
void write_edges(const std::string& path, std::span<const Edge> edges, std::span<const std::string> genes,
                 std::span<const std::string> unmeasured, const std::string& effects = "");

}  // namespace lazynet::io
