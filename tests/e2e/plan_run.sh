#!/bin/sh
# Plans run: in order, once, up to date, with gates, failures and people.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

cat >p.yaml <<'END'
plan: demo
capacity: {workstreams: 2}
domains:
  - id: a
    workstreams:
      - {id: a1, run: "echo a1 >> log; echo hi > a1.txt", outputs: [a1.txt]}
      - {id: a2, run: "echo a2 >> log; cat a1.txt > a2.txt", needs: [a1], outputs: a2.txt, accept: [{name: has hi, command: "grep hi a2.txt"}]}
      - {id: a3, run: [sh, -c, 'echo a3 >> log']}
  - id: b
    needs: [a]
    workstreams:
      - {id: b1, run: "echo b1 >> log; cp a2.txt b1.txt", outputs: b1.txt}
gates:
  - id: g
    after: [a]
    opens: [b]
    criteria:
      - {name: file, file: a2.txt, min_bytes: 2}
      - {name: small, metric: size.bytes, from: size.json, below: 10}
END
echo '{"size": {"bytes": 3}}' >size.json
ran() { sort log 2>/dev/null | tr '\n' ' '; rm -f log; }

run plan run p.yaml
is "a plan runs" "$status:$(ran)" "0:a1 a2 a3 b1 "
is "and says so" "$(printf '%s\n' "$out" | tail -n 1 | sed 's/ in .*:/:/')" "demo: finished: 4 ran, 0 were up to date"
run plan run p.yaml
is "the second time nothing runs" "$status:$(ran)" "0:"
rm a1.txt
run plan run p.yaml
is "an output that is missing is made again, and what it would change is not" "$status:$(ran)" "0:a1 "
sed -i 's/echo hi > a1.txt/echo hi there > a1.txt/' p.yaml
run plan run p.yaml
is "another definition runs, and all that its output changes" "$status:$(ran)" "0:a1 a2 b1 "
run plan run --force p.yaml
is "--force runs everything" "$status:$(ran)" "0:a1 a2 a3 b1 "
run plan run --json p.yaml
is "events in order" "$(printf '%s\n' "$out" | jq -s '[.[].seq] | (. == sort) and (length == (unique | length))')" true
run plan status --json p.yaml
is "status" "$status:$(printf '%s' "$out" | jq -c '[.status, .counts.done, .gates.g.status, .running]')" '0:["finished",4,"open",false]'
run plan events --json p.yaml
is "the journal has one start for each run" "$(printf '%s\n' "$out" | jq -s '[.[] | select(.event == "start")] | length')" 12

