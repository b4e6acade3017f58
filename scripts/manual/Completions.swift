/// What a word of the command line may be, for completion.
enum Kind: String {
    case file, folder, model, sensor, chip, request, none

    /// By the word that stands for it in the table.
    init(_ word: String) {
        switch word {
        case "FILE", "FILE|-", "CAPTURE", "F": self = .file
        case "DIR": self = .folder
        case "MODEL": self = .model
        case "SENSOR": self = .sensor
        case "CHIP": self = .chip
        default: self = .none
        }
    }
}

/// One argument of a command: the words it may be, or its kind.
struct Argument {
    var name: String
    var words: [String] = []
    var kind = Kind.none
}

extension Command {
    var arguments: [Argument] {
        usage.split(separator: " ").map { part in
            let word = String(part.filter { $0 != "[" && $0 != "]" })
            if name == "command" { return word == "NAME" ? Argument(name: word, words: daemonCommands) : Argument(name: word, kind: .request) }
            let choices = word.split(separator: "|").map(String.init)
            if choices.count > 1, choices.allSatisfy({ $0 == $0.lowercased() && $0 != "-" }) { return Argument(name: word, words: choices) }
            return Argument(name: word, kind: Kind(word))
        }
    }
}

/// Every option of every command, once; an option has one meaning wherever it stands.
private let everyOption: [Option] = {
    var result = commonOptions
    for command in commands { for entry in command.options where !result.contains(where: { $0.name == entry.name }) { result.append(entry) } }
    return result
}()

private func flags(_ options: [Option]) -> String { options.map { "--" + $0.name }.joined(separator: " ") }

/// For bash, without the helpers of the package bash-completion.
func bashCompletion() -> String {
    var text = """
        # Made by scripts/make-manual: completion of godwit and godwitd for bash.
        # shellcheck shell=bash

        # What of KIND begins with the word at hand.
        _godwit_words() {
            local kind=$1
            shift
            case $kind in
                file) compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
                folder) compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
                model) mapfile -t COMPREPLY < <(compgen -W "$("$program" sensors 2> /dev/null | sed -n '/^$/q; s/ .*//p')" -- "$cur") ;;
                sensor | output | alert)
                    mapfile -t COMPREPLY < <(compgen -W "$("$program" check --print "${config[@]}" 2> /dev/null |
                        sed -n "/^${kind}s:/,/^[^ -]/s/^ *-\\{0,1\\} *{\\{0,1\\}id: *\\([a-z0-9_-]*\\).*/\\1/p")" -- "$cur") ;;
                chip) mapfile -t COMPREPLY < <(cd /dev && compgen -G 'gpiochip*' | while read -r cur_chip; do
                    [[ $cur_chip == "$cur"* ]] && echo "$cur_chip"; done) ;;
                words) mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur") ;;
            esac
        }

        _godwit() {
            local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} name= index=0 i word option= config=()
            COMPREPLY=()
            # bash takes "--config=FILE" and "sensor=ID" for three words.
            [[ $cur == '=' ]] && cur=
            for ((i = 1; i < COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                [[ $word == '=' ]] && continue
                if [[ -n $option ]]; then
                    [[ $option == --config ]] && config=(--config "${word/#\\~/$HOME}")
                    option=
                    continue
                fi
                case $word in

        """
    text += "            \(everyOption.filter { $0.value != nil }.map { "--" + $0.name }.joined(separator: " | "))) option=$word ;;\n"
    text += """
                    -*) ;;
                    *) if [[ -z $name ]]; then name=$word; elif [[ ${COMP_WORDS[i - 1]} != '=' ]]; then ((index++)); request=${request:-$word}; fi ;;
                esac
            done
            case $option in

        """
    for entry in everyOption {
        guard let value = entry.value else { continue }
        text += "        --\(entry.name)) _godwit_words \(Kind(value).rawValue); return ;;\n"
    }
    text += "    esac\n    case $name in\n"
    text += "        '') if [[ $cur == -* ]]; then _godwit_words words \(flags(commonOptions)); else _godwit_words words \(commands.map(\.name).joined(separator: " ")); fi ;;\n"
    for command in commands {
        text += "        \(command.name))\n            if [[ $cur == -* ]]; then _godwit_words words \(flags(command.options + commonOptions)); return; fi\n"
        let arguments = command.arguments
        if !arguments.isEmpty {
            text += "            case $index in\n"
            for (index, argument) in arguments.enumerated() {
                let isLast = argument.kind == .request
                text += "                \(isLast ? "*" : "\(index)")) "
                if isLast {
                    text += "_godwit_request ;;\n"
                } else if argument.words.isEmpty {
                    text += "_godwit_words \(argument.kind.rawValue) ;;\n"
                } else {
                    text += "_godwit_words words \(argument.words.joined(separator: " ")) ;;\n"
                }
            }
            text += "            esac\n"
        }
        text += "            ;;\n"
    }
    text += """
            esac
        }

        # KEY=VALUE of `godwit command`: the ids behind sensor=, alert= and id=.
        _godwit_request() {
            local key=
            if [[ ${COMP_WORDS[COMP_CWORD]} == '=' ]]; then
                key=${COMP_WORDS[COMP_CWORD - 1]}
            elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then
                key=${COMP_WORDS[COMP_CWORD - 2]}
            fi
            case $key in
                sensor | alert) _godwit_words "$key" ;;
                id | output) _godwit_words output ;;
                state) _godwit_words words on off toggle ;;
                '')
                    compopt -o nospace 2> /dev/null
                    case $request in
                        read) _godwit_words words sensor= ;;
                        acknowledge) _godwit_words words alert= ;;
                        mute) _godwit_words words alert= for= ;;
                        output) _godwit_words words id= state= for= expires= ;;
                    esac ;;
            esac
        }

        _godwitd() {
            local cur=${COMP_WORDS[COMP_CWORD]} word=${COMP_WORDS[COMP_CWORD - 1]}
            COMPREPLY=()
            [[ $cur == '=' ]] && cur=
            [[ $word == '=' ]] && word=${COMP_WORDS[COMP_CWORD - 2]}
            case $word in

        """
    for entry in daemonOptions where !entry.value.isEmpty {
        text += "        --\(entry.name)) _godwit_words \(Kind(entry.value).rawValue) ;;\n"
    }
    text += "        *) _godwit_words words \(daemonOptions.map { "--" + $0.name }.joined(separator: " ")) ;;\n    esac\n}\n\n"
    text += "complete -F _godwit godwit\ncomplete -F _godwitd godwitd\n"
    return text.replacing("local program=${COMP_WORDS[0]} cur", with: "local request= program=${COMP_WORDS[0]} cur")
}

