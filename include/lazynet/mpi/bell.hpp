#pragma once

#include "lazynet/mpi/communicator.hpp"

namespace lazynet::mpi {

/// A word that any rank may send to all others, which hear it when they next listen: nobody waits for anybody.
class Bell {
public:
    /// Collective.
    explicit Bell(const Communicator& world);

    /// Sends `word` (not 0) to all other ranks, the first time only. Not collective.
    void ring(int word);
    /// The first word that came, or 0: a look at the messages. Not collective.
    [[nodiscard]] int heard();
    /// Collective: takes in what is still on its way. Nobody may ring afterwards.
    void silence();

private:
    void receive();

    Communicator messages_;
    int heard_ = 0;
    bool rung_ = false;
    std::int64_t received_ = 0;
};

}  // namespace lazynet::mpi
