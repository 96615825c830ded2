#include "lazynet/mpi/bell.hpp"

#include "lazynet/mpi/traffic.hpp"

namespace lazynet::mpi {

Bell::Bell(const Communicator& world) : messages_(world.duplicate()) {}

void Bell::ring(int word) {
    if (rung_) {
        return;
    }
    rung_ = true;
    for (int r = 0; r < messages_.size(); ++r) {
        if (r != messages_.rank()) {
            const CountedCall counted("MPI_Send", sizeof(int));
            check(MPI_Send(&word, 1, MPI_INT, r, 0, messages_.raw()));  // so short that it waits for nobody
        }
    }
}

int Bell::heard() {
    int found = 0;
    check(MPI_Iprobe(MPI_ANY_SOURCE, 0, messages_.raw(), &found, MPI_STATUS_IGNORE));
    if (found != 0) {
        receive();
    }
    return heard_;
}

void Bell::receive() {
    int word = 0;
    const CountedCall counted("MPI_Recv", 0);
    check(MPI_Recv(&word, 1, MPI_INT, MPI_ANY_SOURCE, 0, messages_.raw(), MPI_STATUS_IGNORE));
    heard_ = heard_ == 0 ? word : heard_;
    ++received_;
}

void Bell::silence() {
    const std::int64_t rings = messages_.sum(rung_ ? 1 : 0) - (rung_ ? 1 : 0);
    while (received_ < rings) {
        receive();
    }
}

}  // namespace lazynet::mpi
