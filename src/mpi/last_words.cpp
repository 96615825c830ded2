#include "lazynet/mpi/last_words.hpp"

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "activity.hpp"

namespace lazynet::mpi {
namespace {

struct Fault {
    int signal;
    const char* name;
    bool ours;  ///< nobody else wants it
};

std::array<Fault, 5> faults = {{{SIGSEGV, "segmentation fault", false},
                                {SIGBUS, "bus error (a mapped file shrank, or /dev/shm is full)", false},
                                {SIGFPE, "arithmetic error", false},
                                {SIGILL, "illegal instruction (built for another processor?)", false},
                                {SIGABRT, "aborted", false}}};

std::array<char, 256> prefix = {"lazynet: "};
std::atomic<int> own_flag{0};
std::atomic<std::atomic<int>*> flag{&own_flag};
/// Seconds that MPI_Abort may take.
constexpr unsigned kAbortSeconds = 5;

/// A line put together and written by what signal handlers may call.
class Line {
public:
    Line& operator<<(std::string_view text) {
        const std::size_t n = std::min(text.size(), bytes_.size() - 1 - used_);
        std::memcpy(bytes_.data() + used_, text.data(), n);
        used_ += n;
        return *this;
    }
    void write() {
        bytes_[used_++] = '\n';
        if (::write(STDERR_FILENO, bytes_.data(), used_) < 0) {
            return;  // nowhere left to say it
        }
    }

private:
    std::array<char, 512> bytes_{};
    std::size_t used_ = 0;
};

extern "C" void say_fault(int signal) {
    if (claim_last_words()) {
        for (const Fault& fault : faults) {
            if (fault.signal == signal) {
                const SharedText::Bytes phase = activity().phase.load();
                Line line;
                line << prefix.data() << fault.name;
                if (phase[0] != '\0') {
                    line << " in phase " << phase.data();
                }
                line << "; this is a bug";
                line.write();
            }
        }
    }
    raise(signal);  // SA_RESETHAND: the default action, once this handler returns
}

extern "C" void give_up(int) {
    _exit(1);
}

[[noreturn]] void say_terminate() {
    std::string what = "std::terminate was called";
    if (const std::exception_ptr thrown = std::current_exception()) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& e) {
            what = e.what();
        } catch (...) {
            what = "unknown exception";
        }
    }
    end_job("internal error: " + what + " (not caught)", 1);
}

void name_rank() {
    int rank = 0;
    int size = 1;
    int length = 0;
    char host[MPI_MAX_PROCESSOR_NAME] = "";
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Get_processor_name(host, &length);
    if (size > 1) {
        std::snprintf(prefix.data(), prefix.size(), "lazynet: rank %d/%d on %.200s: ", rank, size, host);
    }
}

[[noreturn]] void end_with(std::string_view subject, std::string_view what, int code) {
    if (claim_last_words()) {
        std::fflush(stdout);
        std::fprintf(stderr, "%.*s%.*s\n", static_cast<int>(subject.size()), subject.data(),
                     static_cast<int>(what.size()), what.data());
        std::fflush(stderr);
    }
    int is_up = 0;
    int is_down = 0;
    MPI_Initialized(&is_up);
    MPI_Finalized(&is_down);
    if (is_up != 0 && is_down == 0) {
        std::signal(SIGALRM, give_up);
        alarm(kAbortSeconds);
        MPI_Abort(MPI_COMM_WORLD, code);
    }
    std::_Exit(code);
}

}  // namespace

void prepare_last_words() {
    for (Fault& fault : faults) {
        struct sigaction found {};
        fault.ours = sigaction(fault.signal, nullptr, &found) == 0 && found.sa_handler == SIG_DFL;
    }
}

void introduce_rank() {
    name_rank();
    static std::array<std::byte, std::size_t{1} << 16> reserve;  // a stack for the fault of having none left
    stack_t stack{};
    stack.ss_sp = reserve.data();
    stack.ss_size = reserve.size();
    for (const Fault& fault : faults) {
        if (fault.ours) {
            sigaltstack(&stack, nullptr);
            struct sigaction action {};
            action.sa_handler = say_fault;
            action.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND);
            sigemptyset(&action.sa_mask);
            sigaction(fault.signal, &action, nullptr);
        }
    }
    std::set_terminate(say_terminate);
}

void share_last_words(std::atomic<int>* spoken) {
    flag = spoken;
}

bool claim_last_words() {
    int none = 0;
    return flag.load()->compare_exchange_strong(none, 1);
}

bool last_words_spoken() {
    return flag.load()->load() != 0;
}

void end_job(std::string_view what, int code) {
    end_with(prefix.data(), what, code);
}

void end_job_because(std::string_view what, int code) {
    end_with("lazynet: ", what, code);
}

}  // namespace lazynet::mpi
