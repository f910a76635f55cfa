#compdef spritery
# zsh completion of spritery
_spritery() {
    if ((CURRENT == 2)); then
        local -a commands=(
            'help:say what there is, or what a command does'
            'models:list models\: size, words, licence, checksum; verify them'
            'show:show a picture and how it was made'
            'version:print the program'\''s version'
        )
        _describe command commands
        return
    fi
    local verb=$words[2]
    shift words
    ((CURRENT--))
    case $verb in
    (help)
        _arguments -s -S \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:\[COMMAND\]:(help models show version)'
        ;;
    (models)
        _arguments -s -S \
            '--verify[say of each model that it is sound]' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:\[MODEL...\]:_files'
        ;;
    (show)
        _arguments -s -S \
            '(-p --preview)'{-p+,--preview=}'[show the picture\: auto (on a terminal), never or always]:WHEN:(auto never always)' \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            '*:FILE...:_files'
        ;;
    (version)
        _arguments -s -S \
            '--json[results as JSON on standard output, one object per line]' \
            '(-q --quiet)'{-q,--quiet}'[say nothing but failures]' \
            '(-v --verbose)'{-v,--verbose}'[say more]' \
            '(-h --help)'{-h,--help}'[this help]' \
            '--version[the program'\''s version]' \
            && return
        ;;
    esac
}
if [ "$funcstack[1]" = _spritery ]; then
    _spritery "$@"
else
    compdef _spritery spritery
fi