/// For zsh.
func zshCompletion() -> String {
    func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''").replacing("[", with: "\\[").replacing("]", with: "\\]").replacing(":", with: "\\:") + "'"
    }
    func action(_ kind: Kind) -> String {
        switch kind {
        case .file: "_files"
        case .folder: "_files -/"
        case .model: "_godwit_models"
        case .sensor: "_godwit_sensors"
        case .chip: "_godwit_chips"
        case .request, .none: ""
        }
    }
    func spec(_ name: String, _ value: String?, _ summary: String) -> String {
        let text = quoted(summary).dropFirst().dropLast()
        return "'--\(name)[\(text)]" + (value.map { ":\($0):\(action(Kind($0)))" } ?? "") + "'"
    }
    var text = """
        #compdef godwit godwitd
        # Made by scripts/make-manual: completion of godwit and godwitd for zsh.

        _godwit_models() { compadd -- ${(f)"$(godwit sensors 2> /dev/null | sed -n '/^$/q; s/ .*//p')"} }
        _godwit_sensors() {
            compadd -- ${(f)"$(godwit check --print ${opt_args[--config]:+--config ${opt_args[--config]}} 2> /dev/null |
                sed -n '/^sensors:/,/^[^ -]/s/^ *-\\{0,1\\} *{\\{0,1\\}id: *\\([a-z0-9_-]*\\).*/\\1/p')"}
        }
        _godwit_chips() { compadd -- /dev/gpiochip*(N:t) }

        _godwit() {
            local curcontext=$curcontext state line
            typeset -A opt_args
            if [[ $service == godwitd ]]; then
                _arguments \\

        """
    text += daemonOptions.map { "            \(spec($0.name, $0.value.isEmpty ? nil : $0.value, $0.summary))" }.joined(separator: " \\\n")
    text += "\n        return\n    fi\n    local -a common commands\n    common=(\n"
    for entry in commonOptions { text += "        \(spec(entry.name, entry.value, entry.summary))\n" }
    text += "    )\n    commands=(\n"
    for command in commands { text += "        \(quoted(command.name).dropLast()):\(quoted(command.summary).dropFirst())\n" }
    text += """
            )
            _arguments -C $common '1: :->command' '*:: :->argument' && return
            case $state in
                command) _describe command commands ;;
                argument)
                    case $words[1] in

        """
    for command in commands {
        var specs = command.options.map { spec($0.name, $0.value, $0.summary) }
        for (index, argument) in command.arguments.enumerated() {
            let place = argument.kind == .request ? "*" : "\(index + 1)"
            let what = argument.words.isEmpty ? action(argument.kind) : "(\(argument.words.joined(separator: " ")))"
            specs.append("'\(place):\(argument.name.replacing(":", with: "")):\(what)'")
        }
        text += "                \(command.name)) _arguments $common\(specs.map { " \\\n                    " + $0 }.joined()) ;;\n"
    }
    return text + "            esac ;;\n    esac\n}\n\n_godwit \"$@\"\n"
}
