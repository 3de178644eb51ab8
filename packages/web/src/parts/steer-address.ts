import type { Edit } from "@lexiscope/contract";
import { formatEditText, parseEditText } from "@lexiscope/contract/edit-text";
import { newDial, type Dialed } from "./dial-units.ts";

export const firstQuestion = "Tell me a story about a journey.";

/** Longest question that the address carries. */
const addressLimit = 2000;

/** The question and the dial that an address of a feature's page asks for; what it does not say, or says of another feature, is as at first. */
export function readSteering(params: URLSearchParams, feature: number, maximum: number): { question: string; dial: Dialed } {
  const text = params.get("edit");
  const parsed = text === null ? undefined : parseEditText(text);
  const edit = parsed?.ok === true && parsed.edit.feature === feature ? parsed.edit : undefined;
  return {
    question: params.get("steer") ?? firstQuestion,
    dial: edit ? { edit, muted: false } : newDial(feature, maximum),
  };
}

/** What of the address changes with them; null where they are as at first. */
export function steeringAddress(
  { question, edit }: { question: string; edit: Edit },
  maximum: number,
): { steer: string | null; edit: string | null } {
  const text = formatEditText(edit);
  const atFirst = text === formatEditText(newDial(edit.feature, maximum).edit);
  return {
    steer: question === firstQuestion || question.length > addressLimit ? null : question,
    edit: atFirst ? null : text,
  };
}
