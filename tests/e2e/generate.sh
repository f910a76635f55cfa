#!/bin/sh
# What `generate` promises: the same bytes whenever the same is asked for, whatever it runs on; names; batches; --like.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
fast='--steps 3 --preview never'

# draw FOLDER ARGUMENTS...: fails the script's test of the same name where the program fails.
draw() {
    folder=$1
    shift
    # shellcheck disable=SC2086 # a list of words
    run generate $fast --out "$folder" "$@"
    [ "$status" = 0 ] || not_ok "generate $*" "exit status $status" "$err"
}

same() { # NAME FILE FILE
    if cmp -s "$2" "$3"; then ok "$1"; else not_ok "$1" "$(sha "$2") $2" "$(sha "$3") $3"; fi
}

SPRITERY_THREADS=1 draw one "red dragon" --seed 7
is "the file is named by prompt and seed" "$(files)" "one/red-dragon-7.png"
is "standard output names it" "$out" "one/red-dragon-7.png"
case $err in
*dragon*) ok "standard error says what was understood" ;;
*) not_ok "standard error says what was understood" "$err" ;;
esac
SPRITERY_THREADS=2 draw two "red dragon" --seed 7
same "the same bytes on 1 and 2 threads" one/red-dragon-7.png two/red-dragon-7.png
draw two "red dragon" --seed 7 --threads 3
is "a taken name gets a number" "$out" "two/red-dragon-7-2.png"
same "the same bytes again, on 3 threads" one/red-dragon-7.png two/red-dragon-7-2.png
before=$(sha two/red-dragon-7.png)
draw two "red dragon" --seed 8 --force --out two/red-dragon-7.png
is "--force replaces" "$([ "$before" = "$(sha two/red-dragon-7.png)" ] && echo the same)" ""

# Every option that decides pixels, then --like.
"$program" generate "blue potion" -s 1 --steps 2 --scale 2 -o init.png --preview never >/dev/null 2>&1
draw all "golden sword" --negative "axe" --blend "blue ring" --blend-amount 0.25 --guidance 2.5 --sampler heun \
    --seed 18446744073709551615 --vary 0.3 --vary-seed 9007199254740993 --init init.png --strength 0.8 --mask init.png \
    --tile --colors 5 --scale 3
made=$(printf '%s' "$out" | head -n 1)
run generate --like "$made" --out again --preview never
same "--like makes the same bytes from every option" "$made" "again/$(basename "$made")"
run show --json "$made"
if command -v jq >/dev/null 2>&1; then
    is "show --json has exact seeds" "$(printf '%s' "$out" | jq -r '.request | .seed + " " + .vary_seed')" \
        "18446744073709551615 9007199254740993"
    is "and sizes" "$(printf '%s' "$out" | jq -r '"\(.width) \(.request.size[0]) \(.request.scale)"')" "96 32 3"
fi
run show "$made"
is "show says how far it was blended" "$(printf '%s' "$out" | grep -c -e 'blend-amount *0.25' -e 'vary-seed *9007')" 2
draw plain "red dragon" --seed 7
run show plain/red-dragon-7.png
is "and nothing of what was not asked for" "$(printf '%s' "$out" | grep -c -e blend -e vary-seed)" 0
for sampler in euler heun ancestral dpm; do
    draw "s1" "orc" --seed 3 --sampler $sampler --threads 1
    draw "s2" "orc" --seed 3 --sampler $sampler --threads 2
    same "$sampler gives the same bytes on 1 and 2 threads" s1/orc-3.png s2/orc-3.png
    run generate --like s1/orc-3.png --out "s3" --preview never
    same "$sampler through --like" s1/orc-3.png s3/orc-3.png
    rm -r s1 s2 s3
done
draw half "red dragon" --seed 7 --precision bf16
if cmp -s half/red-dragon-7.png plain/red-dragon-7.png; then not_ok "bf16 is another picture"; else ok "bf16 is another picture"; fi
for kernels in avx512bf16 avx512 avx2 neon; do
    SPRITERY_KERNELS=$kernels run generate --like half/red-dragon-7.png --out "half-$kernels" --preview never
    case $err in
    *SPRITERY_KERNELS*) ok "no $kernels here # SKIP" ;;
    *) same "bf16 by $kernels is the same bytes" half/red-dragon-7.png "half-$kernels/red-dragon-7.png" ;;
    esac
done
for size in 16 48 64; do
    draw "size" "orc" --seed 3 --size $size
    run show --json size/orc-3.png
    case $out in
    *"\"width\":$size,\"height\":$size,"*) ok "--size $size" ;;
    *) not_ok "--size $size" "$out" "$err" ;;
    esac
    rm -r size
done
draw palette "blue potion" --seed 3 --palette pico-8
run generate --like palette/blue-potion-3.png --out palette2 --preview never
same "a palette by name through --like" palette/blue-potion-3.png palette2/blue-potion-3.png

