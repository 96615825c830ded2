#include "lazynet/io/run_file.hpp"

#include <algorithm>

#include "lazynet/core/error.hpp"

namespace lazynet::io {
namespace {

constexpr const char* kNames[] = {"mean", "sd", "sign", "selected"};

std::string shape_text(const std::vector<hsize_t>& shape) {
    std::string text;
    for (const hsize_t n : shape) {
        text += (text.empty() ? "" : " x ") + std::to_string(n);
    }
    return text;
}

void require_shape(hid_t dataset, const std::string& where, const std::vector<hsize_t>& expected) {
    if (const auto found = dataset_shape(dataset); found != expected) {
        throw UserError(where + " is " + shape_text(found) + ", expected " + shape_text(expected));
    }
}

void require_link(hid_t file, const std::string& where) {
    if (!has_link(file, where)) {
        throw UserError("there is no " + where + "; is this a run.h5ad of `lazynet train`?");
    }
}

/// Rows of a 2-D dataset.
void read_rows(hid_t dataset, Range rows, std::size_t cols, std::vector<float>& out) {
    out.resize(static_cast<std::size_t>(rows.size()) * cols);
    if (out.empty()) {
        return;
    }
    const Slab slab = {{static_cast<hsize_t>(rows.begin), 0}, {static_cast<hsize_t>(rows.size()), cols}};
    read_slab(dataset, H5T_NATIVE_FLOAT, slab, out.data(), "read consensus rows");
}

template <typename T>
std::vector<T> read_all(hid_t dataset, std::size_t expected, const std::string& where) {
    require_shape(dataset, where, {expected});
    std::vector<T> values(expected);
    read_slice(dataset, {0, static_cast<Index>(expected)}, values);
    return values;
}

/// Says which file an error is about.
template <typename Action>
void in_file(const std::string& path, Action&& action) {
    try {
        action();
    } catch (const UserError& e) {
        throw UserError(path + ": " + e.what());
    }
}

}  // namespace

RunFile::RunFile(std::string path) : path_(std::move(path)), file_(open_for_reading(path_)) {
    in_file(path_, [&] {
        read_axis();
        if (has_link(file_, "varp") && has_link(file_, "varp/consensus_mean")) {
            open_consensus();
        }
    });
}

void RunFile::read_axis() {
    require_link(file_, "var");
    const Handle var = open_group(file_, "var");
    const std::string index = read_string_attribute(var, "_index");
    genes_ = read_strings(open_dataset(var, index.empty() ? "_index" : index));
    const bool is_run = has_link(file_, "uns") && has_link(file_, "uns/lazynet");
    const Handle own = is_run ? open_group(file_, "uns/lazynet") : Handle();
    if (is_run && has_link(own, "unmeasured_regulators")) {
        unmeasured_ = read_strings(open_dataset(own, "unmeasured_regulators"));
    }
    support_.assign(genes_.size() + unmeasured_.size(), 1);
    if (has_link(var, "regulator_support")) {
        const auto part =
            read_all<std::int64_t>(open_dataset(var, "regulator_support"), genes_.size(), "var/regulator_support");
        std::copy(part.begin(), part.end(), support_.begin());
    }
    if (is_run && has_link(own, "unmeasured_support")) {
        const auto part = read_all<std::int64_t>(open_dataset(own, "unmeasured_support"), unmeasured_.size(),
                                                 "uns/lazynet/unmeasured_support");
        std::copy(part.begin(), part.end(), support_.begin() + static_cast<std::ptrdiff_t>(genes_.size()));
    }
}

void RunFile::open_consensus() {
    const bool sparse = H5Oexists_by_name(file_, "varp/consensus_mean/indptr", H5P_DEFAULT) > 0;
    H5Eclear2(H5E_DEFAULT);  // asking inside a dataset is an error to HDF5, and an answer to us
    if (sparse) {
        open_sparse();
    }
    for (std::size_t s = 0; s < kStatistics; ++s) {
        const std::string where = std::string("varp/consensus_") + kNames[s] + (sparse ? "/data" : "");
        require_link(file_, where);
        measured_values_[s] = open_dataset(file_, where);
        if (sparse) {
            require_shape(measured_values_[s], where, {static_cast<hsize_t>(starts_.back())});
        } else {
            require_shape(measured_values_[s], where, {genes_.size(), genes_.size()});
        }
        if (!unmeasured_.empty()) {
            const std::string other = std::string("varm/consensus_") + kNames[s] + "_unmeasured";
            require_link(file_, other);
            unmeasured_values_[s] = open_dataset(file_, other);
            require_shape(unmeasured_values_[s], other, {genes_.size(), unmeasured_.size()});
        }
    }
    has_consensus_ = true;
}

/// All four statistics share one pattern, so the first one's is read.
void RunFile::open_sparse() {
    const std::string where = "varp/consensus_mean";
    starts_ = read_all<std::int64_t>(open_dataset(file_, where + "/indptr"), genes_.size() + 1, where + "/indptr");
    if (starts_.front() != 0 || !std::is_sorted(starts_.begin(), starts_.end())) {
        throw UserError(where + "/indptr does not ascend from 0; the file is damaged");
    }
    indices_ = open_dataset(file_, where + "/indices");
    require_shape(indices_, where + "/indices", {static_cast<hsize_t>(starts_.back())});
}

const std::string& RunFile::regulator(Index j) const {
    const auto at = static_cast<std::size_t>(j);
    return at < genes_.size() ? genes_[at] : unmeasured_[at - genes_.size()];
}

Index RunFile::rows_per_read(std::size_t bytes) const {
    // Per pair: the four statistics as read, and at most the same again with the regulator.
    const std::size_t row = std::max<std::size_t>(1, support_.size()) * (8 * sizeof(float) + sizeof(std::int32_t));
    return std::max<Index>(1, static_cast<Index>(bytes / row));
}

void RunFile::append(std::int32_t regulator, const Buffers& values, std::size_t at, ConsensusRows& rows) const {
    const float mean = values[0][at];
    const float sd = values[1][at];
    if ((mean == 0 && sd == 0) || support_[static_cast<std::size_t>(regulator)] == 0) {
        return;
    }
    rows.regulators.push_back(regulator);
    rows.mean.push_back(mean);
    rows.sd.push_back(sd);
    rows.sign_agreement.push_back(values[2][at]);
    rows.selected.push_back(values[3][at]);
}

/// From the file into the buffers: all four statistics of these rows.
void RunFile::load(Range targets, Range entries) {
    if (is_sparse()) {
        columns_.resize(static_cast<std::size_t>(entries.size()));
        read_slice(indices_, entries, columns_);
        const auto genes = static_cast<std::int32_t>(genes_.size());
        if (std::any_of(columns_.begin(), columns_.end(), [&](std::int32_t j) { return j < 0 || j >= genes; })) {
            throw UserError("varp/consensus_mean/indices names a gene that is not there; the file is damaged");
        }
    }
    for (std::size_t s = 0; s < kStatistics; ++s) {
        if (is_sparse()) {
            measured_[s].resize(static_cast<std::size_t>(entries.size()));
            read_slice(measured_values_[s], entries, measured_[s]);
        } else {
            read_rows(measured_values_[s], targets, genes_.size(), measured_[s]);
        }
        if (!unmeasured_.empty()) {
            read_rows(unmeasured_values_[s], targets, unmeasured_.size(), unmeasured_part_[s]);
        }
    }
}

Range RunFile::entries_of(Range targets) const {
    return is_sparse()
               ? Range{starts_[static_cast<std::size_t>(targets.begin)], starts_[static_cast<std::size_t>(targets.end)]}
               : Range{};
}

void RunFile::read(Range targets, ConsensusRows& rows) {
    const Range entries = entries_of(targets);
    in_file(path_, [&] { load(targets, entries); });
    for (auto* part : {&rows.mean, &rows.sd, &rows.sign_agreement, &rows.selected}) {
        part->clear();
    }
    rows.regulators.clear();
    rows.offsets.assign(1, 0);
    const std::size_t genes = genes_.size();
    const std::size_t others = unmeasured_.size();
    for (Index t = targets.begin; t < targets.end; ++t) {
        const auto row = static_cast<std::size_t>(t - targets.begin);
        const Range own = entries_of({t, t + 1});
        for (Index e = own.begin - entries.begin; e < own.end - entries.begin; ++e) {
            append(columns_[static_cast<std::size_t>(e)], measured_, static_cast<std::size_t>(e), rows);
        }
        for (std::size_t j = 0; j < genes && !is_sparse(); ++j) {
            append(static_cast<std::int32_t>(j), measured_, row * genes + j, rows);
        }
        for (std::size_t j = 0; j < others; ++j) {
            append(static_cast<std::int32_t>(genes + j), unmeasured_part_, row * others + j, rows);
        }
        rows.offsets.push_back(static_cast<std::int64_t>(rows.regulators.size()));
    }
}

std::optional<std::string> RunFile::text(const std::string& where) const {
    std::optional<std::string> found;
    in_file(path_, [&] {
        for (std::size_t slash = where.find('/'); slash != std::string::npos; slash = where.find('/', slash + 1)) {
            if (!has_link(file_, where.substr(0, slash))) {
                return;
            }
        }
        if (has_link(file_, where)) {
            found = read_strings(open_dataset(file_, where)).at(0);
        }
    });
    return found;
}

}  // namespace lazynet::io
