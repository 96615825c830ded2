#pragma once

#include <stdexcept>
#include <string>

namespace lazynet {

/// The caller gave us something we cannot use: a flag, a file, a shape. Exit code 2.
struct UserError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A UserError that every rank has thrown with the same text, so the job can end in an orderly way.
/// mpi::Communicator's together and on_root make one; elsewhere only what all ranks see alike may, like a wrong
/// command.
struct AgreedError : UserError {
    using UserError::UserError;
};

/// All ranks have agreed to stop because somebody asked for it, and what was done is saved: exit code 85. The text says
/// where, and how to go on.
struct StoppedOnRequest : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A promise made inside this code base was broken. Exit code 1; report it as a bug.
struct InternalError : std::logic_error {
    using std::logic_error::logic_error;
};

}  // namespace lazynet
