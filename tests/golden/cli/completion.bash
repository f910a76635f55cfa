# bash completion of spritery
_spritery() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }
    done
    case "$verb" in
    help)
        case "$prev" in
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--json --quiet --verbose --help --version' -- "$cur") ;;
            *) mapfile -t COMPREPLY < <(compgen -W 'help models show version' -- "$cur") ;;
            esac ;;
        esac ;;
    models)
        case "$prev" in
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--verify --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    show)
        case "$prev" in
        --preview | -p) mapfile -t COMPREPLY < <(compgen -W 'auto never always' -- "$cur") ;;
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--preview --json --quiet --verbose --help --version' -- "$cur") ;;
            *) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
            esac ;;
        esac ;;
    version)
        case "$prev" in
        *)
            case "$cur" in
            -*) mapfile -t COMPREPLY < <(compgen -W '--json --quiet --verbose --help --version' -- "$cur") ;;
            *) return ;;
            esac ;;
        esac ;;
    '') mapfile -t COMPREPLY < <(compgen -W 'help models show version --json --quiet --verbose --help --version' -- "$cur") ;;
    esac
}
complete -F _spritery spritery
