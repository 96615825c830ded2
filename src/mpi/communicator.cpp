#include "lazynet/mpi/communicator.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "lazynet/mpi/node_sum.hpp"
#include "lazynet/mpi/traffic.hpp"

namespace lazynet::mpi {
namespace {

/// Longest single message, bytes: well below 2^31 and large enough that latency does not show.
constexpr std::size_t kPiece = std::size_t{1} << 28;

std::string describe(int code, std::source_location where) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    return std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " + text;
}

std::int64_t bytes_of(std::size_t n, std::size_t size) {
    return static_cast<std::int64_t>(n * size);
}

int to_count(std::size_t n) {
    if (n > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        throw InternalError("message of " + std::to_string(n) + " elements exceeds MPI's int count");
    }
    return static_cast<int>(n);
}

template <typename T>
std::vector<T> gather_all(MPI_Comm comm, int size, std::span<const T> mine, MPI_Datatype type) {
    const int n = to_count(mine.size());
    std::vector<int> counts(static_cast<std::size_t>(size));
    {
        const CountedCall counted("MPI_Allgather", sizeof n);
        check(MPI_Allgather(&n, 1, MPI_INT, counts.data(), 1, MPI_INT, comm));
    }
    std::vector<int> starts(counts.size());
    to_count(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));  // all of them, or starts overflow
    std::exclusive_scan(counts.begin(), counts.end(), starts.begin(), 0);
    std::vector<T> all(static_cast<std::size_t>(starts.back() + counts.back()));
    const CountedCall counted("MPI_Allgatherv", bytes_of(mine.size(), sizeof(T)));
    check(MPI_Allgatherv(mine.data(), n, type, all.data(), counts.data(), starts.data(), type, comm));
    return all;
}

template <typename T>
T reduce(MPI_Comm comm, T value, MPI_Datatype type, MPI_Op op) {
    T result{};
    const CountedCall counted("MPI_Allreduce", sizeof value);
    check(MPI_Allreduce(&value, &result, 1, type, op, comm));
    return result;
}

/// Why a phase failed; nothing where it did not.
std::optional<std::string> failure_of(const std::function<void()>& phase) {
    try {
        phase();
    } catch (const UserError& e) {
        return e.what();
    }
    return std::nullopt;
}

}  // namespace

MpiError::MpiError(int code, std::source_location where) : InternalError(describe(code, where)) {}

void check(int code, std::source_location where) {
    if (code != MPI_SUCCESS) {
        throw MpiError(code, where);
    }
}

Communicator::Communicator(MPI_Comm comm, bool owned) : comm_(comm), owned_(owned) {
    check(MPI_Comm_rank(comm_, &rank_));
    check(MPI_Comm_size(comm_, &size_));
}

Communicator Communicator::world() {
    return Communicator(MPI_COMM_WORLD, false);
}

Communicator::Communicator(Communicator&& other) noexcept
    : comm_(std::exchange(other.comm_, MPI_COMM_NULL)),
      owned_(std::exchange(other.owned_, false)),
      rank_(other.rank_),
      size_(other.size_) {}

Communicator& Communicator::operator=(Communicator&& other) noexcept {
    std::swap(comm_, other.comm_);
    std::swap(owned_, other.owned_);
    std::swap(rank_, other.rank_);
    std::swap(size_, other.size_);
    return *this;
}

Communicator::~Communicator() {
    // MPI_Comm_free is collective: while unwinding, peers may never join it, so leak instead.
    if (owned_ && std::uncaught_exceptions() == 0) {
        const CountedCall counted("MPI_Comm_free", 0);
        MPI_Comm_free(&comm_);
    }
}

Communicator Communicator::split_by_node() const {
    MPI_Comm child = MPI_COMM_NULL;
    const CountedCall counted("MPI_Comm_split_type", 0);
    check(MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &child));
    return Communicator(child, true);
}

Communicator Communicator::split(int color) const {
    MPI_Comm child = MPI_COMM_NULL;
    const CountedCall counted("MPI_Comm_split", sizeof color);
    check(MPI_Comm_split(comm_, color, rank_, &child));
    return Communicator(child, true);
}

Communicator Communicator::duplicate() const {
    MPI_Comm child = MPI_COMM_NULL;
    const CountedCall counted("MPI_Comm_dup", 0);
    check(MPI_Comm_dup(comm_, &child));
    return Communicator(child, true);
}

void Communicator::barrier() const {
    const CountedCall counted("MPI_Barrier", 0);
    check(MPI_Barrier(comm_));
}

void Communicator::sum_in_place(std::span<std::int64_t> values) const {
    if (values.size() >= kNodeSumValues && size_ >= kNodeSumRanks && node_sum(*this, split_by_node(), values)) {
        return;
    }
    constexpr std::size_t kValues = std::size_t{1} << 17;  // 1 MB pieces stay in cache
    for (std::size_t at = 0; at < values.size(); at += kValues) {
        const int n = to_count(std::min(kValues, values.size() - at));
        const CountedCall counted("MPI_Allreduce", bytes_of(static_cast<std::size_t>(n), sizeof values[0]));
        check(MPI_Allreduce(MPI_IN_PLACE, values.data() + at, n, MPI_INT64_T, MPI_SUM, comm_));
    }
}

