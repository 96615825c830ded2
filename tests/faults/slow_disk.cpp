// Preloaded: long reads of files take 50 ms each, so that a test can meddle with a file while it is
// read.
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>

extern "C" ssize_t pread64(int file, void* bytes, std::size_t n, off64_t at) {
    constexpr std::size_t kLong = 16384;
    if (n >= kLong) {
        const timespec nap{0, 50000000};
        nanosleep(&nap, nullptr);
    }
    return syscall(SYS_pread64, file, bytes, n, at);
}

extern "C" ssize_t pread(int file, void* bytes, std::size_t n, off_t at) {
    return pread64(file, bytes, n, at);
}
