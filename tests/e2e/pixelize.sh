#!/bin/sh
# spritery pixelize: sprites that the program made, enlarged, come back; options, refusals, reports.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

# Two sprites as they are, and the same eight times as large.
mkdir small large
for name in a b; do
    seed=7
    [ $name = a ] || seed=8
    run generate "blue potion" --seed $seed --steps 4 --out small/$name.png --preview never
    run generate "blue potion" --seed $seed --steps 4 --scale 8 --out large/$name.png --preview never
done
is "there are enlarged sprites" "$("$program" show --json large/a.png | tr -d ' ' | grep -o '"width":[0-9]*' | head -n 1)" '"width":256'

# The pixels of a picture, whatever its file says besides: enlarged once more without papers.
pixels() { "$program" pixelize "$1" --cell "$2" --out "$3" --preview never -q >"$work.log" 2>&1 && sha "$3"; }

run pixelize large/a.png --out back.png
is "a grid is found" "$status:$err" "0:"
case $out in
*"back.png: 32 x 32 pixels, "*"cells of 8 x 8"*) ok "the result is told" ;;
*) not_ok "the result is told" "$out" ;;
esac
is "every pixel comes back" "$(sha back.png)" "$(pixels small/a.png 1 same.png)"

run pixelize large/a.png --out back.png
is "nothing is replaced" "$status:$err" "1:spritery: back.png exists already; --force replaces it"
run pixelize large/a.png --out back.png --force
is "but with --force" "$status" "0"
run pixelize large/a.png
is "without --out it is here" "$status:$([ -f a-pixel.png ] && echo there)" "0:there"

run pixelize large -o one --threads 1
is "a folder, one thread" "$status:$(printf '%s\n' "$out" | cut -d: -f1 | tr '\n' ' ')" "0:one/a.png one/b.png "
run pixelize large -o two --threads 2
is "two threads make the same bytes" "$(sha one/a.png)$(sha one/b.png)" "$(sha two/a.png)$(sha two/b.png)"
run pixelize large
refused_status=$status
is "a folder needs --out" "$refused_status:$err" "2:spritery: large is a folder: --out must say which folder the results go to"
mkdir other
cp large/b.png other/a.png
run pixelize large/a.png other/a.png -o three
case "$status:$err" in
"2:"*"would both become three/a.png"*) ok "two results of one name are refused" ;;
*) not_ok "two results of one name are refused" "$status:$err" ;;
esac

run pixelize large/a.png --json --out json.png
case $out in
'{"file":"large/a.png","input":{"width":256,"height":256},"cell":{"x":8.0,"y":8.0},"phase":{"x":0.0,"y":0.0},"elastic":false,"rotation":0.0,'*'"refused":null,"out":"json.png","width":32,"height":32,'*) ok "the report as JSON" ;;
*) not_ok "the report as JSON" "$out" ;;
esac

run pixelize large/a.png --scale 3 --colors 4 --palette pico-8 --out x.png
is "options that exclude each other" "$status" "2"
run pixelize large/a.png --scale 3 --colors 4 --out x.png
is "few colours, enlarged" "$status:$("$program" show --json x.png | tr -d ' ' | grep -o '"width":[0-9]*')" '0:"width":96'
run pixelize large/a.png --cell 16 --out c.png
case $out in
*"16 x 16 pixels"*) ok "a cell by hand" ;;
*) not_ok "a cell by hand" "$out" ;;
esac
run pixelize large/a.png --grid 4,4,8,8 --out g.png
is "a grid by hand" "$status" "0"
run pixelize large/a.png --to 20x16 --palette pico-8 --dither bayer4:0.5 --out t.png
case $out in
*"20 x 16 pixels"*) ok "a size by hand" ;;
*) not_ok "a size by hand" "$out" ;;
esac
run pixelize large/a.png large/b.png --sequence -o seq
is "a sequence" "$status:$(printf '%s\n' "$out" | wc -l | tr -d ' ')" "0:2"

run pixelize large/a.png --out a.gif
is "the format by the name" "$status:$(head -c 4 a.gif)" "0:GIF8"
# An animation stays one: two frames, enlarged.
if "$program" help animate >/dev/null 2>&1; then
    "$program" animate large/a.png large/b.png --out move.gif >/dev/null 2>&1
    run pixelize move.gif --out still.gif
    case "$status:$out" in
    "0:still.gif: 2 frames of 32 x 32 pixels, "*) ok "an animation stays one" ;;
    *) not_ok "an animation stays one" "$status:$out$err" ;;
    esac
else
    skip "an animation stays one" "there is no animate yet"
fi

for pair in "--cell 0" "--cell 8x" "--cell axb" "--grid 1,2,3" "--to 20" "--to 0x4" "--colors 0" "--colors 300" "--dither x" "--dither bayer2:2" "--background red" "--background color=#12345" "--scale 0" "--format jpeg"; do
    # shellcheck disable=SC2086 # two words
    run pixelize large/a.png $pair --out no.png
    is "refused: $pair" "$status:$([ -e no.png ] && echo made)" "2:"
done
run pixelize nothing.png --out n.png
is "a file that is not there" "$status" "1"
head -c 100 large/a.png >cut.png
run pixelize cut.png large/a.png -o some --json
is "one bad file does not stop the others" "$status:$(printf '%s\n' "$out" | wc -l | tr -d ' '):$([ -f some/a.png ] && echo made)" "1:2:made"

# A flat picture has no grid.
run pixelize large/a.png --to 1x1 --scale 40 --out flat.png
run pixelize flat.png --out f.png --json
case "$status:$out" in
'1:{'*'"refused":"nothing changes in it anywhere"}'*) ok "a flat picture is refused, with the reason" ;;
*) not_ok "a flat picture is refused, with the reason" "$status:$out" ;;
esac
finish
