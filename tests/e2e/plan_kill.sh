#!/bin/sh
# kill -9 at every place where a run's safety rests on a write, and at random instants: nothing is lost, nothing that is
# done runs again, no two runs of one task overlap, nobody is left over.
# The whole campaign: SPRITERY_KILLS=1000 tests/e2e/plan_kill.sh PROGRAM. SPRITERY_SEED=N for other instants (default 1),
# SPRITERY_MINUTES=N ends the random ones after so long (default 240), SPRITERY_SURVIVE=power for a journal that is flushed.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
command -v pgrep >/dev/null || { echo "Bail out! pgrep (Debian: procps) is not there"; exit 1; }
kills=${SPRITERY_KILLS:-4}
survive=${SPRITERY_SURVIVE:-kill}
seed=${SPRITERY_SEED:-1}
deadline=$(($(date +%s) + ${SPRITERY_MINUTES:-240} * 60))

cat >k.yaml <<'END'
plan: k
capacity: {workstreams: 2}
defaults: {retries: 0}
domains:
  - id: a
    workstreams:
      - {id: t1, run: "./task t1 0.03"}
      - {id: t2, run: "./task t2 0.01", needs: [t1], accept: [{name: line, command: "grep -q t2 lines"}]}
      - {id: t3, run: "./task t3 0.04"}
      - {id: t4, run: "./task t4 0"}
  - id: b
    workstreams:
      - {id: t5, run: "./task t5 0.02"}
      - {id: t6, run: "./task t6 0", needs: [t5]}
gates:
  - {id: g, after: [a], opens: [b], criteria: [{name: lines, command: "grep -q t3 lines"}]}
END
cat >task <<'END'
#!/bin/sh
exec 9>>"lock.$1"
flock -n 9 || { echo "$1" >>overlap; exit 1; }
echo "$1" >>lines
sleep "$2"
END
chmod +x task

# Processes of domains of this plan.
domains() { pgrep -f "^spritery-domain [ab] $work/" | tr '\n' ' '; }

# Everybody who works for this plan: their environment holds its folder; and the domains.
left_over() {
    for p in /proc/[0-9]*; do
        if { tr '\0' '\n' <"$p/environ"; } 2>/dev/null | grep -q "^SPRITERY_TASK=$work/"; then printf '%s ' "${p#/proc/}"; fi
    done
    domains
}

# The supervisors of this test: their home is its folder.
supervisors() {
    for p in $(pgrep -x spritery-task); do
        if { tr '\0' '\n' <"/proc/$p/environ"; } 2>/dev/null | grep -q "^HOME=$work\$"; then printf '%s ' "$p"; fi
    done
}

# What must hold after every kill. $1: "once" where no task itself was killed, so that each ran exactly once.
judge() {
    timeout 60 "$program" plan run --survive "$survive" --quiet k.yaml >resumed 2>&1
    code=$?
    # shellcheck disable=SC2094 # "events" is a word of the command, too
    "$program" plan events --json k.yaml >events 2>events.err || { echo "the journal: $(cat events.err)"; return; }
    [ $code = 0 ] || { echo "going on ended with $code: $(cat resumed)"; return; }
    [ ! -e overlap ] || { echo "two runs of one task: $(cat overlap)"; return; }
    left=$(left_over)
    [ -z "$left" ] || { echo "left over: $left"; return; }
    [ -z "$(supervisors)" ] || sleep 0.3 # of one that was killed: they notice
    left=$(supervisors)
    [ -z "$left" ] || { echo "supervisors left over: $left"; return; }
    jq -rs --arg once "$1" --rawfile lines lines '
        def starts($id): [.[] | select(.event == "start" and .id == $id)] | length;
        . as $all | ["t1","t2","t3","t4","t5","t6"][] as $id |
        ($lines | split("\n") | map(select(. == $id)) | length) as $ran |
        ([$all | to_entries[] | select(.value.event == "done" and .value.id == $id) | .key]) as $done |
        ([$all | to_entries[] | select(.value.event == "start" and .value.id == $id) | .key] | max) as $last |
        if ($done | length) != 1 then "\($id) is done \($done | length) times"
        elif $done[0] < $last then "\($id) was started after it was done"
        elif $ran < 1 then "\($id) never ran"
        elif $ran > ($all | starts($id)) then "\($id) ran \($ran) times and was started fewer times"
        elif $once == "once" and $ran != 1 then "\($id) ran \($ran) times"
        else empty end' events
}

clean() { rm -rf .spritery lines overlap lock.*; }

say() { [ "$kills" -lt 50 ] || echo "# $*"; }
begun=$(date +%s)

