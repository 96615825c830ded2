#include "lazynet/train/provenance.hpp"

#include "git_hash.hpp"

namespace lazynet::train {

std::string version() {
    return LAZYNET_VERSION;
}

std::string git_hash() {
    return LAZYNET_GIT_HASH;
}

std::string compiler() {
    return LAZYNET_COMPILER;
}

}  // namespace lazynet::train
