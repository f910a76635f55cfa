#!/bin/sh
# Sprites enlarged, turned, mirrored, outlined, in sets; animations keep their frames; wrong asks.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
bad=$root/tests/bad
field() { printf '%s' "$out" | sed "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/"; }
"$program" animate "$bad/gif/one" --out one.png >/dev/null

for method in nearest epx mmpx xbr; do
    run transform one.png --scale 4 --method $method --out "$method.png" --json
    is "$method: four times as large" "$(field width) $(field height)" "16 16"
done
run transform one.png --mirror xy --out m.png
run transform one.png --rotate 180 --out r.png
is "mirrored both ways is half a turn" "$(sha m.png)" "$(sha r.png)"
run transform one.png --rotate 90 --out q1.png
run transform q1.png --rotate -90 --out q2.png
is "a quarter there and back" "$(sha q2.png)" "$(sha one.png)"
run transform one.png --rotate 45 --out d.png --json
is "a turned canvas holds everything" "$(field width)" 6
run transform one.png --rotate 45 --keep-size --out k.png --json
is "or keeps its size" "$(field width)" 4
run transform one.png --set 8 --facing n --out set
is "eight directions" "$(cd set && echo ./*)" "./one-e.png ./one-n.png ./one-ne.png ./one-nw.png ./one-s.png ./one-se.png ./one-sw.png ./one-w.png"
run transform one.png --set 4 --out four
is "four, by degrees" "$(cd four && echo ./*)" "./one-0.png ./one-180.png ./one-270.png ./one-90.png"
run transform one.png --set 2
is "two, beside it" "$(echo one-*)" "one-mirrored.png one-plain.png"
run transform one.png --outline outer:#ff00ff --out o.png --json
is "an outline needs room" "$(field width)" 6
run transform "$bad/aseprite/tags" --scale 2 --out t.aseprite --json
is "every frame" "$(field width) $(field frames)" "8 3"
run show --json t.aseprite
case $out in
*'"durations_ms":[100,40,70]'*'"name":"run"'*) ok "times and tags stay" ;;
*) not_ok "times and tags stay" "$out" ;;
esac
run transform "$bad/gif/background" --outline outer --out b.gif --json
is "frames get one canvas" "$(field width) $(field frames)" "6 3"

rm -rf ./*
cp "$bad/gif/one" one.gif
keep=one.gif
run transform one.gif --scale 3 --method mmpx
refused "MMPX by three" 2 "--scale 3" "nearest"
run transform one.gif --method hq4x
refused "an unknown method" 2 "hq4x" "mmpx"
run transform one.gif --rotate up
refused "no number" 2 "up" "degrees"
run transform one.gif --rotate nan
refused "not a number" 2 "nan"
run transform one.gif --set 3
refused "a set of three" 2 "2, 4 or 8"
run transform one.gif --set 4 --facing ne
refused "four that face a corner" 2 "ne"
run transform one.gif --facing n
refused "facing alone" 2 "--set"
run transform one.gif --outline fat
refused "an unknown outline" 2 "fat" "outer"
run transform one.gif --outline outer:red
refused "an unknown colour" 2 "outer:red" "#RRGGBB"
run transform one.gif --out x.jpg
refused "JPEG" 2 "x.jpg"
run transform one.gif one.gif --out x.png
refused "two into one" 2 "x.png"
run transform one.gif --scale 2
keep="one-transform.gif one.gif"
run transform one.gif --scale 2
refused "a file that is there" 1 "one-transform.gif" "--force"
finish
