#!/bin/sh
# A process per domain: started when there is work, started again when it is killed, taken over by the next meta, gone at the
# end; and those who watch a run from another process.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
command -v pgrep >/dev/null || { echo "Bail out! pgrep (Debian: procps) is not there"; exit 1; }

cat >d.yaml <<'END'
plan: d
capacity: {workstreams: 4}
defaults: {status_every: 1s, grace: 2s, retries: 1, shell: /bin/sh}
domains:
  - id: a
    workstreams:
      - {id: slow, run: "echo slow >>ran; echo ::progress 0.25 a quarter; until [ -e go ]; do sleep 0.05; done; exit 0", estimate: 1h..2h}
      - {id: next, needs: [slow], run: "echo next >>ran"}
  - id: b
    workstreams:
      - {id: other, run: "echo other >>ran; until [ -e go ]; do sleep 0.05; done"}
      - {id: looked, run: "true", accept: [{name: go, command: "until [ -e go ]; do sleep 0.05; done"}]}
END
# domain ID: the pid of its process
domain() { pgrep -f "^spritery-domain $1 $work/"; }
domains() { pgrep -f "^spritery-domain [a-z]* $work/" | wc -l; }
# What still waits, should this script end before it lets it go, ends too.
# shellcheck disable=SC2317 # called when the script ends
cleanup() {
    touch "$work/go"
    sleep 0.3
}
# waiting: how many of this plan's tasks wait for `go`; other runs of this script may be under way beside it
waiting() {
    for p in $(pgrep -f 'until [[] -e go'); do
        [ "$(readlink "/proc/$p/cwd")" != "$work" ] || echo "$p"
    done | wc -l
}
# await COMMAND...: until it is true, for at most twenty seconds
await() {
    for _ in $(seq 400); do
        "$@" && return 0
        sleep 0.05
    done
    return 1
}
# shellcheck disable=SC2317 # called through await
running() { [ "$(grep -c . ran 2>/dev/null)" -ge 2 ] 2>/dev/null && [ "$(domains)" = 2 ]; }
# shellcheck disable=SC2317
gone() { [ "$(domains)" = 0 ]; }
# A run under way, with both domains at work.
begin() {
    rm -rf .spritery ran go
    "$program" plan run --quiet d.yaml >run.out 2>&1 &
    pid=$!
    await running
}
# finished: it ends well, each task ran once, and nobody is left
finished() { # NAME [times]
    touch go
    wait $pid
    is "$1" "$?:$(sort ran | tr '\n' ' '):$(domains)" "${2:-0:next other slow }:0"
}
events() { "$program" plan events --json d.yaml | jq -r "select(.event == \"domain\") | [.id, .running, .text // \"\"] | join(\" \")" | sort | tr '\n' '|'; }

begin
is "a domain with work has a process" "$(domains)" 2
is "whose sockets are nobody else's business" "$(stat -c %a .spritery/d/socket .spritery/d/socket/orders .spritery/d/socket/events | tr '\n' ' ')" "700 600 600 "
sleep 1.2
run plan status --json d.yaml
is "status has progress and when it will be done" "$(printf '%s' "$out" | jq -c '.domains[0].workstreams.slow | [.status, .progress, .message, (.eta > .said)]')" \
    '["running",0.25,"a quarter",true]'
before=$(stat -c %Y .spritery/d/status.json)
"$program" plan watch --json d.yaml >watched &
watcher=$!
sleep 2.2
is "it is written anew every status_every" "$([ "$(stat -c %Y .spritery/d/status.json)" -gt "$before" ] && echo yes)" yes
finished "all is done, and nobody is left"
wait $watcher
is "who watches sees the run end" $? 0
"$program" plan events --json d.yaml >journal
is "every event, in order, as the journal has it" "$(grep '"seq"' watched)" "$(tail -n "$(grep -c '"seq"' watched)" journal)"
is "from when it came" "$(jq -rs '[.[] | select(.seq and .event == "exit")] | length' watched)" 3
is "and the domains' status" "$(jq -rs 'map(select(.orchestrator == "a")) | [(first | .workstreams.slow.progress), (last | .status)] | map(tostring) | join(" ")' watched)" "0.25 done"

