/** Characters, members of one list, and levels that are shown. */
const most = { characters: 120, members: 8, levels: 3 };

/** A value from a stranger's file as an error quotes it: like JSON, but short, and of any depth without recursion's end. */
export function brief(value: unknown): string {
  const text = show(value, most.levels);
  return text.length <= most.characters ? text : `${text.slice(0, most.characters).toWellFormed()}…`;
}

function show(value: unknown, levels: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, most.characters));
  if (typeof value !== "object" || value === null) return String(value);
  if (levels === 0) return Array.isArray(value) ? "[…]" : "{…}";
  const members: string[] = [];
  const within = (member: unknown): string => show(member, levels - 1);
  if (Array.isArray(value)) for (const item of value.slice(0, most.members)) members.push(within(item));
  else
    for (const key in value) {
      if (members.length === most.members) break;
      members.push(`${show(key, 0)}:${within((value as Record<string, unknown>)[key])}`);
    }
  const text = `${members.join(",")}${members.length === most.members ? ",…" : ""}`;
  return Array.isArray(value) ? `[${text}]` : `{${text}}`;
}
