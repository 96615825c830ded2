# Sourced by jobs/quickstart.sh and tests/run.sh: the Debian and Ubuntu packages of this project, and how to get them.
# Set LAZYNET_PACKAGES=skip where everything comes from elsewhere (modules, conda, your own builds).

build_packages=(g++ cmake ninja-build openmpi-bin libopenmpi-dev libhdf5-openmpi-dev libeigen3-dev libspectra-dev
  libboost-program-options-dev libfmt-dev nlohmann-json3-dev zlib1g-dev liblzf-dev)
test_packages=(libgtest-dev libbenchmark-dev)
# Real readers and writers that the format tests compare with; those tests are skipped without them.
reader_packages=(python3-anndata python3-h5py python3-scipy)
# The batch system that tests/slurm starts, and the network tool of tests/hosts; those tests are skipped without them.
cluster_packages=(munge slurmctld slurmd slurm-client slurm-wlm-basic-plugins iproute2)

# The packages among the arguments that are not installed.
missing_packages() {
  local package
  for package; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
  done
}

# Runs a command as root; a password is asked for only where somebody can type it.
as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}
can_be_root() {
  [[ $(id -u) == 0 ]] || { command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }
}

install_packages() {
  echo "== installing $*"
  as_root apt-get update -qq -o Acquire::Retries=3 &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Acquire::Retries=3 --no-install-recommends "$@"
}

# Runs a command during which no package starts a service.
without_services() (
  policy=/usr/sbin/policy-rc.d # what Debian asks before it starts one; 101: no
  if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
  fi
  "$@"
)

# offer_packages <package>...: for packages of tests that are skipped without them: installs what is missing where that is
# possible, else says so. The services in them are not started, now or with the machine.
offer_packages() {
  [[ ${LAZYNET_PACKAGES:-} == skip ]] && return
  local missing=("$@") services
  if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]} == 0)) && return
    if can_be_root && without_services install_packages "${missing[@]}"; then
      mapfile -t services < <(printf '%s\n' "${missing[@]}" | grep -xE 'munge|slurmctld|slurmd')
      [[ ! -d /run/systemd/system || ${#services[@]} == 0 ]] || as_root systemctl disable --quiet "${services[@]}"
      return
    fi
  fi
  echo "== not installed, so the tests that need them will be skipped: ${missing[*]}"
}

# require_packages <package>...: installs what is missing, and only then touches the network. Ends the script with
# code 2 where that is not possible, saying what is missing.
require_packages() {
  [[ ${LAZYNET_PACKAGES:-} == skip ]] && return
  local missing
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "This is not a Debian or Ubuntu system, so nothing can be installed here. Needed are:" >&2
    printf '  %s\n' "$@" >&2
    echo "Provide them in your system's way (README, \"Build by hand\"), then run this with LAZYNET_PACKAGES=skip." >&2
    exit 2
  fi
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} == 0)) && return
  if ! can_be_root; then
    echo "Missing packages, and installing them needs root or sudo:" >&2
    printf '  %s\n' "${missing[@]}" >&2
    echo "Ask an administrator for:  apt-get install ${missing[*]}" >&2
    exit 2
  fi
  if ! install_packages "${missing[@]}"; then
    mapfile -t missing < <(missing_packages "$@")
    echo "apt-get could not install: ${missing[*]}" >&2
    exit 2
  fi
}

# What Open MPI needs on small machines and in containers: more ranks than cores, no binding to cores that a container
# may not use, and leave to run as root, for root only. After building: OMP_NUM_THREADS is what nproc prints.
prepare_mpi() {
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMP_NUM_THREADS=1
  if [[ $(id -u) == 0 ]]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
}