begin
first=$(domain a)
kill -9 "$first"
# shellcheck disable=SC2317
again() { now=$(domain a) && [ "$now" != "$first" ]; }
await again
is "a domain that is killed comes again" $? 0
finished "and takes up what it did"
is "which is written down" "$(events)" "a false its process was ended by signal 9|a true |a true |b true |"

begin
first=$(domain a)
kill -9 $pid
wait $pid 2>/dev/null
"$program" plan resume --quiet d.yaml >run.out 2>&1 &
pid=$!
# shellcheck disable=SC2317
taken() { [ "$("$program" plan events --json d.yaml | jq -s '[.[] | select(.event == "domain" and .text == "taken over")] | length')" = 2 ]; }
await taken
is "when meta is killed the next one takes domains over" "$(domain a)" "$first"
finished "and all is done"

begin
kill -9 $pid "$(domain a)" "$(domain b)"
wait $pid 2>/dev/null
"$program" plan resume --quiet d.yaml >run.out 2>&1 &
pid=$!
await running
finished "when both are killed, too"

begin
# shellcheck disable=SC2046 # pids
kill -9 $pid $(domain a) $(domain b) $(for p in $(pgrep -x spritery-task); do
    if { tr '\0' '\n' <"/proc/$p/environ"; } 2>/dev/null | grep -q "^HOME=$work\$"; then echo "$p"; fi
done)
wait $pid 2>/dev/null
"$program" plan resume --quiet d.yaml >run.out 2>&1 &
pid=$!
touch go
finished "and with the supervisors, whose tasks are lost and tried again" "0:next other other slow slow "

begin
kill -9 $pid
wait $pid 2>/dev/null
await gone
is "alone, domains leave after the grace time" $? 0
run plan status d.yaml
case $out in *"running    slow"*"attempt 1"*) ok "and their tasks go on" ;; *) not_ok "and their tasks go on" "$out" ;; esac
run plan watch d.yaml
is "nobody can be watched then" "$status:$err" "1:spritery: nobody runs the plan now; 'spritery plan status' says how it stands"
"$program" plan resume --quiet d.yaml >run.out 2>&1 &
pid=$!
await running
finished "until they are taken over"

begin
first=$(domain a)
kill -9 $pid
wait $pid 2>/dev/null
echo "# changed" >>d.yaml
"$program" plan resume --quiet d.yaml >run.out 2>&1 &
pid=$!
await again
is "a domain that has read another plan makes room" $? 0
finished "for one that has read this"

begin
is "tasks wait" "$(waiting)" 3
kill -INT $pid
wait $pid
is "Ctrl-C leaves nobody" "$?:$(domains):$(waiting)" "130:0:0"
"$program" plan resume --quiet d.yaml >run.out 2>&1 &
pid=$!
await running
kill -TERM $pid
wait $pid
is "TERM leaves the tasks" "$?:$(domains)" "143:0"
"$program" plan resume --quiet d.yaml >run.out 2>&1 &
pid=$!
await running
"$program" plan watch --quiet d.yaml >watched 2>&1 &
watcher=$!
sleep 0.5
kill -9 $pid
wait $pid 2>/dev/null
wait $watcher
is "who watches is told when meta is killed" "$?:$(cat watched)" "1:spritery: the run was interrupted; 'spritery plan resume' goes on"
"$program" plan resume --no-domains --quiet d.yaml >run.out 2>&1 &
pid=$!
await gone
is "without domains their processes leave" $? 0
touch go
wait $pid
is "and the work is done" "$?:$(domains)" "0:0"

deep=$(printf 'a-folder-with-a-long-name/%.0s' 1 2 3 4 5)
mkdir -p "$deep"
cp d.yaml "$deep"
(cd "$deep" && touch go && "$program" plan run --quiet d.yaml) >out 2>&1
is "a folder too deep for a socket's name" "$?:$(cat out)" "0:"
finish
