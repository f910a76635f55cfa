#!/bin/sh
# Everything a person, a file or a file system can get wrong: a clear sentence, a non-zero exit, nothing left behind.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
model=$root/models/sprite32.safetensors
keep=

run generate
refused "no prompt" 2 "say what to draw"
run generate ""
refused "an empty prompt" 2 "the prompt is empty"
run generate "   "
refused "a blank prompt" 2 "the prompt is empty"
run generate "$(head -c 102400 /dev/zero | tr '\0' a)"
refused "a prompt of 100 kB" 2 "the prompt is 102400 characters long; at most 10000 are allowed"
run generate "$(printf 'orc \377\376')"
refused "invalid UTF-8" 2 "the prompt is not UTF-8: byte 0xFF at offset 4"
run generate "$(printf 'orc \033[2J')"
refused "an escape sequence" 2 "the prompt has a control character (0x1B) at offset 4"
run generate "xyzzyq"
refused "a prompt that means nothing" 2 "xyzzyq"
for row in "--size 0" "--size 100000" "--size 33" "--guidance nan" "--guidance inf" "--guidance -1" "--steps 0" \
    "--steps 201" "--steps 1e9" "--seed -1" "--seed 18446744073709551616" "--count 0" "--count 1001" "--strength 2" \
    "--sampler fast" "--colors 0" "--colors 257" "--scale 0" "--scale 33" "--threads 0" "--threads 257" "--format jpeg" \
    "--format bmp" "--out x.jpg"; do
    # shellcheck disable=SC2086 # a flag and its value
    run generate orc $row
    refused "$row" 2 "${row%% *}"
done
run generate orc --mask m.png
refused "a mask without a picture" 2 "--mask needs --init"
run generate orc --colors 4 --palette p.png
refused "colours and a palette" 2 "--colors and --palette exclude each other"
run generate orc elf --out one.png
refused "two pictures, one file" 2 "--out one.png is one file, but 2 pictures are asked for"

# Model files.
run generate orc --model nothing
refused "an unknown model" 1 'no model "nothing"; there is sprite32'
run generate orc --model ./nothing.safetensors
refused "a model that is not there" 1 "./nothing.safetensors: No such file"
run generate orc --model "$work/"
refused "a folder for a model" 1 "$work/"
bad_model() { # NAME WORDS, with the file in bad.safetensors
    keep=bad.safetensors
    run generate orc --model ./bad.safetensors
    refused "a model $1" 1 bad.safetensors "$2"
    run models ./bad.safetensors
    refused "models: a model $1" 1 bad.safetensors "$2"
}
: >bad.safetensors
bad_model "that is empty" "0 bytes"
head -c 100 "$model" >bad.safetensors
bad_model "cut in the header" ""
head -c 1000000 "$model" >bad.safetensors
bad_model "cut in the numbers" ""
printf '\377\377\377\377\377\377\377\177{}' >bad.safetensors
bad_model "with a huge header" "header of 9223372036854775807 bytes"
head -c 4000 /dev/urandom >bad.safetensors
bad_model "of noise" ""
printf '\002\000\000\000\000\000\000\000{}' >bad.safetensors
bad_model "without a tensor" ""
json='{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}    '
printf '\120\000\000\000\000\000\000\000%-80s\001\002\003\004' "$json" >bad.safetensors
bad_model "whose shape overflows" ""
if [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null 2>&1; then
    cp "$model" bad.safetensors
    chmod 000 bad.safetensors
    chmod 755 .
    if [ "$(id -u)" = 0 ]; then
        keep=bad.safetensors
        setpriv --reuid 65534 --regid 65534 --clear-groups "$program" models ./bad.safetensors >/dev/null 2>"$work.err"
        status=$?
        err=$(cat "$work.err")
        rm -f "$work.err"
        case $err in
        *"cannot execute"*) skip "a model that may not be read" "nobody cannot run the program" ;;
        *) refused "a model that may not be read" 1 "Permission denied" ;;
        esac
    else
        bad_model "that may not be read" "Permission denied"
    fi
    chmod 600 bad.safetensors
