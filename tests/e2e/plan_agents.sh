#!/bin/sh
# Agents in worktrees of their own, budgets, circles, stalls, overruns, hooks; Ctrl-C and TERM.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
command -v git >/dev/null 2>&1 || { echo "1..0 # SKIP no git"; exit 0; }
git init -q . && git config user.email a@b && git config user.name a && printf '.spritery/\nhook.log\n*.yaml\nout\n' >.gitignore &&
    echo one >file && git add . && git commit -q -m begin

cat >spec.md <<'END'
Write "it's done".
END
cat >agents.yaml <<'END'
plan: ag
hook: 'echo "$SPRITERY_ESCALATION $SPRITERY_SUBJECT" >> hook.log'
agents:
  worker: {limit: 1, command: 'cat {spec} > made-by-{workstream}; echo "::progress 0.5 half"; echo attempt {attempt} >&2', env: {TOKEN: "${SECRET}"}}
  dear:   {command: 'echo "::spent turns=1 tokens=10"; echo "::spent turns=9 tokens=9000"; sleep 60'}
  dizzy:  {command: 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do echo "let me look at that file again"; done; sleep 60'}
domains:
  - id: d
    workstreams:
      - {id: tree, agent: worker, task: do it, spec: spec.md, branch: true, accept: [{name: made, file: made-by-tree}]}
      - {id: turns, agent: dear, task: talk, budget: {turns: 5}}
      - {id: round, agent: dizzy, task: look}
END
git add spec.md && git commit -q -m spec
timeout 60 "$program" plan run --no-wait agents.yaml >out 2>&1
is "agents that spend too much or go in circles are paused, and a person is asked" "$?" 1
run plan status --json agents.yaml
is "and it is said why" "$(printf '%s' "$out" | jq -r '.domains[0].workstreams | .tree.status, .turns.status, .turns.reason, .round.reason' | tr '\n' '|')" \
    "done|blocked|it has had 9 turns of 5|it goes in circles: it has said the same 12 times|"
is "what an agent made is merged when it is accepted" "$(cat made-by-tree)" "$(cat spec.md)"
is "from a branch of its own" "$(git log --format=%s -1 spritery/ag/tree)" "tree, attempt 1"
is "the hook was told" "$(sort hook.log | tr '\n' '|')" "paused round|paused turns|"
if grep -rq SECRET .spritery/ag/run.journal; then not_ok "no secret is in the journal"; else ok "no secret is in the journal"; fi

cat >clash.yaml <<'END'
plan: clash
capacity: {workstreams: 2}
agents:
  one: {command: 'sleep $NAP; printf "%s\n" "$LINE" > file; echo {workstream} > by-{workstream}; echo {workstream} >> ../../ran'}
domains:
  - id: d
    workstreams:
      - {id: left, agent: one, task: say left, branch: true, env: {LINE: left, NAP: "0.6"}}
      - {id: right, agent: one, task: say right, branch: true, env: {LINE: right, NAP: "1.2"}}
      - {id: after, run: "cat file >> after.log", needs: [right]}
END
printf 'after.log\n' >>.gitignore && git add .gitignore && git commit -q -m ignore
timeout 60 "$program" plan run --quiet --no-wait clash.yaml >out 2>&1
is "two agents change one line: the run stops for a person" "$?:$(cat after.log 2>/dev/null)" "1:"
run plan events --json clash.yaml
is "who is told which file, and how to go on" \
    "$(printf '%s\n' "$out" | jq -r 'select(.event == "escalate") | [.id, .type, .level, .text] | join(" ")')" \
    "right merge domain spritery/clash/right cannot be merged, both sides changed file : merge it by hand (git merge spritery/clash/right), then 'spritery plan retry' or resume"
run plan status --json clash.yaml
is "it is not done, and what needs it waits, and says why" \
    "$(printf '%s' "$out" | jq -r '.status, (.domains[0] | .decisions_needed[], (.workstreams | .right.status, .right.why, .after.status, .after.why))' | tr '\n' '|')" \
    "asks|right|blocked|a person has to merge its branch|waiting|needs right, whose branch could not be merged|"
is "status tells of it" "$("$program" plan status clash.yaml | grep -c '^escalation.*both sides changed file')" 1
is "nothing is merged half" "$(cat file):$(ls by-*):$(git status --porcelain):$(git rev-parse -q --verify MERGE_HEAD)" "left:by-left::"
git merge spritery/clash/right >/dev/null 2>&1
timeout 60 "$program" plan resume --quiet --no-wait clash.yaml 2>err.txt
is "a merge that a person has begun is left alone" "$(git rev-parse -q --verify MERGE_HEAD >/dev/null && echo still there):$(grep -c '<<<<' file):$(cat after.log 2>/dev/null)" "still there:1:"
timeout 60 "$program" plan resume --quiet clash.yaml >out 2>&1 &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    run plan retry clash.yaml right
    case $err in *"nobody runs"*) sleep 0.2 ;; *) break ;; esac
