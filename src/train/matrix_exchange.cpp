#include "matrix_exchange.hpp"

#include "lazynet/core/packer.hpp"

namespace lazynet::train {
namespace {

std::vector<std::byte> packed(const std::vector<std::vector<Matrix>>& mine) {
    std::vector<std::byte> bytes;
    Packer packer(bytes);
    for (const std::vector<Matrix>& replica : mine) {
        packer.index(static_cast<Index>(replica.size()));
        for (const Matrix& m : replica) {
            packer.matrix(m);
        }
    }
    return bytes;
}

std::vector<Matrix> unpack_replica(Unpacker& unpacker) {
    std::vector<Matrix> all(static_cast<std::size_t>(unpacker.index()));
    for (Matrix& m : all) {
        m = unpacker.matrix();
    }
    return all;
}

}  // namespace

std::vector<std::vector<Matrix>> gather_matrices(const mpi::Communicator& world,
                                                 const std::vector<std::vector<Matrix>>& mine) {
    if (world.size() == 1) {
        return mine;
    }
    const std::vector<std::vector<std::byte>> out(static_cast<std::size_t>(world.size()), packed(mine));
    std::vector<std::vector<Matrix>> all;
    for (const std::vector<std::byte>& bytes : world.exchange(out)) {
        Unpacker unpacker(bytes);
        while (!unpacker.done()) {
            all.push_back(unpack_replica(unpacker));
        }
    }
    return all;
}

}  // namespace lazynet::train
