#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lazynet/core/types.hpp"
#include "lazynet/io/anndata_elements.hpp"
#include "lazynet/io/h5.hpp"
#include "lazynet/io/table.hpp"
#include "lazynet/io/temporary_file.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::io {

/// Writes an AnnData file from all ranks, whole or not at all, with the same bytes for any number of ranks.
///
/// Two phases, the same lines on every rank:
///
///     ResultsFile file(world, "run.h5ad");
///     file.table("obs", conditions);                        // small things: only the root's values count
///     file.declare_dense("varp/consensus_mean", G, G);      // large things: shape now, values later
///     file.open_for_data();                                 // collective: root writes the small things, all open
///     for (...) file.write_rows("varp/consensus_mean", rows, values);      // alone, as often as needed
///     file.finish();                                        // collective: flushed, then renamed
///
/// A failure on one rank is remembered there, that rank's later writes do nothing, and the next collective member
/// throws it on all ranks as one AgreedError. Then, and when the object dies unfinished, the temporary file is removed
/// (unless it is to be kept) and an older file under the same name is untouched. Writes are independent transfers to
/// space that is already allocated in the file, so no rank waits for another and no filter is involved.
class ResultsFile {
public:
    /// Nothing is written before open_for_data. `world` must outlive this object.
    ResultsFile(const mpi::Communicator& world, std::string output);
    ResultsFile(const ResultsFile&) = delete;
    ResultsFile& operator=(const ResultsFile&) = delete;
    /// Collective when the file is open and no exception is in flight (it closes the file). While unwinding the file is
    /// abandoned instead: its closing would wait for ranks that may never come, and MPI's end closes it.
    ~ResultsFile();

    // Phase 1. Places are AnnData's: "obs", "X", "uns/lazynet/seed"; each may be named once.
    void table(const std::string& where, Table table);
    void text(const std::string& where, std::string text);
    void number(const std::string& where, Number number);
    void strings(const std::string& where, std::vector<std::string> strings);
    void array(const std::string& where, std::vector<double> values);
    void array(const std::string& where, std::vector<std::int64_t> values);
    /// A float32 matrix, filled by write_rows.
    void declare_dense(const std::string& where, Index rows, Index cols);
    /// A csr_matrix with exactly `per_row` entries in every row, filled by write_csr_rows.
    void declare_csr(const std::string& where, Index rows, Index cols, Index per_row);
    /// What the file will take on disk, about; exact for what is declared. On the root only, 0 elsewhere.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

    /// Collective. Compares the bytes with the free space, makes the file, reserves its space, opens it on all ranks.
    /// @throws AgreedError: no space (both numbers), folder not writable, HDF5's reason
    void open_for_data();

    /// Whether the temporary file, once it is open for data, stays when this dies unfinished, by an exception, a failed
    /// write or a signal: for a run that takes the work up. Not collective, the same on all ranks.
    void keep_unfinished(bool keep);
    /// Tells the unfinished file that is open for data from any other: where it is, and what was declared with which
    /// values. The same on every rank; "" when there is none.
    [[nodiscard]] const std::string& mark() const { return mark_; }
    /// Instead of open_for_data, after the same declarations: opens the unfinished file an interrupted run has left, if
    /// it is the one of `mark`, to be kept further on. What that run had written before its last `flush` is there.
    /// Collective. @param mark the same on all ranks @return false if it is not there any more, or what is declared now
    /// differs; then nothing has changed
    bool continue_unfinished(const std::string& mark);

    // Phase 2.
    /// Not collective. Row r of `values` is row rows.begin + r of the matrix.
    /// @throws InternalError if the shapes do not fit the declaration
    void write_rows(const std::string& where, Range rows, ConstMatrixView values);
    /// Not collective. Entry e of row r is at r * per_row + e; column indices ascend within a row.
    /// @throws InternalError if the sizes do not fit the declaration
    void write_csr_rows(const std::string& where, Range rows, std::span<const std::int32_t> indices,
                        std::span<const float> values);
    /// Not collective. Elements from `begin` on of a column of numbers that is in a table, like "obs/error" (or the
    /// codes of a categorical: "obs/kind/codes"): for what is known only after phase 1, where the table held zeros.
    void write_column(const std::string& where, Index begin, std::span<const double> values);
    /// Collective. @throws AgreedError if a write failed on any rank so far: file, place, HDF5's reason, free space
    void agree();
    /// Collective. What was written so far is on disk when it returns, whatever happens to the processes or the
    /// machine.
    /// @throws AgreedError like agree
    void flush();
    /// Collective. Flushes to disk, closes, and gives the file its name. @throws AgreedError like agree
    void finish();

    /// Longest single transfer, bytes: HDF5 1.10 cannot write 2 GiB and more at once. Tests make it small.
    void limit_transfer(std::size_t bytes) { transfer_bytes_ = bytes; }

private:
    struct Shape {
        Index rows;
        Index cols;
        Index per_row;  // 0: dense
    };
    using Step = std::function<void(hid_t)>;

    void count(const std::string& where, std::uint64_t bytes, const std::vector<std::byte>& content);
    void plan(Step step);
    void attempt(const std::function<void()>& action);
    void attempt_on_root(const std::function<void()>& action);
    void throw_failure() const;
    void discard_after_failure();
    void create();
    void share_identity();
    [[nodiscard]] std::string declared_mark() const;
    void take_up(const std::string& mark);
    void open();
    void discard();
    hid_t dataset(const std::string& where, const std::string& what);
    const Shape& shape_of(const std::string& where, Range rows) const;
    void transfer(const std::string& where, hid_t type, const Slab& slab, const void* values);
    template <typename T>
    void write_entries(const std::string& where, hid_t type, Index begin, std::span<const T> values);

    const mpi::Communicator& world_;
    std::string output_;
    std::map<std::string, Shape> declared_;
    std::vector<Step> plan_;                    // root only
    std::uint64_t bytes_ = 0;                   // root only
    std::uint32_t declared_checksum_ = 0;       // root only; of places and values
    std::unique_ptr<TemporaryFile> temporary_;  // root only
    Handle file_;                               // all ranks, from open_for_data to finish
    std::map<std::string, Handle> datasets_;
    std::optional<std::string> failure_;
    std::uint64_t identity_ = 0;  // of the temporary file, on all ranks; 0: there is none
    std::string mark_;
    bool kept_ = false;
    std::size_t transfer_bytes_ = std::size_t{512} << 20;
};

}  // namespace lazynet::io
