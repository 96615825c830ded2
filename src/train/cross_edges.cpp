#include "cross_edges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>
#include <utility>

#include "lazynet/core/packer.hpp"
#include "lazynet/io/edges.hpp"
#include "lazynet/io/output_file.hpp"

namespace lazynet::train {
namespace {

constexpr std::size_t kSpare = 1024;

void pack(const CrossEdge& edge, Packer& packer) {
    packer.index(edge.regulator);
    packer.index(edge.target);
    packer.values(std::span<const CrossEffect>(&edge.effect, 1));
    packer.values(edge.mean);
    packer.values(edge.sd);
}

CrossEdge unpack(Unpacker& unpacker) {
    CrossEdge edge;
    edge.regulator = unpacker.index();
    edge.target = unpacker.index();
    edge.effect = unpacker.values<CrossEffect>().front();
    edge.mean = unpacker.values<float>();
    edge.sd = unpacker.values<float>();
    return edge;
}

/// The evidence of the last edge that is kept, over all ranks; what has less need not travel.
double least_evidence(const mpi::Communicator& world, const std::vector<CrossEdge>& mine, std::size_t capacity) {
    std::vector<io::Edge> light;
    for (const CrossEdge& e : mine) {
        light.push_back({e.regulator, e.target, static_cast<float>(e.effect.evidence), 1.0f, 0.0f, 0.0f});
    }
    std::sort(light.begin(), light.end(), io::comes_before);
    const auto all = io::gather_edges(world, std::move(light), capacity);
    // In float, so that edges of about as much evidence stay: the root decides.
    const double last = all.size() == capacity && !all.empty() ? static_cast<double>(all.back().mean) : 0.0;
    return world.max(last) * (1.0 - 1e-6);
}

void put(fmt::memory_buffer& line, float value) {
    std::isnan(value) ? fmt::format_to(std::back_inserter(line), "\tNA")
                      : fmt::format_to(std::back_inserter(line), "\t{}", value);
}

}  // namespace

bool comes_before(const CrossEdge& a, const CrossEdge& b) {
    return std::tuple(-a.effect.evidence, a.target, a.regulator) <
           std::tuple(-b.effect.evidence, b.target, b.regulator);
}

void TopCrossEdges::add(CrossEdge edge) {
    edges_.push_back(std::move(edge));
    if (capacity_ != 0 && edges_.size() >= capacity_ + capacity_ / 2 + kSpare) {
        cut();
    }
}

void TopCrossEdges::cut() {
    const auto last = edges_.begin() + static_cast<std::ptrdiff_t>(capacity_) - 1;
    std::nth_element(edges_.begin(), last, edges_.end(), comes_before);
    least_ = last->effect.evidence;
    bounded_ = true;
    edges_.resize(capacity_);
}

std::vector<CrossEdge> TopCrossEdges::take() {
    if (capacity_ != 0 && edges_.size() > capacity_) {
        cut();
    }
    std::sort(edges_.begin(), edges_.end(), comes_before);
    bounded_ = false;
    return std::exchange(edges_, {});
}

std::vector<CrossEdge> gather_cross_edges(const mpi::Communicator& world, std::vector<CrossEdge> mine,
                                          std::size_t capacity) {
    if (capacity > 0) {
        const double least = least_evidence(world, mine, capacity);
        std::erase_if(mine, [&](const CrossEdge& e) { return e.effect.evidence < least; });
    }
    std::vector<std::vector<std::byte>> to(static_cast<std::size_t>(world.size()));
    Packer packer(to[0]);
    for (const CrossEdge& edge : mine) {
        pack(edge, packer);
    }
    mine.clear();
    const auto from = world.exchange(to);
    TopCrossEdges best(capacity);
    for (const auto& bytes : from) {
        for (Unpacker unpacker(bytes); !unpacker.done();) {
            best.add(unpack(unpacker));
        }
    }
    return best.take();
}

void write_cross_edges(const std::string& path, const CrossSummary& summary) {
    io::OutputFile file(path);
    std::string header =
        "regulator\ttarget\tclass\tscreens_estimable\tscreens_certain\tstrongest\tmean\tsd\tevidence\tq\ti2";
    for (const std::string& name : summary.names) {
        header += "\tmean_" + name + "\tsd_" + name;
    }
    file.write(header + "\n");
    fmt::memory_buffer line;
    for (const CrossEdge& e : summary.edges) {
        line.clear();
        fmt::format_to(
            std::back_inserter(line), "{}\t{}\t{}\t{}\t{}\t{}", summary.axis[static_cast<std::size_t>(e.regulator)],
            summary.axis[static_cast<std::size_t>(e.target)], kCrossKinds[static_cast<std::size_t>(e.effect.kind)],
            e.effect.estimable, e.effect.certain, summary.names[static_cast<std::size_t>(e.effect.strongest)]);
        for (const double value : {e.effect.mean, e.effect.sd, e.effect.evidence, e.effect.q, e.effect.i2}) {
            put(line, static_cast<float>(value));
        }
        for (std::size_t k = 0; k < e.mean.size(); ++k) {
            put(line, e.mean[k]);
            put(line, e.sd[k]);
        }
        line.push_back('\n');
        file.write({line.data(), line.size()});
    }
    file.commit();
}

}  // namespace lazynet::train
