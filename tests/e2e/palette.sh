#!/bin/sh
# Palettes from pictures, to pictures, through every kind of file; wrong asks.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
bad=$root/tests/bad

run palette list
is "27 names" "$(printf '%s\n' "$out" | wc -l)" 27
run palette convert pico-8 --as hex
want=$out
for kind in gpl hex txt pal act ase png aseprite; do
    run palette convert pico-8 --out "p.$kind"
    run palette convert "p.$kind" --as hex
    is "there and back: $kind" "$out" "$want"
done
run palette convert p.act --as riff --out r.pal
run palette convert r.pal --as hex
is "there and back: riff" "$out" "$want"
cp p.gpl misnamed.png
run palette convert misnamed.png --as hex
is "known by content" "$out" "$want"

run palette extract "$bad/gif/keep" --as hex
is "a picture's colours in order" "$(printf '%s' "$out" | tr '\n' ' ')" "ff0000 00ff00 0000ff ffffff"
run palette extract "$bad/gif/keep" --as hex --sort light
is "dark to light" "$(printf '%s' "$out" | tr '\n' ' ')" "0000ff ff0000 00ff00 ffffff"
run palette extract "$bad/gif/keep" --colors 2 --json
case $out in *'"count":2'*) ok "the best two" ;; *) not_ok "the best two" "$out" ;; esac
run palette merge gameboy gameboy cga-0 --json
case $out in *'"count":8'*) ok "merged, each once" ;; *) not_ok "merged, each once" "$out" ;; esac
run palette show gameboy
case $out in *"gameboy: 4 colours"*"0f380f 306230 8bac0f 9bbc0f"*) ok "shown" ;; *) not_ok "shown" "$out" ;; esac

run palette apply gameboy "$bad/aseprite/tags" --out dmg.aseprite
run palette extract dmg.aseprite --as hex
left=$(printf '%s\n' "$out" | grep -cvE '^(0f380f|306230|8bac0f|9bbc0f)$')
is "applied: only these colours" "$left" 0
run palette convert dmg.aseprite --as hex
is "the file keeps the palette's order" "$(printf '%s' "$out" | head -n 4 | tr '\n' ' ')" "0f380f 306230 8bac0f 9bbc0f"
run show --json dmg.aseprite
case $out in *'"frames":3'*'"name":"run"'*) ok "frames and tags stay" ;; *) not_ok "frames and tags stay" "$out" ;; esac
mkdir many
run palette apply cga-1 "$bad/image/png" "$bad/gif/keep" --out many --dither bayer4:0.5
is "many, dithered" "$(echo many/*)" "many/keep.png many/png.png"
printf '000000\naaaaaa\n555555\nffffff\n' >greys.hex
"$program" palette convert greys.hex -o strip.png >strips
"$program" palette convert websafe -o web.png >strips
for how in "strip.png" "./strip.png:0.5" "bayer2" "strip.png:0"; do
    run palette apply gameboy web.png -o dithered.png --force --dither "$how"
    is "a pattern of one's own: --dither $how" "$status:$err" "0:"
    sha dithered.png >>sums
done
is "each is another picture" "$(sort -u sums | wc -l)" 4
run palette apply cga-1 "$bad/image/png" -o dithered.png --force --dither none.png
is "a pattern that is not there" "$status:$err" "1:spritery: --dither: cannot open none.png: No such file or directory"
rm -f strips sums

rm -rf ./*
run palette
refused "no verb" 2 "palette needs"
run palette mix a b
refused "an unknown verb" 2 "mix" "extract"
run palette convert nowhere.gpl
refused "no such palette" 1 "nowhere.gpl"
run palette convert gamboy
refused "nearly one" 1 "gameboy"
run palette convert gameboy --out x.doc
refused "an unknown ending" 2 "x.doc" ".gpl"
run palette convert gameboy --as doc
refused "an unknown kind" 2 "doc" "jasc"
run palette convert gameboy --colors 3
refused "an option of another verb" 2 "--colors" "palette convert"
run palette convert "$bad/palette/gpl-large"
refused "too many colours" 1 "256"
run palette convert "$bad/aseprite/one"
refused "an Aseprite file without a palette" 1 "no palette"
run palette extract "$bad/png/cut-data"
refused "a broken picture" 1 "cut-data"
run palette apply gameboy "$bad/gif/one" --dither wild
refused "an unknown pattern" 2 "wild" "bayer4"
run palette merge gameboy --near 7
refused "a distance over 1" 2 "7"
finish
