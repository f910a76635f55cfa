#!/bin/sh
# Ctrl-C and SIGTERM in the middle of a batch: what was done stays, nothing half is left, the exit status says it.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# interrupted SIGNAL STATUS
interrupted() {
    # A background job of sh ignores SIGINT from birth; env --default-signal gives it back.
    env --default-signal="$1" "$program" generate "red dragon" --seed 1 --count 500 --steps 20 --out "$1" >"$1.out" 2>"$1.err" &
    pid=$!
    tries=0
    while [ ! -s "$1.out" ] && [ $tries -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    sleep 0.1
    kill -s "$1" "$pid"
    wait "$pid"
    is "$1 ends with $2" $? "$2"
    said=$(tail -n 1 "$1.err")
    case $said in
    "spritery: stopped; "*" of 500 pictures are done") ok "$1: it says how far it came" ;;
    *) not_ok "$1: it says how far it came" "$said" ;;
    esac
    is "$1: no unfinished file" "$(find "$1" -name '*.part')" ""
    bad=
    lines=$(wc -l <"$1.out")
    is "$1: as many files as were reported" "$(find "$1" -name 'red-dragon-[0-9]*.png' | wc -l | tr -d ' ')" "$((lines))"
    for picture in "$1"/*.png; do
        "$program" show --json "$picture" >/dev/null 2>&1 || bad="$bad $picture"
    done
    is "$1: every file is whole" "$bad" ""
    rm -rf "$1" "$1.out" "$1.err"
}

if env --default-signal=INT true 2>/dev/null; then
    interrupted INT 130
    interrupted TERM 143
else
    skip "signals" "this env has no --default-signal"
fi
finish
