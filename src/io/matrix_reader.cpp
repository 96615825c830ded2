#include "lazynet/io/matrix_reader.hpp"

#include <algorithm>

namespace lazynet::io {

ValueSample MatrixReader::sample(Index entries) {
    ValueSample sample;
    CsrRows row;
    const Index rows = std::clamp<Index>(entries / std::max<Index>(genes(), 1), std::min<Index>(32, cells()), cells());
    for (Index i = 0; i < rows; ++i) {
        const Index cell = block_of(cells(), rows, i).begin;
        read({cell, cell + 1}, row);
        for (std::size_t k = 0; k < row.values.size(); ++k) {
            sample.add(cell, row.genes[k], row.values[k]);
        }
        sample.looked_at += static_cast<double>(genes());
    }
    return sample;
}

}  // namespace lazynet::io