std::int64_t Communicator::sum(std::int64_t value) const {
    return reduce(comm_, value, MPI_INT64_T, MPI_SUM);
}
std::int64_t Communicator::max(std::int64_t value) const {
    return reduce(comm_, value, MPI_INT64_T, MPI_MAX);
}
std::int64_t Communicator::min(std::int64_t value) const {
    return reduce(comm_, value, MPI_INT64_T, MPI_MIN);
}
double Communicator::max(double value) const {
    return reduce(comm_, value, MPI_DOUBLE, MPI_MAX);
}

std::vector<double> Communicator::gather(std::span<const double> mine) const {
    return gather_all<double>(comm_, size_, mine, MPI_DOUBLE);
}

std::vector<std::int64_t> Communicator::gather(std::span<const std::int64_t> mine) const {
    return gather_all<std::int64_t>(comm_, size_, mine, MPI_INT64_T);
}

std::vector<std::string> Communicator::gather(const std::string& mine) const {
    const auto length = static_cast<std::int64_t>(mine.size());
    const std::vector<std::int64_t> lengths = gather(std::span(&length, 1));
    const std::vector<char> letters = gather_all<char>(comm_, size_, std::span(mine), MPI_CHAR);
    std::vector<std::string> texts;
    auto at = letters.begin();
    for (const std::int64_t n : lengths) {
        texts.emplace_back(at, at + n);
        at += n;
    }
    return texts;
}

void Communicator::broadcast(std::span<std::byte> bytes, int root) const {
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
        const int n = to_count(std::min(kPiece, bytes.size() - at));
        const CountedCall counted("MPI_Bcast", rank_ == root ? n : 0);
        check(MPI_Bcast(bytes.data() + at, n, MPI_BYTE, root, comm_));
    }
}

std::string Communicator::broadcast(std::string text, int root) const {
    auto length = static_cast<std::int64_t>(text.size());
    broadcast(std::as_writable_bytes(std::span(&length, 1)), root);
    text.resize(static_cast<std::size_t>(length));
    broadcast(std::as_writable_bytes(std::span(text)), root);
    return text;
}

std::vector<std::vector<std::byte>> Communicator::exchange(const std::vector<std::vector<std::byte>>& to) const {
    std::vector<std::int64_t> out(to.size());
    std::vector<std::int64_t> in(to.size());
    std::transform(to.begin(), to.end(), out.begin(),
                   [](const auto& m) { return static_cast<std::int64_t>(m.size()); });
    {
        const CountedCall counted("MPI_Alltoall", bytes_of(out.size(), sizeof out[0]));
        check(MPI_Alltoall(out.data(), 1, MPI_INT64_T, in.data(), 1, MPI_INT64_T, comm_));
    }
    const std::int64_t leaving = std::accumulate(out.begin(), out.end(), std::int64_t{0});
    const CountedCall counted("MPI_Waitall", leaving - out[static_cast<std::size_t>(rank_)]);
    std::vector<std::vector<std::byte>> from(to.size());
    std::vector<MPI_Request> requests;
    const auto post = [&](auto&& call, auto* data, std::size_t size, int peer) {
        for (std::size_t at = 0; at < size; at += kPiece) {
            requests.emplace_back();
            const int n = to_count(std::min(kPiece, size - at));
            check(call(data + at, n, MPI_BYTE, peer, 0, comm_, &requests.back()));
        }
    };
    for (int r = 0; r < size_; ++r) {
        auto& message = from[static_cast<std::size_t>(r)];
        if (r == rank_) {
            message = to[static_cast<std::size_t>(r)];
            continue;
        }
        message.resize(static_cast<std::size_t>(in[static_cast<std::size_t>(r)]));
        post(MPI_Irecv, message.data(), message.size(), r);
    }
    for (int step = 1; step < size_; ++step) {  // everyone starts with another peer
        const int r = (rank_ + step) % size_;
        post(MPI_Isend, to[static_cast<std::size_t>(r)].data(), to[static_cast<std::size_t>(r)].size(), r);
    }
    check(MPI_Waitall(to_count(requests.size()), requests.data(), MPI_STATUSES_IGNORE));
    return from;
}

void Communicator::together(const std::function<void()>& phase) const {
    const std::optional<std::string> mine = failure_of(phase);
    const std::int64_t failures = sum(mine ? 1 : 0);
    if (failures == 0) {
        return;
    }
    const int first = static_cast<int>(min(std::int64_t{mine ? rank_ : size_}));
    std::string text;
    if (rank_ == first) {
        text = failures == size_ ? *mine : "rank " + std::to_string(first) + ": " + *mine;
    }
    throw AgreedError(broadcast(text, first));
}

void Communicator::on_root(const std::function<void()>& phase) const {
    const std::optional<std::string> failure = is_root() ? failure_of(phase) : std::nullopt;
    if (sum(failure ? 1 : 0) > 0) {
        throw AgreedError(broadcast(failure.value_or("")));
    }
}

}  // namespace lazynet::mpi
