# tap - what every end-to-end script needs: a folder of its own, runs of the program, and TAP lines.
# Sourced, with the program's path as $1. Each script ends with finish.
# shellcheck shell=sh disable=SC2034 # what is set here is for the scripts
set -u
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
[ -x "$program" ] || { echo "Bail out! $program cannot be run"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/spritery-e2e.XXXXXX") || exit 1
trap 'cleanup; chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP TERM
cleanup() { :; } # a script may define its own
cd "$work" || exit 1
export HOME="$work" LC_ALL=C.UTF-8 TERM=dumb
export SPRITERY_MODELS="$root/models"
export SPRITERY_RUNTIME_DIR="$work/run" # no daemon of the machine is met
unset SPRITERY_DAEMON XDG_CONFIG_HOME NO_COLOR XDG_DATA_HOME SPRITERY_KERNELS COLORTERM
: "${SPRITERY_THREADS:=2}"
export SPRITERY_THREADS
count=0
failed=0

# appears FILE PID [WORDS]: waits until the file has something in it (the words), as long as the process lives. However
# slow the machine: two minutes, in which a process that nobody lets run still gets ready.
appears() {
    appears_end=$(($(date +%s) + 120))
    while ! { [ -s "$1" ] && grep -q -e "${3-}" "$1"; }; do
        kill -0 "$2" 2>/dev/null || return 1
        [ "$(date +%s)" -lt "$appears_end" ] || return 1
        sleep 0.05
    done
}

ok() {
    count=$((count + 1))
    printf 'ok %d - %s\n' "$count" "$1"
}

# not_ok NAME [what was seen, on lines]: on standard error, too, which is what meson shows of a test that failed.
not_ok() {
    count=$((count + 1))
    failed=1
    printf 'not ok %d - %s\n' "$count" "$1"
    printf '%s\n' "$@" >&2
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

skip() { # NAME WHY
    count=$((count + 1))
    printf 'ok %d - %s # SKIP %s\n' "$count" "$1" "$2"
}

finish() {
    printf '1..%d\n' "$count"
    exit "$failed"
}

# run ARGUMENTS...: the program's streams go to the files `out` and `err` beside the work folder, its exit to $status.
run() {
    "$program" "$@" >"$work.out" 2>"$work.err" </dev/null
    status=$?
    err=$(cat "$work.err")
    out=$(tr -d '\000' <"$work.out")
    rm -f "$work.out" "$work.err"
}

is() { # NAME GOT WANT
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got:  $2" "want: $3"; fi
}

# refused NAME STATUS WORDS...: the last run ended with STATUS, said each of WORDS on standard error in one or two
# lines, and left nothing in the folder but what `keep` lists.
refused() {
    name=$1 want=$2
    shift 2
    if [ "$status" != "$want" ]; then
        not_ok "$name" "exit status $status, want $want" "$err"
        return
    fi
    for words in "$@"; do
        case $err in
        *"$words"*) ;;
        *) not_ok "$name" "the message lacks: $words" "$err"; return ;;
        esac
    done
    left=$(files)
    if [ "$left" != "${keep:-}" ]; then
        not_ok "$name" "files are left: $left" "want: ${keep:-none}"
        return
    fi
    ok "$name"
}

# Every file below the folder, hidden ones too, sorted, on one line.
files() { find . ! -type d | sed 's|^\./||' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'; }

sha() { sha256sum "$1" | cut -c1-64; }
