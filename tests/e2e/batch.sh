#!/bin/sh
# Rows of a file: every kind, names, what is done is not done again, and a batch that is killed anywhere goes on.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
pictures() { find "$1" -name '*.png' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'; }

printf 'prompt,seed,k\nsword,7,a\n"axe, big",,b\n' >items.csv
run batch items.csv --steps 2
is "a picture for each row" "$status $(pictures items)" "0 items/axe-big-2.png items/sword-7.png"
is "it says how many" "$err" "2 made, 0 already there, 0 failed"
run show --json items/sword-7.png
is "a row, the command line and defaults together" \
    "$(printf %s "$out" | jq -c '[.request.prompt, .request.steps, .request.size]')" '["sword",2,[32,32]]'
before=$(sha items/sword-7.png)
run generate sword -s 7 --steps 2 -o alone.png --preview never
is "the same bytes as generate's" "$(sha alone.png)" "$before"

run batch items.csv --steps 2
is "again: nothing is drawn" "$status $err" "0 0 made, 2 already there, 0 failed"
printf 'prompt,seed,k\nsword,7,a\n"axe, big",,b\nring,3,c\n' >items.csv
run batch items.csv --steps 2
is "a new row: only that" "$status $err" "0 1 made, 2 already there, 0 failed"
rm items/ring-3.png
run batch items.csv --steps 2 --json
is "a file that is gone comes back" "$(printf '%s\n' "$out" | jq -r .state | tr '\n' ' ')" "kept kept done "
run batch items.csv --steps 2 --force
is "--force draws all again, the same" "$status $err $(sha items/sword-7.png)" "0 3 made, 0 already there, 0 failed $before"
is "no file twice" "$(pictures items)" "items/axe-big-2.png items/ring-3.png items/sword-7.png"

cat >w.yaml <<'EOF'
prompt: "{color} {thing}"
lists: {color: [red, blue], thing: [sword, axe]}
defaults: {steps: 1}
EOF
run batch w.yaml --name '{thing}/{index}-{color}' --dry-run
is "a dry run" "$status $out" "0 w/sword/1-red.png
w/axe/2-red.png
w/sword/3-blue.png
w/axe/4-blue.png"
is "which makes nothing" "$(ls -d w 2>/dev/null)" ""
run batch w.yaml --name '{thing}/{index}-{color}'
is "lists and folders" "$status $(pictures w)" "0 w/axe/2-red.png w/axe/4-blue.png w/sword/1-red.png w/sword/3-blue.png"
run batch w.yaml --name '../../{thing}' --out out
is "a name cannot leave the folder" "$status $(find out -name '*.png' | sed 's|[^/]*$||' | sort -u)" "0 out/sprite/sprite/"
printf '{"prompt":"sword","steps":1}\n{"prompt":"qqqqzzzz"}\n{"prompt":"axe","steps":1}\n' | "$program" batch - --as jsonl -o j >j.out 2>j.err
is "a row that means nothing: the others are made" "$? $(pictures j)" "1 j/axe-3.png j/sword-1.png"
case $(cat j.err) in
*"line 2: the model does not know"*"1 of 3 rows failed"*) ok "and it is said" ;;
*) not_ok "and it is said" "$(cat j.err)" ;;
esac
is "in the manifest too" "$(jq -r 'select(.state == "failed") | .request.prompt' j/manifest.jsonl)" "qqqqzzzz"

mkdir mine
echo precious >mine/sword-7.png
printf 'prompt,seed\nsword,7\n' >mine.csv
run batch mine.csv --steps 1
is "a file of somebody else's is left alone" "$status $(cat mine/sword-7.png)" "1 precious"

# Mistakes.
keep=$(files)
printf 'prompt,stpes\naxe,1\n' >../"$(basename "$work").csv"
run batch "$work.csv"
refused "a column misspelt" 2 "line 2" 'did you mean "steps"?'
run batch "$work.csv" --as xml
refused "a kind that is none" 2 "csv, jsonl or yaml"
run batch nothing.csv
refused "no such file" 1 "nothing.csv"
run batch items.csv --name '{promt}'
refused "a name that nothing is called" 2 "--name" "did you mean {prompt}?"
rm -f "$work.csv"

# Killed at many moments: afterwards every row has its picture, once, whole.
i=0
printf 'prompt,seed\n' >many.csv
while [ $i -lt 24 ]; do
    echo "sword,$i" >>many.csv
    i=$((i + 1))
done
tries=0
while [ $tries -lt 12 ]; do
    "$program" batch many.csv --steps 1 --json >>many.out 2>/dev/null &
    pid=$!
    sleep "0.$(printf '%02d' $((10 + tries * 3)))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    tries=$((tries + 1))
done
run batch many.csv --steps 1
is "killed a dozen times: every row has its picture" "$status $(pictures many | wc -w)" "0 24"
bad=
for picture in many/*.png; do
    "$program" show --json "$picture" >/dev/null 2>&1 || bad="$bad $picture"
done
is "each is whole" "$bad$(find many -name '*.part')" ""
is "none was reported twice" "$(jq -r 'select(.state == "done") | .file' many.out | sort | uniq -d)" ""
finish
