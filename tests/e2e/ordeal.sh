#!/bin/sh
# What the daemon must bear, each in a small dose; tests/campaign/daemon.py has the whole.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

python=
for p in python3 /usr/bin/python3; do
    if [ -z "$python" ] && "$p" -c 'import zmq, msgpack' 2>/dev/null; then python=$p; fi
done
[ -n "$python" ] || { skip "ordeals" "python3-zmq and python3-msgpack are not there"; finish; }
# Memory is measured: AddressSanitizer must not keep what was freed.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=16"
for ordeal in "kill 4" "hostile 3" "soak 40" "memory 2" "threads 3" "fair 40" "unread 8" "disk 3"; do
    # shellcheck disable=SC2086 # a word and a number
    if timeout 300 "$python" "$root/tests/campaign/daemon.py" "$program" $ordeal >ordeal.txt 2>&1; then
        if grep -q '^skipped' ordeal.txt; then skip "$ordeal" "$(grep '^skipped' ordeal.txt)"; else ok "$ordeal: $(grep -c '^held' ordeal.txt) things held"; fi
    else
        not_ok "$ordeal" "$(cat ordeal.txt)"
    fi
done
finish
