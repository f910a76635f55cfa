#!/bin/sh
# A disk that really fills up under a run: it stops before the next launch, says so, and goes on when there is room. On a
# small file system of its own, so it needs to be root.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck disable=SC2317 # tap.sh calls it
cleanup() { umount "$work/small" 2>/dev/null; }
mkdir small
if ! mount -t tmpfs -o size=64k none small 2>/dev/null; then
    echo "1..0 # SKIP no small file system can be mounted here (that needs root)"
    exit 0
fi

{
    printf 'plan: f\ncapacity: {workstreams: 3}\ndomains:\n  - id: d\n    workstreams:\n'
    i=0
    while [ $i -lt 120 ]; do
        # some print, so that a file of output meets the full disk too
        printf '      - {id: t%d, run: "echo t%d >> %s/lines; [ %d != 0 ] || head -c 3000 /dev/zero"}\n' $i $i "$work" $((i % 10))
        i=$((i + 1))
    done
} >f.yaml

# Runs until it is through, each time with a little more room; what must hold after every stop.
stops=0
wrong=
size=96
mount -o remount,size=${size}k small
cp f.yaml small/
: >lines
while :; do
    timeout 60 "$program" plan run --quiet small/f.yaml >said 2>&1
    code=$?
    [ $code = 1 ] || break
    stops=$((stops + 1))
    grep -q 'nothing more is started\|No space left\|no room' said || wrong="$wrong at $size KB it said: $(cat said);"
    if [ -s small/.spritery/f/run.journal ]; then
        run plan events --json small/f.yaml
        [ "$status" = 0 ] || wrong="$wrong at $size KB: $err;"
        started=$(printf '%s\n' "$out" | jq -r 'select(.event == "start") | .id' | sort -u | grep -c .)
        ran=$(sort -u lines | grep -c .)
        [ "$ran" -le "$started" ] || wrong="$wrong at $size KB $ran ran, $started were written down;"
    fi
    size=$((size + 24))
    [ $size -lt 2000 ] || break
    mount -o remount,size=${size}k small
done
is "with enough room it is through" "$code:$(cat said)" "0:"
is "before that every stop said why, and nothing had been started that was not written down" "$wrong" ""
if [ $stops -ge 3 ]; then ok "it was stopped several times"; else not_ok "it was stopped several times" "$stops, at last with $size KB"; fi
is "every task ran, and none twice" "$(sort lines | uniq -c | awk '$1 != 1' | wc -l):$(wc -l <lines)" "0:120"
is "nobody is left over" "$(grep -las "SPRITERY_TASK=$work/" /proc/[0-9]*/environ 2>/dev/null)" ""
run plan status --json small/f.yaml
is "status agrees" "$(printf '%s' "$out" | jq -r '.status, .counts.done' | tr '\n' ' ')" "finished 120 "
finish
