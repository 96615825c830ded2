#include "lazynet/io/results.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "declared_bytes.hpp"
#include "lazynet/core/error.hpp"
#include "lazynet/core/text.hpp"
#include "lazynet/io/anndata_matrices.hpp"
#include "lazynet/mpi/traffic.hpp"
#include "raw_file.hpp"

namespace lazynet::io {
namespace {

/// HDF5's headers, trees and heaps, generously.
constexpr std::uint64_t kFileOverhead = std::uint64_t{256} << 10;
constexpr std::uint64_t kElementOverhead = std::uint64_t{4} << 10;

std::uint64_t bytes_of(const std::vector<std::string>& strings) {
    std::uint64_t bytes = 0;
    for (const std::string& s : strings) {
        bytes += s.size() + 40;  // in the heap, with its header and padding, and a pointer to it
    }
    return bytes;
}

std::uint64_t bytes_of(const Table& table) {
    std::uint64_t bytes = bytes_of(table.index);
    for (const TableColumn& column : table.columns) {
        bytes += kElementOverhead;
        if (const auto* s = std::get_if<std::vector<std::string>>(&column.values)) {
            bytes += bytes_of(*s);
        } else if (const auto* c = std::get_if<Categorical>(&column.values)) {
            bytes += bytes_of(c->categories) + 4 * c->codes.size();
        } else {
            bytes += 8 * table.index.size();
        }
    }
    return bytes;
}

std::uint64_t product(Index a, Index b, std::uint64_t size) {
    return static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b) * size;
}

std::uint64_t length_on_disk(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

/// Collective: also on a rank that has failed.
herr_t close_together(Handle& file) {
    const mpi::CountedCall counted("H5Fclose (all ranks)", 0);
    return H5Fclose(file.release());
}

}  // namespace

ResultsFile::ResultsFile(const mpi::Communicator& world, std::string output)
    : world_(world), output_(std::move(output)) {}

ResultsFile::~ResultsFile() {
    if (std::uncaught_exceptions() == 0) {
        discard();
        return;
    }
    datasets_.clear();
    file_.release();
    if (identity_ != 0 &&
        !kept_) {  // also off the root: after a failure on this rank alone the root is killed, not unwound
        TemporaryFile::remove(output_, identity_);
    }
}

/// Failures wait for the next agreement; after the first, nothing more is tried.
void ResultsFile::attempt(const std::function<void()>& action) {
    if (failure_) {
        return;
    }
    try {
        action();
    } catch (const UserError& e) {
        failure_ = e.what();
    }
}

/// All ranks: what the root does alone, and an agreement on it.
void ResultsFile::attempt_on_root(const std::function<void()>& action) {
    if (world_.is_root()) {
        attempt(action);
    }
    discard_after_failure();
    world_.on_root([&] { throw_failure(); });
}

void ResultsFile::throw_failure() const {
    if (failure_) {
        throw UserError(*failure_);
    }
}

void ResultsFile::count(const std::string& where, std::uint64_t bytes, const std::vector<std::byte>& content) {
    bytes_ += world_.is_root() ? bytes + kElementOverhead : 0;
    declared_checksum_ = checksum_of(content, checksum_of(bytes_of_content(where), declared_checksum_));
}

void ResultsFile::plan(Step step) {
    if (world_.is_root()) {
        plan_.push_back(std::move(step));
    }
}

void ResultsFile::table(const std::string& where, Table table) {
    count(where, bytes_of(table), bytes_of_content(table));
    plan([where, t = std::move(table)](hid_t file) { write_table(file, where, t); });
}

void ResultsFile::text(const std::string& where, std::string text) {
    count(where, text.size(), bytes_of_content(text));
    plan([where, t = std::move(text)](hid_t file) { write_text(file, where, t); });
}

void ResultsFile::number(const std::string& where, Number number) {
    count(where, 8, bytes_of_content(number));
    plan([where, number](hid_t file) { write_number(file, where, number); });
}

void ResultsFile::strings(const std::string& where, std::vector<std::string> strings) {
    count(where, bytes_of(strings), bytes_of_content(strings));
    plan([where, s = std::move(strings)](hid_t file) { write_strings(file, where, s); });
}

void ResultsFile::array(const std::string& where, std::vector<double> values) {
    count(where, 8 * values.size(), bytes_of_content(values));
    plan([where, v = std::move(values)](hid_t file) { write_array(file, where, v); });
}

void ResultsFile::array(const std::string& where, std::vector<std::int64_t> values) {
    count(where, 8 * values.size(), bytes_of_content(values));
    plan([where, v = std::move(values)](hid_t file) { write_array(file, where, v); });
}

void ResultsFile::declare_dense(const std::string& where, Index rows, Index cols) {
    declared_[where] = {rows, cols, 0};
    count(where, product(rows, cols, 4), bytes_of_content(std::vector{rows, cols}));
    plan([=](hid_t file) { io::declare_dense(file, where, rows, cols); });
}

void ResultsFile::declare_csr(const std::string& where, Index rows, Index cols, Index per_row) {
    declared_[where] = {rows, cols, per_row};
    const std::uint64_t entry = rows * per_row > std::numeric_limits<std::int32_t>::max() ? 12 : 8;  // see declare_csr
    count(where, product(rows, per_row, entry) + product(rows, 1, 8),
          bytes_of_content(std::vector{rows, cols, per_row}));
    plan([=](hid_t file) { io::declare_csr(file, where, rows, cols, per_row); });
}

/// Root only: everything but the values of what is declared.
void ResultsFile::create() {
    require_space(output_, bytes_ + kFileOverhead);
    temporary_ = std::make_unique<TemporaryFile>(output_);
    temporary_->reserve(
        bytes_);  // a limit shows here, before HDF5: it crashes at its end over a file it could not close
    temporary_->trim(0);
    Handle file = create_anndata(temporary_->name());
    for (const Step& step : plan_) {
        step(file);
    }
    complete_anndata(file);
    require(H5Fclose(file.release()), "write " + output_);
    plan_.clear();
    temporary_->reserve(length_on_disk(temporary_->name()));
    identity_ = temporary_->identity();
    mark_ = temporary_->mark() + declared_mark();
}

/// The second half of a mark.
std::string ResultsFile::declared_mark() const {
    return ", content " + checksum_text(declared_checksum_);
}

void ResultsFile::share_identity() {
    world_.broadcast(std::as_writable_bytes(std::span(&identity_, 1)));
    mark_ = world_.broadcast(mark_);
}

/// All ranks. HDF5 opens through MPI-IO, which fails on all ranks alike; where only some fail, nobody could close the
/// file in order any more, so those end the job.
void ResultsFile::open() {
    attempt([&] {
        const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "make an HDF5 property list");
        require(H5Pset_fapl_mpio(access, world_.raw(), MPI_INFO_NULL), "ask HDF5 for MPI-IO");
        const std::string name = TemporaryFile::name_for(output_);
        const mpi::CountedCall counted("H5Fopen (all ranks)", 0);
        file_ = Handle(H5Fopen(name.c_str(), H5F_ACC_RDWR, access), H5Fclose, "open " + name + " on all ranks");
    });
    const std::int64_t failed = world_.sum(std::int64_t{failure_ ? 1 : 0});
    if (failed < world_.size()) {
        throw_failure();
    }
}

