#!/bin/sh
# The moving view of a run on a terminal: what it shows, at several sizes, while the terminal changes, and what it leaves.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
if ! command -v tmux >/dev/null 2>&1; then
    skip "a run in a terminal" "tmux is not installed"
    finish
fi
socket=spritery-view-$$
# shellcheck disable=SC2317 # called when the script ends
cleanup() { tmux -L "$socket" kill-server 2>/dev/null; }
on() { tmux -L "$socket" "$@"; }

cat >v.yaml <<'END'
plan: v
defaults: {stall_after: 1s, shell: /bin/sh}
capacity: {workstreams: 3}
domains:
  - {id: paint, workstreams: [{id: quiet, estimate: 60s..120s, run: "until [ -e go ]; do sleep 0.1; done"}, {id: loud, run: "echo ::progress 0.65 Büro 日本語; until [ -e go ]; do sleep 0.1; done"}]}
  - {id: fail, workstreams: [{id: bad, run: "exit 3"}, {id: after-bad, needs: [bad], run: "true"}]}
  - {id: game, workstreams: [{id: late, estimate: 10s..20s, run: "true"}]}
gates:
  - {id: good, after: [paint], opens: [game], criteria: [{name: few colours, command: "echo 17 of 16; false"}]}
END
screen() { on capture-pane -p | sed 's/[[:space:]]*$//' | grep .; }
# seen TEXT: waits until a line begins with it
seen() {
    for _ in $(seq 200); do
        screen >shown
        grep -q "^$1" shown && return 0
        sleep 0.1
    done
    return 1
}
# has NAME LINE...: each is a line of the screen
has() {
    name=$1
    shift
    for line in "$@"; do
        grep -qxF -- "$line" shown || { not_ok "$name" "missing: $line" "$(cat shown)"; return; }
    done
    ok "$name"
}

tmux -L "$socket" -f /dev/null new-session -d -x 80 -y 24 "TERM=screen-256color '$program' plan run v.yaml; echo ended \$?; sleep 60"
seen "quiet: look at it: no output"
sleep 0.5
screen | sed 's/[0-9.]* s, at most [0-9a-z ]* left/T/; s/\(> [a-z]*\)  [0-9.]* s/\1  T/; s/at most .* more/M/' >shown
has "domains, what runs in them, what waits for what, gates, the longest path" \
    "bad: failed: exit status 3" \
    "v: 0 of 5 done, 2 running, 1 failed, T" \
    "paint            [----------] 0/2" \
    "  > quiet  T  M" \
    "  > loud  T  [#######---] 65 % Büro 日本語" \
    "fail             [----------] 0/2  1 failed  after-bad: needs bad, which failed" \
    "game             [----------] 0/1  late: gate good is shut" \
    "| good is shut: after paint" \
    "longest path: quiet > | good > late"
is "a failure is said once" "$(grep -c '^bad:' shown)" 1
on resize-window -x 44 -y 12
sleep 0.6
screen >shown
is "in a narrower terminal nothing is left of what was, and what does not fit is cut" \
    "$(grep -c 'running, 1 failed' shown):$(grep -c '^fail ' shown):$([ "$(wc -L <shown)" -lt 44 ] && echo fits)" "1:1:fits"
has "with a sign of it" "longest path: quiet > | good > late" "fail         [------] 0/2  1 failed  after…"
on resize-window -x 120 -y 40
sleep 0.6
screen >shown
is "and in a wider one" "$(grep -c 'running, 1 failed' shown):$(grep -c '^paint            \[--------------------\] 0/2$' shown)" "1:1"
touch go
seen "ended"
is "at the end only what was said stays" "$(grep -v '^quiet: look\|^bad: ' shown | tr '\n' '|')" \
    "gate good: shut: few colours: exit status 1: 17 of 16|spritery: not everything could be done; 'spritery plan status' says what and why|ended 1|"
on kill-server
rm -rf go .spritery
tmux -L "$socket" -f /dev/null new-session -d -x 44 -y 8 "TERM=screen-256color '$program' plan run v.yaml; echo ended \$?; sleep 60"
seen "and 2 more domains"
is "where there are few rows, those of what runs are kept" "$(grep -c '^paint' shown):$(grep -c '^  > ' shown)" "1:1"
on send-keys C-c
seen "ended"
is "Ctrl-C leaves a clean screen" "$(grep -c '^ *>\|^v:\|^|' shown):$(tail -n 1 shown)" "0:ended 130"
finish
