#!/bin/sh
# Tiles that repeat, Wang and blob sets, planes of them; wrong asks.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
bad=$root/tests/bad
field() { printf '%s' "$out" | sed "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/"; }
"$program" animate "$bad/gif/one" --scale 3 --out a.png --as sheet >/dev/null
"$program" transform a.png --outline inner:#0000ff --out b.png >/dev/null
"$program" palette apply grey-4 a.png --out c.png >/dev/null

run tiles measure a.png --json
case $out in *'"x":{"edge":0.0,'*'"seamless":true}'*) ok "a frame meets itself" ;; *) not_ok "a frame meets itself" "$out" ;; esac
"$program" palette convert grey-16 --out strip.png >/dev/null
run transform strip.png --scale 4 --out ramp.png
run tiles measure ramp.png
is "a seam is a failure" "$status" 1
case $err in *"1 of 1 tiles have a seam"*) ok "and said" ;; *) not_ok "and said" "$err" ;; esac
run tiles seamless ramp.png --json
case $out in *'"seamless":true}') ok "mended" ;; *) not_ok "mended" "$out" ;; esac
run tiles measure ramp-seamless.png
is "and measured so" "$status" 0

run tiles wang c.png a.png --out w.png --tsx --json
is "16 tiles" "$(field tiles) $(field columns)" "16 4"
is "Tiled's terrain" "$(grep -c '<wangtile ' w.tsx)" 16
run tiles blob c.png a.png --out b47.png --border '#000000' --tsx --json
is "47 tiles" "$(field tiles) $(field columns)" "47 8"
is "terrain of 47" "$(grep -c '<wangtile ' b47.tsx)" 47
run tiles blob c.png a.png --out again.png --border '#000000'
is "the same bytes again" "$(sha again.png)" "$(sha b47.png)"
run tiles preview b47.png --kind blob --lower c.png --size 5x4 --out p.png --json
is "a plane" "$(field width) $(field height)" "60 48"
run tiles preview a.png --size 3x2 --out q.png --json
is "a tile beside itself" "$(field width) $(field height)" "36 24"
if command -v tmxrasterizer >/dev/null 2>&1 && command -v xmllint >/dev/null 2>&1; then
    is "well-formed" "$(xmllint --noout w.tsx 2>&1)" ""
fi

rm -f ./*
"$program" animate "$bad/gif/one" --out one.png >/dev/null
"$program" animate "$bad/gif/interlaced" --as sheet --out two.png >/dev/null
keep="one.png two.png"
run tiles
refused "no verb" 2 "tiles needs"
run tiles hex one.png
refused "an unknown verb" 2 "hex" "wang"
run tiles wang one.png
refused "one ground alone" 2 "LOWER UPPER"
run tiles wang one.png two.png --out w.png
refused "two sizes" 2 "4x4" "4x9"
run tiles wang one.png one.png --kind hex
refused "an unknown kind" 2 "hex" "corner or edge"
run tiles wang one.png one.png --wave 3
refused "too wavy" 2 "3"
run tiles blob one.png one.png --border red
refused "no colour" 2 "red" "#RRGGBB"
run tiles blob one.png one.png --kind edge
refused "an option of another verb" 2 "--kind" "tiles blob"
run tiles seamless one.png --axis z
refused "an unknown axis" 2 "z"
run tiles seamless one.png --out x.jpg
refused "JPEG" 2 "x.jpg"
run tiles preview one.png --kind blob --out x.png
refused "no set" 2 "4x4" "blob"
run tiles preview one.png --size 9999999x3
refused "an endless plane" 2 "9999999x3"
run tiles seamless nothing.png
refused "a missing file" 1 "nothing.png"
finish
