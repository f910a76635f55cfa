#!/bin/sh
# spritery check: what passes, what fails and where, gates and bounds of one's own, JSON, exit statuses.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

run generate "blue potion" --seed 7 --steps 4 --out a.png --preview never
run generate "blue potion" --seed 8 --steps 4 --out b.png --preview never
run generate "blue potion" --seed 7 --steps 4 --scale 8 --out large.png --preview never

run check a.png --gate alpha --gate grid --gate colours --gate empty
is "a sprite of this program passes" "$status:$out:$err" "0:a.png: passed 4 gates:"
run check a.png b.png --gate alpha -q
is "--quiet says nothing about what passes" "$status:$out:$err" "0::"
run check large.png --gate grid
is "an enlarged one fails" "$status:$err" "1:spritery: 1 of 1 picture did not pass"
case $out in
"large.png: 1 of 1 gates failed
  grid        failed 8, at most 1.5: pixels of the picture for each pixel drawn") ok "and how much" ;;
*) not_ok "and how much" "$out" ;;
esac
run check a.png large.png --gate grid
is "how many of how many" "$status:$err" "1:spritery: 1 of 2 pictures did not pass"
mkdir -p many/deep none
cp large.png many/z.png && cp a.png many/deep/a.png && echo text >many/notes.txt
run check many/ --gate grid
is "a folder is every picture in and below it" "$status:$(printf '%s\n' "$out" | grep -v '^ ' | tr '\n' '|'):$err" \
    "1:many/deep/a.png: passed 1 gates|many/z.png: 1 of 1 gates failed|:spritery: 1 of 2 pictures did not pass"
run check none
is "one without is refused" "$status:$err" "1:spritery: none: no picture in or below this folder"
rm -r many none
run check large.png --gate grid=8
is "a bound of one's own" "$status:$err" "0:"
run check a.png --gates alpha,colours --gate colours=1
is "a list, and one of its bounds" "$status:$(printf '%s' "$out" | head -n 1)" "1:a.png: 1 of 2 gates failed"
run check a.png --gates all -v
is "--verbose shows every gate" "$(printf '%s\n' "$out" | grep -c '^  [a-z]* *\(passed\|failed\|-\) ')" "18"

run check --json a.png large.png --gate grid --gate alpha
is "JSON, one object a file" "$(printf '%s\n' "$out" | jq -c '[.file, .width, .passed, (.gates[] | .gate, .value, .bound, .at, .passed)]' |
    tr '\n' ' ')" \
    '["a.png",32,true,"grid",1,1.5,"most",true,"alpha",0,0,"most",true] ["large.png",256,false,"grid",8,1.5,"most",false,"alpha",0,0,"most",true] '
run check --json --sequence a.png a.png b.png --gate duplicates
is "a sequence is one thing, with frames" "$status:$(printf '%s' "$out" | jq -c '[.frames, .gates[0].value, .gates[0].where]')" \
    "1:[3,1,[[0,0,1]]]"
is "and fails as one" "$err" '{"error":"bad_data","message":"the sequence did not pass"}'
run animate a.png a.png b.png --out walk.gif
run check walk.gif --gate duplicates
is "frames of a file are looked at together" "$status:$(printf '%s\n' "$out" | head -n 1)" "1:walk.gif: 1 of 1 gates failed"
run check a.png large.png --sequence --gate size
is "frames of two sizes" "$status:$(printf '%s\n' "$out" | sed -n 2p | cut -c1-26)" "1:  size        failed 2, at"

keep="a.png b.png large.png walk.gif"
run check a.png --gate orphan
refused "a gate misspelt" 2 'there is no gate "orphan"; did you mean orphans?'
run check a.png --gates alpha,,grid
refused "an empty name" 2 'there is no gate ""'
run check a.png --gate alpha=few
refused "a bound that is no number" 2 '--gate is "alpha=few"; it must be NAME=BOUND with a number from 0 on'
run check
refused "nothing to check" 2 "check needs FILE..."
run check a.png nothing.png b.png --gate alpha
is "a missing file does not hide the others" "$status:$(printf '%s\n' "$out" | wc -l | tr -d ' '):$err" \
    "1:2:spritery: cannot open nothing.png: No such file or directory
spritery: 1 of 3 files could not be checked"
echo broken >broken.png
run check broken.png
is "a broken file" "$status" "1"

finish
