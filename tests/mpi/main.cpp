// GoogleTest under mpiexec: root prints as usual, other ranks print only failures, all ranks
// return the same code so the launcher cannot miss a failure on rank 3.
#include <gtest/gtest.h>

#include <cstdio>

#include "lazynet/mpi/communicator.hpp"
#include "lazynet/mpi/environment.hpp"

namespace {

class FailuresOnly : public testing::EmptyTestEventListener {
public:
    explicit FailuresOnly(int rank) : rank_(rank) {}
    void OnTestPartResult(const testing::TestPartResult& r) override {
        if (r.failed()) {
            std::fprintf(stderr, "[rank %d] %s:%d\n%s\n", rank_, r.file_name(), r.line_number(), r.message());
        }
    }

private:
    int rank_;
};

}  // namespace

int main(int argc, char** argv) {
    return lazynet::mpi::guarded_main(argc, argv, [](int n, char** v) {
        testing::InitGoogleTest(&n, v);
        const auto world = lazynet::mpi::Communicator::world();
        auto& listeners = testing::UnitTest::GetInstance()->listeners();
        if (!world.is_root()) {
            delete listeners.Release(listeners.default_result_printer());
            listeners.Append(new FailuresOnly(world.rank()));
        }
        return static_cast<int>(world.max(std::int64_t{RUN_ALL_TESTS()}));
    });
}
