#!/bin/sh
# The command line: what is refused and how, exit statuses, streams.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"

run
refused "nothing asked" 2 "spritery: what is to be done?"
run hlep
refused "a command misspelt" 2 "there is no command 'hlep'; did you mean 'help'?"
run --verison
refused "a common option misspelt" 2 "spritery has no option --verison; did you mean --version?"
run help hepl
refused "help for a command misspelt" 2 "there is no command 'hepl'; did you mean 'help'?"
run show
refused "an operand missing" 2 "show needs FILE...; see 'spritery help show'"
run show --preview sometimes x.png
refused "a word of three" 2 '--preview is "sometimes"; it must be auto, never or always'
run help show what
refused "an operand too many" 2 'help does not know what to do with "what"'
run completion tcsh
refused "an unknown shell" 2 'the shell is "tcsh"; it must be one of bash, fish, zsh'

run --version
is "--version says it on standard output" "$status:$out:$err" "0:$("$program" version):"
run show --version
is "--version wins after a command too" "$status:$out" "0:$("$program" version)"
run version --json
is "version as JSON" "$(printf '%s' "$out" | tr -d ' ' | cut -c1-32)" '{"program":"spritery","version":'
run --help
is "--help is help" "$status:$(printf '%s' "$out" | head -n 1)" "0:spritery - words to game-ready pixel art, on your own machine"
run show -h
is "-h after a command is its help" "$(printf '%s' "$out" | head -n 1)" "spritery show - show a picture and how it was made"
run --json show nothing.png
is "a failure as JSON" "$status:$err" '1:{"error":"not_found","message":"cannot open nothing.png: No such file or directory"}'
run help
case $out in
*"$(printf '\033')"*) not_ok "no colours into a pipe" ;;
*) ok "no colours into a pipe" ;;
esac

run jobs vot
refused "a verb that is nearly one" 2 "there is no 'jobs vot'; did you mean 'jobs vote'?"
run jobs --to top
refused "another verb's option" 2 "--to does not belong to 'jobs list'"

if [ -w /dev/full ]; then
    "$program" help >/dev/full 2>message
    status=$?
    is "a full output is a failure" "$status:$(cat message)" "1:spritery: cannot write to standard output: No space left on device"
    rm -f message
fi
{ "$program" help 2>message; echo $? >ended; } | :
sleep 0.1
is "a reader that went away is no noise" "$(cat message)" ""
finish
