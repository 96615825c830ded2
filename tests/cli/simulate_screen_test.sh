#!/usr/bin/env bash
# simulate_screen_test.sh: the same bytes for any number of ranks; clear errors; nothing half-written stays behind.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0
fail() { echo "FAILED: $*"; failed=1; }
files="s.h5ad s.truth.h5ad s.edges.tsv s.prior.tsv"

# Law 1. 1,700 cells are more chunks than ranks, the last one short.
rich="--cells 1700 --genes 300 --perturbations 20 --doubles 15 --triples 3 --held-out 4 --held-out-doubles 3 --contexts 2
  --batches 3 --unmeasured-share 0.25 --dropout 0.1 --escape-share 0.2 --prior-added 0.1 --seed 11"
for compression in none gzip; do
  for n in 1 2 3 4; do
    mkdir -p "$compression$n"
    # shellcheck disable=SC2086
    "$MPIEXEC" -n $n "$LAZYNET" simulate screen $rich --compression $compression -o "$compression$n/s.h5ad" --quiet \
      || fail "$compression, $n ranks: exit code $?"
    for file in $files; do
      cmp "${compression}1/$file" "$compression$n/$file" || fail "$file differs between 1 and $n ranks ($compression)"
    done
  done
done
cmp none1/s.edges.tsv gzip1/s.edges.tsv || fail "compression changed the edges"
(($(stat -c %s gzip1/s.h5ad) < $(stat -c %s none1/s.h5ad))) || fail "gzip did not make the file smaller"
ls none1 | grep -v '^s\.' && fail "unexpected files"

# Another seed is another screen.
"$LAZYNET" simulate screen --cells 100 --genes 50 --perturbations 5 -o a.h5ad --quiet
"$LAZYNET" simulate screen --cells 100 --genes 50 --perturbations 5 -o b.h5ad --quiet --seed 1
cmp -s a.h5ad b.h5ad && fail "the seed does nothing"

# Bad requests: exit code 2 and a message that names the trouble.
refused() {
  local expected=$1
  shift
  "$LAZYNET" simulate "$@" >out 2>err
  local code=$?
  [ $code = 2 ] || fail "'$*': exit code $code, not 2"
  grep -qF -- "$expected" err || fail "'$*': no '$expected' in: $(cat err)"
  compgen -G '*.tmp-lazynet' && fail "'$*' left a temporary file"
}
refused "a.h5ad exists" screen -o a.h5ad
refused "no output named" screen
refused "there is no folder" screen -o nowhere/x.h5ad
refused "cannot simulate 'bulk'" bulk
refused "simulate what?"
refused "expected ko, crispri or crispra" screen -o x.h5ad --kind knockup
refused "expected none or gzip" screen -o x.h5ad --compression lzma
refused "--dropout 2: expected 0 to 0.99" screen -o x.h5ad --dropout 2
refused "--depth nan" screen -o x.h5ad --depth nan
refused "each of 40 perturbed conditions" screen -o x.h5ad --cells 30
refused "lower --modules or --tf-share" screen -o x.h5ad --genes 100 --modules 90
refused "raise --genes" screen -o x.h5ad --perturbations 490
refused "raise --perturbations" screen -o x.h5ad --perturbations 5 --doubles 11
refused "together take more than all edges" screen -o x.h5ad --prior-moved 0.6 --prior-missing 0.6
refused "lower --prior-moved or --prior-added" screen -o x.h5ad --prior-added 50
refused "unrecognised option" screen -o x.h5ad --cell 30
ls x.* 2>/dev/null && fail "a refused request left files"

# A file that cannot grow (as on a full disk): an error, and no file at all, neither old nor temporary.
for ranks in 1 2; do
  mkdir full
  (
    ulimit -f 20000 # blocks of 1024 bytes; MPI needs some of its own
    "$MPIEXEC" -n $ranks "$LAZYNET" simulate screen --cells 15000 --genes 1000 -o full/x.h5ad >out 2>err
  )
  [ $? = 2 ] || fail "file too large, $ranks ranks: wrong exit code"
  grep -q "cannot write" err || fail "file too large, $ranks ranks: no reason in: $(cat err)"
  [ -z "$(ls -A full)" ] || fail "file too large, $ranks ranks: left $(ls full)"
  rm -rf full
done

# Stopped half-way: gone without a trace.
for signal in INT TERM; do
  mkdir stop
  # Job control is off in scripts, where background processes ignore SIGINT; env puts it back.
  env --default-signal=INT "$LAZYNET" simulate screen --cells 200000 --genes 5000 -o stop/x.h5ad --quiet &
  pid=$!
  for _ in $(seq 100); do
    [ -e stop/x.h5ad.tmp-lazynet ] && break
    sleep 0.05
  done
  [ -e stop/x.h5ad.tmp-lazynet ] || fail "SIG$signal: no temporary file to begin with"
  kill -s $signal $pid
  wait $pid
  [ $? = $((128 + $(kill -l $signal))) ] || fail "SIG$signal: not ended by it"
  [ -z "$(ls -A stop)" ] || fail "SIG$signal: left $(ls stop)"
  rmdir stop
done

# A dry run writes nothing; help lists the kinds; the resolved options can be read back.
"$LAZYNET" simulate screen -o dry.h5ad --dry-run | grep -q "MB on disk" || fail "dry run: no forecast"
[ -e dry.h5ad ] && fail "dry run wrote a file"
"$LAZYNET" simulate --help | grep -q "screen" || fail "help does not list the kinds"
"$LAZYNET" simulate screen --cells 100 --genes 50 --perturbations 5 --print-config >options
"$LAZYNET" simulate screen --config options -o c.h5ad --quiet
cmp a.h5ad c.h5ad || fail "printed options do not give the same screen"
exit $failed