run generate zweihander --seed 3 --steps 1 --preview never --out words
case $err in
*"zweihander -> "*sword*) ok "a word that the model does not know means a near one" ;;
*) not_ok "a word that the model does not know means a near one" "$err" ;;
esac

# Batches.
draw batch "gold ring" "battle axe" --seed 5 --count 3
is "a batch: files and a sheet" "$(cd batch && files)" "battle-axe-5.png battle-axe-6.png battle-axe-7.png \
gold-ring-5.png gold-ring-6.png gold-ring-7.png gold-ring-sheet.png"
is "its pictures in order" "$(printf '%s' "$out" | tr '\n' ' ' | cut -c1-41)" "batch/gold-ring-5.png batch/gold-ring-6.p"
draw alone "gold ring" --seed 6
same "a picture of a batch is the picture alone" batch/gold-ring-6.png alone/gold-ring-6.png
printf '# a list\n\n  gold ring \r\nbattle axe\n' >list.txt
draw list --prompts list.txt --seed 6 --no-sheet
is "a list of prompts" "$(cd list && files)" "battle-axe-6.png gold-ring-6.png"
same "a line is a prompt" list/gold-ring-6.png alone/gold-ring-6.png
draw relatives --like alone/gold-ring-6.png --vary 0.2 --count 2 --no-sheet
is "relatives of a seed" "$(cd relatives && files)" "gold-ring-6-v0.png gold-ring-6-v1.png"

run generate "gold ring" xyzzyq --seed 6 --steps 1 --preview never --out some
is "a prompt that means nothing stops no other" "$status:$(cd some && files):$(printf '%s' "$err" | tail -n 1)" \
    "1:gold-ring-6.png:spritery: 1 of 2 prompts were not drawn"

# Streams and formats.
draw json "gold ring" --seed 6 --json
if command -v jq >/dev/null 2>&1; then
    is "--json names the file and the request" "$(printf '%s' "$out" | jq -r '"\(.file) \(.request.seed) \(.request.prompt)"')" \
        "json/gold-ring-6.png 6 gold ring"
fi
draw quiet "gold ring" --seed 6 --quiet
is "--quiet is quiet" "$out$err" ""
for format in webp gif; do
    draw "$format" "gold ring" --seed 6 --format $format
    run show --json "$format/gold-ring-6.$format"
    case $out in
    *'"width":32,"height":32'*) ok "--format $format" ;;
    *) not_ok "--format $format" "$out$err" ;;
    esac
done
draw . "gold ring" --seed 6 --out one.gif
is "the name decides the format" "$(head -c 3 one.gif)" "GIF"
run generate "gold ring" --seed 6 --steps 2 --preview live.png --out live
is "a preview file holds the finished picture at the end" "$(head -c 4 live.png | tail -c 3)" "PNG"

# Sheets: an animation, a tile set.
draw sheet "gold ring" --seed 6 --frames 3
is "an animation is a sheet and its frames" "$(cd sheet && files)" \
    "gold-ring-6.png gold-ring-6_01.png gold-ring-6_02.png gold-ring-6_03.png"
run show --json sheet/gold-ring-6.png
case $out in *'"width":96,"height":32'*) ok "three frames in a row" ;; *) not_ok "three frames in a row" "$out" ;; esac
run generate --like sheet/gold-ring-6.png --embedded --preview never -q -o liked.png
is "like it: the same sheet" "$(sha liked.png)" "$(sha sheet/gold-ring-6.png)"
draw . "gold ring" --seed 6 --frames 3 --out moves.gif
run show --json moves.gif
case $out in *'"frames":3'*) ok "as GIF it moves" ;; *) not_ok "as GIF it moves" "$out" ;; esac
is "and needs no frames beside it" "$(find . -name 'moves*' | wc -l)" 1
draw tiles "stone floor" --seed 6 --grid 2x2
is "a tile set and its tiles" "$(cd tiles && files | wc -w)" 5
while IFS='|' read -r words options; do
    # shellcheck disable=SC2086 # a list of options
    run generate x $options
    case $status:$err in 2:*"$words"*) ok "refused: $options" ;; *) not_ok "refused: $options" "$status $err" ;; esac
done <<END
COLUMNSxROWS|--grid 2x
at most 256|--grid 17x16
exclude each other|--grid 2x2 --frames 2
--scale|--frames 256 --scale 32 --size 64
END
# Of words that no sketch has all of, the one that the others describe decides (strength 0: the sketch itself).
draw beetle-both.webp "boulder beetle" --seed 4 --strength 0
draw beetle-one.webp "beetle" --seed 4 --strength 0
same "a boulder beetle is a beetle" beetle-both.webp beetle-one.webp
draw names "../../etc/passwd ring" --seed 1
is "no prompt leaves the folder" "$(cd names && files)" "etc-passwd-ring-1.png"
finish
