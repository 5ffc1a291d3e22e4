import { CaissonError } from '@caisson/contracts';
import type { Command } from 'commander';

/** Words that may follow a path of commands: subcommands and options. */
export function completionWords(program: Command): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, readonly string[]>();
  const visit = (command: Command, path: string): void => {
    const options = command.options.flatMap((option) => (option.long ? [option.long] : []));
    words.set(path, [...command.commands.map((child) => child.name()), ...options, '--help']);
    for (const child of command.commands) visit(child, `${path}${path ? ' ' : ''}${child.name()}`);
  };
  visit(program, '');
  return words;
}

/** A script for the shell, generated from the commands themselves. */
export function completionScript(program: Command, shell: string): string {
  const words = completionWords(program);
  if (shell === 'bash') return bashScript(words);
  if (shell === 'zsh') return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`;
  if (shell === 'fish') return fishScript(words);
  throw new CaissonError('INVALID_ARGUMENT', { field: 'shell', limit: 'bash, zsh or fish' });
}

function bashScript(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].map(([path, list]) => `    "${path}") words="${list.join(' ')}" ;;`);
  return `_caisson() {
  local path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _caisson caisson
`;
}

function fishScript(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...words].flatMap(([path, list]) => {
    const steps = path === '' ? [] : path.split(' ');
    const seen = steps.map((step) => `__fish_seen_subcommand_from ${step}`).join('; and ');
    const condition = seen || '__fish_use_subcommand';
    return list.map((word) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c caisson -n '${condition}' ${what}`;
    });
  });
  return `${lines.join('\n')}\n`;
}

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for bash, zsh or fish')
    .argument('<shell>')
    .addHelpText('after', '\nExample:\n  $ source <(caisson completion bash)')
    .action((shell: string) => {
      process.stdout.write(completionScript(program, shell));
    });
}