echo '{"size": {"bytes": "NaN"}}' >size.json
run plan run --force p.yaml
is "a metric that is no number keeps the gate shut" "$status:$(ran)" "1:a1 a2 a3 "
run plan status p.yaml
case $out in *"gate g: failed: small: metric size.bytes is not a number"*) ok "and it is said why" ;; *) not_ok "and it is said why" "$out" ;; esac
rm size.json
run plan resume p.yaml
is "nor does a missing one open it" "$status:$(ran)" "1:"
echo '{"size": {"bytes": 4}}' >size.json
run plan resume p.yaml
is "when it holds, what was behind it runs" "$status:$(ran)" "0:b1 "
rm -rf .spritery ./*.txt size.json p.yaml

cat >f.yaml <<'END'
plan: f
domains:
  - id: d
    workstreams:
      - {id: bad, run: "echo bad >> log; echo 'no such colour' >&2; exit 3", retries: 1}
      - {id: after, run: "echo after >> log", needs: [bad]}
      - {id: beside, run: "echo beside >> log"}
      - {id: slow, run: "sleep 60", timeout: 1s}
END
run plan run f.yaml
is "a failure is tried again, blocks what needs it and nothing else" "$status:$(ran)" "1:bad bad beside "
run plan status --json f.yaml
is "states" "$(printf '%s' "$out" | jq -c '[.domains[0].workstreams[] | .status]')" '["failed","blocked","done","failed"]'
is "reasons" "$(printf '%s' "$out" | jq -r '.domains[0].workstreams | .bad.reason, .after.why, .slow.reason' | tr '\n' '|')" "exit status 3|needs bad, which failed|stopped at its time limit|"
run plan events --json f.yaml
is "what it said is in the journal" "$(printf '%s\n' "$out" | jq -r 'select(.event == "exit" and .id == "bad") | .text' | uniq)" "no such colour"
rm -rf .spritery f.yaml

cat >a.yaml <<'END'
plan: a
domains:
  - id: d
    workstreams:
      - {id: ok, generate: {prompt: sword, seed: 1, palette: pico-8}}
      - {id: odd, generate: {prompt: sword, colours: 3}}
      - {id: far, generate: {prompt: sword, colors: 3000}}
      - {id: later, deploy: {from: x}}
      - {id: bare, deploy: {into: game}}
      - {id: near, deploy: {from: x, into: game, patern: "*.png"}}
END
run plan check a.yaml
is "actions are read as the commands they are" "$status:$(printf '%s\n' "$err" | grep -c '^a.yaml:[6-9]:\|^a.yaml:10:')" "1:5"
is "a deploy says what it lacks" "$(printf '%s\n' "$err" | grep -c 'say where to: --into\|say from, or need\|did you mean --pattern')" 3
run plan run a.yaml
is "and nothing runs of a plan that is not sound" "$status:$(find .spritery -name run.journal 2>/dev/null)" "1:"
rm -f a.yaml

cat >m.yaml <<'END'
plan: m
domains:
  - id: d
    workstreams:
      - {id: draw, run: "echo draw >> log"}
      - {id: hang, manual: hang it on the wall, needs: [draw]}
  - id: e
    workstreams:
      - {id: sell, run: "echo sell >> log"}
gates:
  - {id: g, after: [d], opens: [e], criteria: [{name: looks right, approval: lead}]}
END
run plan run --no-wait m.yaml
is "a person is waited for" "$status:$(ran)" "1:draw "
run plan approve m.yaml hang
is "an order while nobody runs it is kept" "$status:$err" "0:noted: nobody runs the plan now; 'spritery plan resume' takes it up"
run plan resume --no-wait m.yaml
is "and taken" "$status:$(printf '%s\n' "$out" | head -n 1)" "1:hang: done"
run plan approve m.yaml nothing --as lead
case $status:$err in 1:*'nothing called "nothing"'*) ok "an order about nothing" ;; *) not_ok "an order about nothing" "$status" "$err" ;; esac
timeout 30 "$program" plan run m.yaml >run.out 2>&1 &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    run plan approve m.yaml g --as boss --by eve
    case $err in *"nobody runs"*) sleep 0.2 ;; *) break ;; esac
done
is "an approval by the wrong role" "$status:$err" '2:spritery: gate g asks for no approval by "boss"'
run plan approve m.yaml g --as lead --by ada
is "an approval while it runs" "$status:$err" "0:done"
wait $pid
is "opens the gate" "$?:$(ran)" "0:sell "
run plan events --json m.yaml
is "and the journal knows by whom" "$(printf '%s\n' "$out" | jq -r 'select(.event == "approve") | .by')" ada
run plan report m.yaml
case $out in
*"# m: Report"*"| draw | done |"*"approved as lead by ada"*"## Critical path as it turned out"*) ok "a report" ;;
*) not_ok "a report" "$status" "$out" "$err" ;;
esac
run plan report --json --week 1 m.yaml
is "as JSON, of a week" "$(printf '%s' "$out" | jq -c '[.week, .done, .total, .domains[0].workstreams[0].attempts[0].how, .gates[0].state]')" \
    '[1,3,3,"exit 0","open"]'
run plan report m.yaml --week 2
is "of a week that is yet to come" "$status:$err" "2:spritery: week 2 is yet to come"
run plan report m.yaml --week 0
is "of no week" "$status" 2
printf 'plan: n\ndomains:\n  - {id: d, workstreams: [{id: x, run: "true"}]}\n' >n.yaml
run plan report n.yaml
is "of what was never run" "$status:$err" "1:spritery: n was never run: 'spritery plan run n.yaml'"
run plan decide --by ada m.yaml "Frames of Oak" --text "Pine warps."
is "a decision is a file" "$status:$(sed -n 1p decisions/0001-frames-of-oak.md):$(tail -n 1 decisions/0001-frames-of-oak.md)" "0:# 0001: Frames of Oak:Pine warps."
run plan resume --quiet m.yaml
run plan events --json m.yaml
is "and in the journal" "$(printf '%s\n' "$out" | jq -r 'select(.event == "decide") | [.number, .text, .by] | join(" ")')" "1 Frames of Oak ada"
# What waits for something that failed is told of after a while.
cat >b.yaml <<EOF
plan: b
capacity: {workstreams: 2}
defaults: {blocker_after: 1s}
domains:
  - {id: d, workstreams: [{id: one, run: "false"}, {id: two, run: "true", needs: [one]}, {id: long, run: "sleep 2.5"}]}
EOF
run plan run --no-wait b.yaml
run plan events --json b.yaml
is "a blocker is escalated, once a level" \
    "$(printf '%s\n' "$out" | jq -r 'select(.event == "escalate") | [.type, .id, .level, (.number | tostring)] | join(" ")' | tr '\n' '|')" \
    "failed one domain 1|blocker two domain 2|failed one meta 1|blocker two meta 2|"
run plan status --json b.yaml
is "status has the records of what is open" \
    "$(printf '%s' "$out" | jq -c '.escalations[] | [.type, .severity, .level, .orchestrator, .on, .issue, .attempts, .affected]' | tr '\n' ' ')" \
    '["failed","high","meta","d","one","exit status 1",1,["two"]] ["blocker","high","meta","d","two","needs one, which failed",0,[]] '
is "and says what helps" "$(printf '%s' "$out" | jq -r '.domains[0].escalations[0].help')" "mend what it says, then 'plan retry'"
is "as do the files of the domains" "$(jq -c '[.escalations[].on]' .spritery/b/status/d.json)" '["one","two"]'
run plan resume --no-wait b.yaml
run plan events --json b.yaml
is "none is raised again by the next orchestrator" "$(printf '%s\n' "$out" | jq -r 'select(.event == "escalate") | .id' | wc -l)" 4
sed -i 's/run: "false"/run: "true"/' b.yaml
run plan run --no-wait b.yaml
run plan status --json b.yaml
is "and what is mended is resolved" "$status:$(printf '%s' "$out" | jq -c '.escalations')" "0:[]"

# A metric from an address: Prometheus text over HTTP.
mkdir -p www
printf '# TYPE tiles gauge\ntiles 12\n' >www/metrics
/usr/bin/python3 -u -m http.server --bind 127.0.0.1 --directory www 0 >www.out 2>&1 &
server=$!
# shellcheck disable=SC2317 # called when the script ends
cleanup() { kill "$server" 2>/dev/null; }
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' www.out)
    [ -z "$port" ] || break
    sleep 0.2
done
cat >h.yaml <<EOF
plan: h
metrics: http://127.0.0.1:$port/metrics
domains:
  - {id: d, workstreams: [{id: one, run: "true"}]}
  - {id: e, workstreams: [{id: two, run: "echo two >> log"}]}
gates:
  - {id: g, after: [d], opens: [e], criteria: [{name: enough, metric: tiles, above: 20}]}
EOF
run plan run --no-wait h.yaml
is "a metric from an address that is too small keeps the gate shut" "$status:$(ran)" "1:"
printf 'tiles 21\n' >www/metrics
run plan resume --no-wait h.yaml
is "and opens it when it holds" "$status:$(ran)" "0:two "
run plan-fetch "http://127.0.0.1:$port/nothing"
is "a page that is not there" "$status:$err" "1:spritery: http://127.0.0.1:$port/nothing: not there (404)"
finish