else
    skip "a model that may not be read" "root without setpriv"
fi
rm -f bad.safetensors

# Picture files, as input and for show.
bad_picture() { # NAME, with the file in bad.png
    keep=bad.png
    run show bad.png
    refused "show: a PNG $1" 1 bad.png
    run generate orc --init bad.png --steps 1
    refused "--init: a PNG $1" 1 "--init bad.png"
    run generate --like bad.png
    refused "--like: a PNG $1" 1 bad.png
}
"$program" generate orc -s 1 --steps 1 -o good.png --preview never >/dev/null 2>&1
mv good.png .. && mv ../good.png "$work.good"
: >bad.png
bad_picture "that is empty"
head -c 60 "$work.good" >bad.png
bad_picture "that is cut"
{ head -c 33 "$work.good"; head -c 300 /dev/urandom; } >bad.png
bad_picture "with noise behind the header"
printf '\211PNG\r\n\032\n\000\000\000\rIHDR\177\377\377\377\177\377\377\377\010\006\000\000\000\000\000\000\000' >bad.png
bad_picture "of 2 billion pixels a side"
cat "$model" >bad.png
bad_picture "that is something else"
rm -f bad.png
keep=
run generate --like nothing.png
refused "--like: no file" 1 "nothing.png: No such file"
cp "$root"/tests/bad/*.png . 2>/dev/null
for hostile in *.png; do
    [ -f "$hostile" ] || continue
    run show "$hostile"
    if [ "$status" = 0 ] || [ "$status" = 1 ]; then ok "show survives $hostile"; else not_ok "show survives $hostile" "$status" "$err"; fi
done
rm -f ./*.png "$work.good"

# Places that cannot be written.
mkdir locked
keep=
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
    chmod 755 .
    # shellcheck disable=SC2086 # a command and its words
    if $nobody test -x "$program" && $nobody test -r "$model"; then
        $nobody "$program" generate orc --steps 1 --out locked >/dev/null 2>"$work.err"
        status=$?
        err=$(cat "$work.err")
        rm -f "$work.err"
        refused "a folder that may not be written" 1 "cannot write locked/orc-" "Permission denied"
    else
        skip "a folder that may not be written" "nobody cannot reach the program or its model"
    fi
elif [ "$(id -u)" != 0 ]; then
    chmod 555 locked
    run generate orc --steps 1 --out locked
    refused "a folder that may not be written" 1 "cannot write locked/orc-" "Permission denied"
else
    skip "a folder that may not be written" "root without setpriv"
fi
run generate orc --steps 1 --out /proc/nothing
refused "a folder that cannot be made" 1 "/proc/nothing"
: >file
keep="file"
run generate orc --steps 1 --out file
refused "a file in the folder's place" 1 "file"
run generate orc --steps 1 --out file/x.png
refused "a file on the way" 1 "file/x.png"
cp file x.png
keep="file x.png"
run generate orc --steps 1 --out x.png
refused "a file that is there already" 1 "x.png exists already; --force replaces it"
rm -f file x.png
keep=

# A full disk: a small tmpfs where mounting is allowed; a limit on file size everywhere.
mkdir small
# shellcheck disable=SC2317 # tap.sh calls it
cleanup() { umount "$work/small" 2>/dev/null; }
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=16k none small 2>/dev/null; then
    head -c 20000 /dev/zero >small/filler 2>/dev/null
    keep=small/filler
    run generate orc --steps 1 --out small
    refused "a full disk" 1 "No space left on device"
    umount small
    keep=
else
    skip "a full disk" "mounting a tmpfs is not allowed"
fi
err=$(
    ulimit -f 0
    "$program" generate orc --steps 1 2>&1 >/dev/null
    echo "status $?"
)
status=${err##*status }
refused "a limit on file sizes" 1 "File too large"
finish
