import type { Edit } from "@lexiscope/contract";
import { formatEditText } from "@lexiscope/contract/edit-text";

/** The address of a new conversation with these edits set and this question written. */
export function chatLink({ atlas, edits, prompt }: { atlas: string | undefined; edits: readonly Edit[]; prompt: string }): string {
  const query = new URLSearchParams();
  if (atlas !== undefined) query.set("atlas", atlas);
  for (const edit of edits) query.append("edit", formatEditText(edit));
  if (prompt.trim() !== "") query.set("prompt", prompt);
  const text = query.toString();
  return text === "" ? "/chat" : `/chat?${text}`;
}
