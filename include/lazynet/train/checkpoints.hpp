#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lazynet/core/log.hpp"
#include "lazynet/core/packer.hpp"
#include "lazynet/io/checkpoint_folder.hpp"
#include "lazynet/mpi/assembly.hpp"
#include "lazynet/mpi/communicator.hpp"

namespace lazynet::train {

/// Where a run saves its work, and how often.
struct CheckpointOptions {
    std::string folder;   ///< empty: nowhere
    bool resume = false;  ///< go on from the newest step in the folder
    bool anew = false;    ///< what the folder holds may be replaced
    double minutes = 10.0;
    long epochs = 0;  ///< of shards trained by the first rank; 0: only time counts
};

/// What a run has done so far and saves: finished pieces, which are written once, and under "live/<key>" the state of
/// those in hand, which the rank that works on them gives anew to every step. Both are keyed by what they are about
/// (replica, block, genes), never by rank.
///
/// Saves happen where the ranks are in step anyway (`point`), and while they work alone when somebody calls them
/// together (`between`, `gate`): after some minutes or epochs, and when the scheduler sends SIGTERM or SIGUSR1; then,
/// once the step is on disk, all ranks throw StoppedOnRequest.
class Checkpoints {
public:
    using Records = std::vector<io::CheckpointRecord>;
    /// Appends the state of this rank's work in hand.
    using Live = std::function<void(Records&)>;
    /// Writes one finished piece.
    using Piece = std::function<void(Packer&)>;

    /// No checkpoints: nothing is found, nothing is saved.
    Checkpoints() = default;
    /// Collective. Opens the newest step when the options say so, and remembers stop signals from now on. `world` must
    /// outlive this.
    /// @throws AgreedError when the folder holds steps and neither `resume` nor `anew` is set, and as
    /// CheckpointFolder::open does
    Checkpoints(const mpi::Communicator& world, const CheckpointOptions& options, io::CheckpointIdentity identity,
                Log& log);

    [[nodiscard]] bool active() const { return state_ != nullptr; }
    /// A step was found to go on from.
    [[nodiscard]] bool resumed() const;
    /// The run of this folder was finished.
    [[nodiscard]] bool finished() const;

    // What was saved before. The same on every rank; reading is each rank's own affair.
    [[nodiscard]] bool has(const std::string& key) const;
    /// Bytes of a piece that was found. @pre has(key) @throws UserError
    [[nodiscard]] std::vector<std::byte> load(const std::string& key) const;
    /// Keys that begin so, ascending.
    [[nodiscard]] std::vector<std::string> keys(const std::string& beginning) const;

    /// A finished piece: written by the next save. Not collective. `piece` is called then and must be callable until
    /// the next save or `forget`. What was saved under the key is replaced.
    void finish(const std::string& key, Piece piece);
    /// Pieces whose keys begin so, and their live states, are not needed any more. The same calls on every rank.
    void forget(const std::string& beginning);

    /// Between two steps of work that a rank does alone: comes to a save if there is one. Not collective.
    /// @throws StoppedOnRequest after a save, when that was asked for
    void between(const Live& live);
    /// One more epoch was trained: see CheckpointOptions::epochs.
    void count_epoch();
    /// The end of work done alone. Collective: waits for the others, and saves with them.
    void gate(const Live& live);
    /// Ranks in step. Collective: saves if that is due, or asked for by a signal; `always`: in any case.
    void point(const Live& live, bool always = false);
    /// The run is done and its results are in their place: only that is kept. Collective.
    void close();
    /// Run by all ranks before every save: makes durable what the records speak of. nullptr: nothing.
    void before_saving(std::function<void()> flush);

private:
    struct State;
    void save(const Live& live);
    [[nodiscard]] std::vector<std::string> still_of_use(const Records& mine) const;
    [[nodiscard]] bool overdue() const;
    std::shared_ptr<State> state_;
};

/// "name/00012/00003": keys sort like their numbers.
std::string record_key(const std::string& name, std::initializer_list<Index> numbers);

}  // namespace lazynet::train