done
case $status:$err in
2:*"somebody is in the middle of a merge"*) ok "and a retry says so" ;;
*) not_ok "and a retry says so" "$status" "$err" ;;
esac
printf 'left and right\n' >file
git add file && git commit -q -m resolved
run plan retry clash.yaml right
is "when it is done, a retry sees that" "$status:$err" "0:done"
wait $pid
is "and the run goes on, with what both made" "$?:$(cat after.log)" "0:left and right"
run plan status --json clash.yaml
is "and no agent runs again" \
    "$(printf '%s' "$out" | jq -r '.status, (.escalations | length)' | tr '\n' ':')$(sort .spritery/clash/ran | tr '\n' ' '):$(echo by-*)" \
    "finished:0:left right :by-left by-right"
timeout 60 "$program" plan run --quiet clash.yaml
is "nor in a further run" "$?:$(sort .spritery/clash/ran | tr '\n' ' '):$(cat after.log)" "0:left right :left and right"

# The same behind a gate: what it opens waits for the merge, and resume sees it.
git reset -q --hard HEAD && printf 'one\n' >file && git commit -q -a -m one
cat >pass.yaml <<'END'
plan: pass
agents:
  two: {command: 'sleep $NAP; printf "%s\n" "$LINE" > file; echo {workstream} >> ../../ran'}
domains:
  - id: d
    workstreams:
      - {id: up, agent: two, task: say up, branch: true, env: {LINE: up, NAP: "0.1"}}
      - {id: down, agent: two, task: say down, branch: true, env: {LINE: down, NAP: "0.1"}}
  - id: e
    workstreams:
      - {id: use, run: "cat file >> after.log"}
gates:
  - {id: g, after: [d], opens: [e], criteria: [{name: always, command: "true"}]}
END
rm -f after.log
timeout 60 "$program" plan run --quiet --no-wait pass.yaml >out 2>&1
run plan status --json pass.yaml
is "a gate whose branches cannot be merged stays shut, and says so" \
    "$(printf '%s' "$out" | jq -r '.status, .gates.g.status, .gates.g.why, .domains[1].workstreams.use.why, (.escalations[] | .type, .on)' | tr '\n' '|')$(cat after.log 2>/dev/null)" \
    "asks|asks|spritery/pass/down cannot be merged, both sides changed file : merge it by hand (git merge spritery/pass/down), then 'spritery plan gate' or resume|gate g waits for a person|merge|down|"
git merge spritery/pass/down >/dev/null 2>&1
printf 'up and down\n' >file && git add file && git commit -q -m resolved
timeout 60 "$program" plan resume --quiet --no-wait pass.yaml >out 2>&1
run plan status --json pass.yaml
is "and opens when a person has merged them" \
    "$(printf '%s' "$out" | jq -r '.status, .gates.g.status, (.escalations | length)' | tr '\n' '|')$(cat after.log):$(sort .spritery/pass/ran | tr '\n' ' ')" \
    "finished|open|0|up and down:down up "

cat >slow.yaml <<'END'
plan: slow
domains:
  - id: d
    workstreams:
      - {id: quiet, run: "sleep 2.5", stall_after: 1s, estimate: 1s..1s}
      - {id: loud, run: "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.3; done", stall_after: 1s}
END
timeout 60 "$program" plan run --jobs 2 slow.yaml >out 2>&1
is "what stalls is told, not ended" "$?" 0
run plan events --json slow.yaml
is "a stall and an overrun, of the one that is so, and both are over" \
    "$(printf '%s\n' "$out" | jq -r 'select(.event == "escalate" or .event == "resolved") | [.event, .id, .type] | join(" ")' | LC_ALL=C sort | tr '\n' '|')" \
    "escalate quiet overrun|escalate quiet stall|resolved  |resolved  |"

cat >stop.yaml <<'END'
plan: stop
domains:
  - id: d
    workstreams:
      - {id: long, run: "echo ran >> out; sleep 3"}
END
rm -f out
"$program" plan run stop.yaml >/dev/null 2>err.txt &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do [ -s out ] || sleep 0.2; done
kill -TERM $pid
wait $pid
is "TERM leaves, and what runs goes on" "$?" 143
run plan status --json stop.yaml
is "status knows that it runs" "$(printf '%s' "$out" | jq -r '.domains[0].workstreams.long.status, .running' | tr '\n' ' ')" "running false "
timeout 60 "$program" plan resume --quiet stop.yaml
is "it is taken over, not begun again" "$?:$(cat out)" "0:ran"
rm -rf out .spritery/stop
setsid "$program" plan run stop.yaml >/dev/null 2>err.txt &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do [ -s out ] || sleep 0.2; done
kill -INT $pid
wait $pid
is "Ctrl-C stops what runs" "$?:$(grep -c 'has been stopped' err.txt)" "130:1"
timeout 60 "$program" plan resume --quiet stop.yaml
is "and it runs again when the run goes on" "$?:$(grep -c ran out)" "0:2"
finish
