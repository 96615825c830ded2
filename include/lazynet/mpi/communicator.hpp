#pragma once

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <source_location>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/error.hpp"
#include "lazynet/core/types.hpp"

namespace lazynet::mpi {

struct MpiError : InternalError {
    MpiError(int code, std::source_location where);
};

/// Throws MpiError if an MPI call did not return MPI_SUCCESS.
void check(int code, std::source_location where = std::source_location::current());

/// An MPI communicator that frees what it owns. Move-only; borrow it by const reference.
///
/// Every member function but the accessors is collective over the communicator.
class Communicator {
public:
    static Communicator world();
    Communicator(Communicator&& other) noexcept;
    Communicator& operator=(Communicator&& other) noexcept;
    Communicator(const Communicator&) = delete;
    Communicator& operator=(const Communicator&) = delete;
    ~Communicator();

    [[nodiscard]] int rank() const { return rank_; }
    [[nodiscard]] int size() const { return size_; }
    [[nodiscard]] bool is_root() const { return rank_ == 0; }
    [[nodiscard]] MPI_Comm raw() const { return comm_; }

    /// The ranks that share this rank's memory (one node).
    [[nodiscard]] Communicator split_by_node() const;
    /// The ranks that gave the same colour (not negative), in the order of their ranks here.
    [[nodiscard]] Communicator split(int color) const;
    /// The same ranks, with messages of their own.
    [[nodiscard]] Communicator duplicate() const;
    void barrier() const;

    /// Exact for integers, so the result does not depend on the number of ranks. There is no sum of doubles on
    /// purpose: it would depend on it; gather and add in a fixed order instead.
    void sum_in_place(std::span<std::int64_t> values) const;
    [[nodiscard]] std::int64_t sum(std::int64_t value) const;
    [[nodiscard]] std::int64_t max(std::int64_t value) const;
    [[nodiscard]] std::int64_t min(std::int64_t value) const;
    [[nodiscard]] double max(double value) const;
    /// Concatenates every rank's values in rank order, on every rank. Lengths may differ.
    [[nodiscard]] std::vector<double> gather(std::span<const double> mine) const;
    [[nodiscard]] std::vector<std::int64_t> gather(std::span<const std::int64_t> mine) const;
    /// Every rank's text in rank order, on every rank.
    [[nodiscard]] std::vector<std::string> gather(const std::string& mine) const;
    /// The root's bytes, on every rank.
    void broadcast(std::span<std::byte> bytes, int root = 0) const;
    [[nodiscard]] std::string broadcast(std::string text, int root = 0) const;
    /// Sends `to[r]` to rank r; returns what every rank sent here, in rank order. Any size: long messages go in
    /// pieces below MPI's int count. Memory: the messages sent and received.
    [[nodiscard]] std::vector<std::vector<std::byte>> exchange(const std::vector<std::vector<std::byte>>& to) const;

    /// Runs a phase in which ranks work alone (parse, validate, open, read), then compares notes.
    ///
    /// Collective. If `phase` throws UserError on any rank, every rank throws the same AgreedError
    /// with the lowest failing rank's text. `phase` must not communicate.
    void together(const std::function<void()>& phase) const;
    /// Runs a phase that is the root's alone (write a file, read one for all), then tells everybody how it ended.
    ///
    /// Collective. If `phase` throws UserError there, every rank throws the same AgreedError with just its text: no
    /// rank is named, as no other could have failed. `phase` must not communicate.
    void on_root(const std::function<void()>& phase) const;

private:
    Communicator(MPI_Comm comm, bool owned);
    MPI_Comm comm_ = MPI_COMM_NULL;
    bool owned_ = false;
    int rank_ = 0;
    int size_ = 1;
};

}  // namespace lazynet::mpi
