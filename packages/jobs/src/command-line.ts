/** What a person would type for these arguments, quoted for a POSIX shell. */
export function commandLine(argv: readonly string[]): string {
  return ["lexiscope", ...argv.map(quoted)].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