void ResultsFile::open_for_data() {
    hdf5_reason();  // from here on HDF5's messages come in exceptions, not on stderr
    attempt_on_root([&] { create(); });
    share_identity();
    open();
    agree();
    keep_unfinished(kept_);
}

void ResultsFile::keep_unfinished(bool keep) {
    kept_ = keep;
    if (temporary_) {
        temporary_->keep(keep);
    }
}

/// Root only. Nothing, unless the file is the one of the mark and can be read.
void ResultsFile::take_up(const std::string& mark) {
    const std::string declared = declared_mark();
    if (!mark.ends_with(declared)) {
        return;
    }
    std::unique_ptr<TemporaryFile> found =
        TemporaryFile::taken_up(output_, mark.substr(0, mark.size() - declared.size()));
    if (!found) {
        return;
    }
    try {
        const Handle file = open_for_reading(found->name());
        for (const auto& [where, shape] : declared_) {
            open_dataset(file, shape.per_row == 0 ? where : where + "/data");
        }
    } catch (const UserError&) {
        return;
    }
    identity_ = found->identity();
    mark_ = mark;
    temporary_ = std::move(found);
}

bool ResultsFile::continue_unfinished(const std::string& mark) {
    hdf5_reason();  // as in open_for_data
    world_.on_root([&] { take_up(mark); });
    share_identity();
    if (identity_ == 0) {
        return false;
    }
    open();
    if (failure_) {  // on all ranks
        failure_.reset();
        discard();
        return false;
    }
    plan_.clear();
    kept_ = true;
    return true;
}

hid_t ResultsFile::dataset(const std::string& where, const std::string& what) {
    const auto [at, is_new] = datasets_.try_emplace(where);
    if (is_new) {
        at->second = Handle(H5Dopen2(file_, where.c_str(), H5P_DEFAULT), H5Dclose, what);
    }
    return at->second;
}

