#!/bin/sh
# Plans: checked, drawn, simulated, compared, begun.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
example=$root/examples/plans/dgx-pixels.yaml
bad=$root/tests/bad/plans

cp "$example" p.yaml
run plan check p.yaml
is "a sound plan" "$status:$out:$err" "0:p.yaml: sound: 4 domains, 18 workstreams, 3 gates:"
run plan check --json p.yaml
is "a sound plan as JSON" "$status:$out" '0:{"file":"p.yaml","sound":true,"plan":"dgx-pixels","domains":4,"workstreams":18,"gates":3,"complaints":[]}'

wrong=
for file in "$bad"/*.yaml; do
    name=$(basename "$file" .yaml)
    (cd "$bad" && "$program" plan check "$name.yaml") 2>seen >/dev/null
    status=$?
    { cat "$bad/$name.exact"; printf 'spritery: '; } | sed 's/^and \([0-9]* more\)$/many-mistakes.yaml: and \1/' >want
    sed 's/^spritery: .*/spritery: /' seen | tr -d '\n' >seen.flat
    tr -d '\n' <want >want.flat
    if [ $status != 1 ] || ! cmp -s seen.flat want.flat; then wrong="$wrong $name"; fi
done
rm -f seen want seen.flat want.flat
is "every bad plan: all complaints, with file, line and column, exit 1" "$wrong" ""

cp "$bad/circles.yaml" c.yaml
run plan check c.yaml p.yaml
is "one bad plan does not hide the others" "$status:$out" "1:p.yaml: sound: 4 domains, 18 workstreams, 3 gates"
run plan check --json c.yaml
is "complaints as JSON" "$status:$(printf '%s' "$out" | jq -r '.sound, (.complaints | length), .complaints[0].line, .complaints[0].column' | tr '\n' ' ')" "1:false 2 6 9 "
run plan show c.yaml
is "a bad plan is not drawn" "$status:$out:$(printf '%s\n' "$err" | tail -n 1)" "1::spritery: c.yaml has 2 mistakes"
rm -f c.yaml

days='[.effort.min_s, .effort.max_s, .unlimited.min_s, .unlimited.max_s, .expected.pert_mean_s] | map(. / 28800) | join(" ")'
run plan simulate --json p.yaml
is "effort, and days with gates and unlimited hands" "$(printf '%s' "$out" | jq -r "$days")" "83 106 44 56 50"
is "the critical path" "$(printf '%s' "$out" | jq -r '.critical_path | join(" ")')" \
    "WS-01 WS-02 WS-08 WS-09 WS-10 WS-11 WS-12 WS-16 WS-17 WS-18"
is "limits cost time, and no order beats the bound" \
    "$(printf '%s' "$out" | jq '.limited.expected_s >= .unlimited.expected_s and .expected.bound_s <= .expected.best_s and .expected.best_s <= .limited.expected_s')" "true"
is "percentiles are stable" "$(printf '%s' "$out" | jq -c '[.unlimited_runs.p50_s, .unlimited_runs.p80_s, .unlimited_runs.p95_s, .limited_runs.p50_s, .limited_runs.p80_s, .limited_runs.p95_s]')" \
    "[1440621.687,1460274.351,1475622.692,1541833.768,1562175.333,1577383.822]"
first=$out
SPRITERY_THREADS=1 run plan simulate --json p.yaml
is "one thread gives the same bytes" "$out" "$first"
run plan simulate --json --seed 2 p.yaml
if [ "$out" != "$first" ]; then ok "another seed, other numbers"; else not_ok "another seed, other numbers"; fi
run plan simulate p.yaml --runs 50
is "simulate in words" "$status:$(printf '%s\n' "$out" | grep '^unlimited hands' | head -n 1 | tr -s ' ')" "0:unlimited hands 44 d 50 d 56 d"

run plan show p.yaml
is "a line for every thing in the tree" "$status:$(printf '%s\n' "$out" | grep -c .)" "0:26"
run plan show --gantt p.yaml
is "a line for every thing in the chart" "$status:$(printf '%s\n' "$out" | grep -c .)" "0:26"
run plan show --json p.yaml
is "show as JSON" "$(printf '%s' "$out" | jq -c '[.plan, (.domains | length), ([.domains[].workstreams[]] | length), (.gates | length), ([.domains[].workstreams[] | select(.critical)] | length)]')" '["dgx-pixels",4,18,3,10]'
run plan show --dot p.yaml
is "DOT has every arrow" "$(printf '%s\n' "$out" | grep -c -- '->')" "29"
if command -v dot >/dev/null 2>&1; then
    is "Graphviz reads it" "$(printf '%s\n' "$out" | dot -Tsvg 2>&1 >/dev/null)" ""
fi
run plan show --svg p.yaml
is "SVG is XML with a bar for each" "$(printf '%s\n' "$out" | grep -c '<rect x=')" "18"
if command -v xmllint >/dev/null 2>&1; then
    is "xmllint reads it" "$(printf '%s\n' "$out" | xmllint --noout - 2>&1)" ""
fi

run plan diff p.yaml p.yaml
is "a plan differs not from itself" "$status:$out" "0:"
sed -e '/WS-03/d' -e 's/estimate: 3d..4d}/estimate: 5d..6d}/' -e 's/gate-3/gate-4/' -e 's/{workstreams: 6}/{workstreams: 7}/' p.yaml >q.yaml
run plan diff p.yaml q.yaml
is "what changed" "$out" "~ plan: capacity: workstreams 6 -> workstreams 7
~ workstream WS-01: estimate: 3 d to 4 d -> 5 d to 6 d
- workstream WS-03: Benchmark suite
+ gate gate-4: Ready for production
- gate gate-3: Ready for production"
rm -f q.yaml

rm -f p.yaml
run plan new my-game
is "a new plan" "$status:$out:$(files)" "0:my-game.yaml:my-game.yaml"
run plan check my-game.yaml
is "and it is sound" "$status:$out" "0:my-game.yaml: sound: 3 domains, 7 workstreams, 1 gate"
before=$(sha my-game.yaml)
run plan new my-game.yaml
keep=my-game.yaml
refused "never over a file that is there" 1 "my-game.yaml"
is "which is as it was" "$(sha my-game.yaml)" "$before"
run plan simulate my-game.yaml --gantt
refused "an option of another word" 2 "--gantt does not belong to 'plan simulate'"
run plan show --dot --svg my-game.yaml
refused "two forms at once" 2 "one of them at a time"
run plan simulate my-game.yaml --runs 0
refused "no runs" 2 "runs"
run plan draw my-game.yaml
refused "an unknown word" 2 "no 'plan draw'"
run plan diff my-game.yaml
refused "an operand missing" 2 "it is 'spritery plan diff OLD NEW'"
run plan check nothing.yaml
refused "no such file" 1 "cannot open nothing.yaml"
finish
