#include "lazynet/io/model_file.hpp"

#include <fmt/format.h>

#include "lazynet/core/error.hpp"
#include "lazynet/io/dynamics_file.hpp"
#include "lazynet/io/number_dataset.hpp"
#include "lazynet/io/run_file.hpp"

namespace lazynet::io {
namespace {

const std::string kModel = "uns/lazynet/model/";

std::string required_text(const RunFile& run, const std::string& where) {
    auto text = run.text(where);
    if (!text) {
        throw UserError(run.path() + ": there is no " + where + "; is this a run.h5ad of `lazynet train`?");
    }
    return *text;
}

/// Extents of a matrix.
std::vector<hsize_t> extents(const std::string& path, hid_t file, const std::string& name) {
    const NumberDataset dataset(path, file, name);
    if (dataset.shape().size() != 2) {
        throw UserError(dataset.where() + " has " + std::to_string(dataset.shape().size()) + " dimensions, expected 2");
    }
    return dataset.shape();
}

}  // namespace

ModelFile::ModelFile(const std::string& path) : path_(path), file_(open_for_reading(path)) {
    const RunFile run(path);
    options_ = required_text(run, "uns/lazynet/options");
    if (!has_link(file_, "uns/lazynet/model") || !has_link(file_, kModel + "a") || !has_link(file_, kModel + "c")) {
        throw UserError(path + ": there are no LazyNet models of a screen in it (uns/lazynet/model)");
    }
    fingerprint_ = required_text(run, "uns/lazynet/screen_fingerprint");
    is_pruned_ = has_link(file_, "uns/lazynet/rounds");
    const Handle share = open_dataset(file_, "uns/lazynet/l2_share");
    require(H5Dread(share, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &l2_share_),
            "read " + path + ": uns/lazynet/l2_share");
    const auto a = extents(path, file_, kModel + "a");
    const auto c = extents(path, file_, kModel + "c");
    const auto support = extents(path, file_, kModel + "support");
    if (a[0] != support[0] * (support[1] + 1) || c[1] != a[1] + 1) {
        throw UserError(path + ": the shapes of uns/lazynet/model/a, c and support do not fit each other");
    }
    shards_ = static_cast<Index>(support[0]);
    inputs_ = static_cast<Index>(support[1]);
    hidden_ = static_cast<Index>(a[1]);
    output_rows_ = static_cast<Index>(c[0]);
}

Matrix ModelFile::rows(const char* name, Range range, Index columns) const {
    Matrix values(range.size(), columns);
    NumberDataset dataset(path_, file_, kModel + name);
    dataset.read(range, std::span(values.data(), static_cast<std::size_t>(values.size())));
    return values;
}

Matrix ModelFile::a(Index shard) const {
    return rows("a", {shard * (inputs_ + 1), (shard + 1) * (inputs_ + 1)}, hidden_);
}

Matrix ModelFile::a(Index shard, Range inputs) const {
    const Index first = shard * (inputs_ + 1);
    return rows("a", {first + inputs.begin, first + inputs.end}, hidden_);
}

Matrix ModelFile::c(Range range) const {
    return rows("c", range, hidden_ + 1);
}

std::vector<float> ModelFile::support(Index shard) const {
    const Matrix row = rows("support", {shard, shard + 1}, inputs_);
    return {row.data(), row.data() + row.size()};
}

std::string option_lines(const ModelFile& model) {
    return option_lines(model.path(), model.options(), {"input", "l2"}) + fmt::format("l2 = {}\n", model.l2_share());
}

}  // namespace lazynet::io