const ResultsFile::Shape& ResultsFile::shape_of(const std::string& where, Range rows) const {
    const auto at = declared_.find(where);
    if (at == declared_.end()) {
        throw InternalError(where + " was not declared");
    }
    if (rows.begin < 0 || rows.size() < 0 || rows.end > at->second.rows) {
        throw InternalError(where + ": rows " + std::to_string(rows.begin) + " to " + std::to_string(rows.end) +
                            " are not within its " + std::to_string(at->second.rows));
    }
    return at->second;
}

void ResultsFile::transfer(const std::string& where, hid_t type, const Slab& slab, const void* values) {
    attempt([&] {
        const std::string what =
            "write " + where + " of " + output_ + " from index " + std::to_string(slab.start[0]) + " on";
        const hid_t to = dataset(where, what);
        try {
            write_slab(to, type, slab, values, what);
        } catch (const UserError& e) {
            throw UserError(std::string(e.what()) + " (" + size_text(free_bytes(output_)) + " free in its folder)");
        }
    });
}

void ResultsFile::write_rows(const std::string& where, Range rows, ConstMatrixView values) {
    const Shape& shape = shape_of(where, rows);
    if (shape.per_row != 0 || values.rows() != rows.size() || values.cols() != shape.cols) {
        throw InternalError(where + ": values are not " + std::to_string(rows.size()) + " rows of a dense matrix of " +
                            std::to_string(shape.cols) + " columns");
    }
    if (values.size() == 0) {
        return;
    }
    const auto row_bytes = static_cast<std::size_t>(shape.cols) * sizeof(float);
    const Index batch = std::max<Index>(1, static_cast<Index>(transfer_bytes_ / row_bytes));
    for (Index r = 0; r < rows.size(); r += batch) {
        const Index n = std::min(batch, rows.size() - r);
        const Slab slab = {{static_cast<hsize_t>(rows.begin + r), 0},
                           {static_cast<hsize_t>(n), static_cast<hsize_t>(shape.cols)}};
        transfer(where, H5T_NATIVE_FLOAT, slab, values.data() + r * shape.cols);
    }
}

template <typename T>
void ResultsFile::write_entries(const std::string& where, hid_t type, Index begin, std::span<const T> values) {
    const std::size_t batch = std::max<std::size_t>(1, transfer_bytes_ / sizeof(T));
    for (std::size_t at = 0; at < values.size(); at += batch) {
        const Slab slab = {{static_cast<hsize_t>(begin) + at}, {std::min(batch, values.size() - at)}};
        transfer(where, type, slab, values.data() + at);
    }
}

void ResultsFile::write_csr_rows(const std::string& where, Range rows, std::span<const std::int32_t> indices,
                                 std::span<const float> values) {
    const Shape& shape = shape_of(where, rows);
    const auto entries = static_cast<std::size_t>(rows.size() * shape.per_row);
    if (indices.size() != entries || values.size() != entries) {
        throw InternalError(where + ": " + std::to_string(indices.size()) + " indices and " +
                            std::to_string(values.size()) + " values for " + std::to_string(rows.size()) + " rows of " +
                            std::to_string(shape.per_row) + " entries");
    }
    write_entries(where + "/indices", H5T_NATIVE_INT32, rows.begin * shape.per_row, indices);
    write_entries(where + "/data", H5T_NATIVE_FLOAT, rows.begin * shape.per_row, values);
}

void ResultsFile::write_column(const std::string& where, Index begin, std::span<const double> values) {
    write_entries(where, H5T_NATIVE_DOUBLE, begin, values);
}

/// All ranks together, also after a failure: closes what there is, and removes it if it is not to be kept.
void ResultsFile::discard() {
    datasets_.clear();
    if (file_.valid()) {
        close_together(file_);
        H5Eclear2(H5E_DEFAULT);
    }
    temporary_.reset();
    identity_ = 0;
    mark_.clear();
}

void ResultsFile::discard_after_failure() {
    if (world_.sum(std::int64_t{failure_ ? 1 : 0}) > 0) {
        discard();
    }
}

void ResultsFile::agree() {
    discard_after_failure();
    world_.together([&] { throw_failure(); });
}

void ResultsFile::flush() {
    agree();
    attempt([&] {
        const mpi::CountedCall counted("H5Fflush (all ranks)", 0);
        require(H5Fflush(file_, H5F_SCOPE_GLOBAL), "flush " + output_ + " to disk");
    });
    agree();
}

void ResultsFile::finish() {
    flush();
    datasets_.clear();
    const herr_t closed = close_together(file_);
    attempt([&] { require(closed, "close " + output_); });
    agree();
    attempt_on_root([&] { temporary_->publish(); });
    temporary_.reset();
    identity_ = 0;
    mark_.clear();
}

}  // namespace lazynet::io