wrong=
count_kills=0
through=0
for kind in journal witness slots; do
    n=1
    while [ $n -le "$kills" ]; do
        clean
        SPRITERY_FAULT=$kind:$n timeout 60 "$program" plan run --survive "$survive" --quiet k.yaml >/dev/null 2>&1
        [ $? = 137 ] || { through=$((through + 1)); break; } # past the last place
        count_kills=$((count_kills + 1))
        said=$(judge once)
        [ -z "$said" ] || wrong="$wrong $kind:$n: $said;"
        n=$((n + 1))
    done
    say "killed at $((n - 1)) places of $kind"
done
is "killed at every write of the journal, its witness and the slots" "$wrong" ""
if [ $count_kills -ge $((kills * 2)) ] || [ $through = 3 ]; then ok "that many times"; else not_ok "that many times" "$count_kills"; fi

wrong=
for kind in spawn talk claim exit launch any; do
    n=1
    while [ $n -le "$kills" ]; do
        clean
        SPRITERY_FAULT=$kind:$n timeout 60 "$program" plan run --survive "$survive" --quiet k.yaml >/dev/null 2>&1
        [ $? = 137 ] || [ $n -lt 24 ] || break # no supervisor passes more places, and the orchestrator passed its last
        said=$(judge often)
        [ -z "$said" ] || wrong="$wrong $kind:$n: $said;"
        n=$((n + 1))
    done
    say "killed at $((n - 1)) places of $kind"
done
is "killed wherever orders and news go, a task is taken, ends or is launched: supervisors, domains, meta" "$wrong" ""

# instant N: seconds, 0 to 0.35 and now and then twice that
instant() { awk -v seed="$seed" -v n="$1" 'BEGIN { srand(seed * 100003 + n); t = rand() * 0.35; if (n % 5 == 0) t *= 2; printf "%.3f", t }'; }

wrong=
bad=0
n=1
only=0
domains_too=0
supervisors_too=0
tasks_too=0
while [ $n -le "$kills" ] && [ $bad -lt 5 ] && [ "$(date +%s)" -lt "$deadline" ]; do
    clean
    "$program" plan run --survive "$survive" --quiet k.yaml >/dev/null 2>&1 &
    pid=$!
    sleep "$(instant $n)"
    # shellcheck disable=SC2046 # lists of pids
    case $((n % 6)) in
    0) kill -9 $pid 2>/dev/null; only=$((only + 1)) ;;
    1) kill -9 $(domains) 2>/dev/null; domains_too=$((domains_too + 1)) ;; # meta goes on
    2) kill -9 $pid $(domains) 2>/dev/null; domains_too=$((domains_too + 1)) ;;
    3) kill -9 $(supervisors) $pid 2>/dev/null; supervisors_too=$((supervisors_too + 1)) ;;
    4) kill -9 $(left_over) 2>/dev/null; tasks_too=$((tasks_too + 1)) ;;      # meta goes on
    5) kill -9 $(left_over) $pid 2>/dev/null; tasks_too=$((tasks_too + 1)) ;; # not their supervisors
    esac
    wait $pid 2>/dev/null
    said=$(judge often)
    [ -z "$said" ] || { wrong="$wrong $n: $said;"; bad=$((bad + 1)); }
    [ $((n % 20)) != 0 ] || say "killed at $n random instants of $kills, $bad wrong, $(($(date +%s) - begun)) s"
    n=$((n + 1))
done
say "seed $seed: $only times the orchestrator, $domains_too times domains with or without it, $supervisors_too times its supervisors too, $tasks_too times the tasks too; $bad wrong, $(($(date +%s) - begun)) s"
is "killed at $((n - 1)) random instants" "$wrong" ""

clean
SPRITERY_FAULT=full:4 timeout 60 "$program" plan run --quiet k.yaml >out 2>&1
is "a full disk stops the run" "$?:$(grep -c 'nothing more is started' out)" "1:1"
starts=$("$program" plan events --json k.yaml | jq -s '[.[] | select(.event == "start")] | length')
ran=$(sort -u lines 2>/dev/null | grep -c .)
if [ "$ran" -le "$starts" ]; then ok "before the next launch"; else not_ok "before the next launch" "$ran ran, $starts written"; fi
said=$(judge once)
is "and when there is room again it goes on" "$said" ""

clean
timeout 60 "$program" plan run --survive "$survive" --quiet k.yaml
cp .spritery/k/run.journal whole
size=$(wc -c <whole)
wrong=
for at in 1 $((size / 3)) $((size / 2)) $((size - 1)); do
    head -c "$at" whole >.spritery/k/run.journal
    run plan resume k.yaml
    case $status:$err in 1:*"is damaged: line"*) ;; *) wrong="$wrong $at" ;; esac
done
is "a journal cut anywhere is refused, with the place" "$wrong" ""
run plan status k.yaml
case $err in *"the journal is damaged: line"*) ok "status says so" ;; *) not_ok "status says so" "$err" ;; esac
run plan resume --mend --quiet k.yaml
is "mending goes on from the sound part" "$status" 0
is "and keeps the damaged one" "$(wc -c <.spritery/k/run.journal.damaged-1)" "$((size - 1))"
finish
