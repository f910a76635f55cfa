#!/bin/sh
# bench/pixelfix: the harness that repairing is measured with, on sprites of this program as tiles. Usage: SPRITERY BENCH_PIXELFIX
bench=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
mkdir -p tiles/mon build/bench
ln -s "$bench" build/bench/bench_pixelfix
export SPRITERY="$program" BUILD_FOLDER="$work/build"
run generate "red dragon" --seed 1 --count 8 --steps 4 --out tiles/mon --preview never

measured() { sh "$root/bench/pixelfix" --tiles tiles --photos none --out out --json all.json "$@" >"$work.log" 2>&1; }
# of TOOL CLASS KEY: in thousandths, which every jq prints alike
of() { jq -r ".tools[] | select(.tool == \"$1\") | .classes[] | select(.class == \"$2\") | .$3 * 1000 | round" all.json; }

if ! measured --class ADXQ --count 2 --tools ours,told-centres; then not_ok "it runs" "$(cat "$work.log")"; fi
is "clean ones come back" "$(of ours A exact) $(of ours A same) $(of ours A pure)" "1000 1000 1000"
is "noisy ones, too" "$(of ours D exact) $(of ours D pix)" "1000 1000"
is "the shape under soft alpha" "$(of ours X iou) $(of ours X partial_alpha)" "1000 0"
is "sequences stand still" "$(of ours Q resized) $(of ours Q altered)" "0 0"
is "the baseline keeps the noise" "$(of told-centres D pure) $(of told-centres Q resized)" "0 0"
is "the table says it" "$(grep -c '^D  10.67x antialiased, noise 5 *2 *100.0 100.0 100.0' "$work.log")" "1"
first=$(sha out/set/D/D-000.png)
rm -rf out
measured --class D --count 1 --tools told-centres
is "the same seed spoils the same way" "$(sha out/set/D/D-000.png)" "$first"
measured --class D --count 1 --tools told-centres --seed 3
if [ "$(sha out/set/D/D-000.png)" != "$first" ]; then ok "another seed another way"; else not_ok "another seed another way"; fi

# What is wrong must score as wrong.
measured --class A --count 1 --tools told-centres
"$program" transform out/told-centres/A-000.png --scale 2 --out wrong.png -q --force >"$work.log" 2>&1 ||
    "$program" pixelize out/set/A/A-000.png --cell 4 --out wrong.png -q --force >"$work.log" 2>&1
mkdir wrong
cp wrong.png wrong/A-000.png
is "a wrong size is not exact" \
    "$("$bench" score out/set wrong wrong none none | jq -r '.classes[0] | [.made, .exact, .near, .pix] | map(. > 0.9) | @csv')" "true,false,false,false"
rm -f wrong/A-000.png
is "nothing made is nothing right" "$("$bench" score out/set wrong wrong none none | jq -r '.classes[0] | [.made, .exact, .pix] | map(. > 0) | @csv')" "false,false,false"
rm -f "$work.log"
finish
