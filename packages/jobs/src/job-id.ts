import { randomInt } from "node:crypto";
import { LexiscopeError } from "@lexiscope/core";
import { jobKinds } from "@lexiscope/contract";
import type { JobKind } from "./types.ts";

const letters = "0123456789abcdefghijklmnopqrstuvwxyz";
/** The random part: 31 bits, so that two jobs of one second do not meet and a name is not found by counting. */
const randomLetters = 6;

/** Names reach us in URLs: nothing but this pattern becomes part of a path. */
const pattern = new RegExp(`^\\d{8}-\\d{6}-(?:${jobKinds.join("|")})-[0-9a-z]{${randomLetters}}$`);

/** `20261123-034500-train-ab12cd`: UTC, so that names sort by time. */
export function newJobId(kind: JobKind, now = new Date()): string {
  const digits = now.toISOString().replaceAll(/\D/g, "");
  const random = Array.from({ length: randomLetters }, () => letters[randomInt(letters.length)]).join("");
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${kind}-${random}`;
}

export function isJobId(id: string): boolean {
  return pattern.test(id);
}

/** Refuses everything that is no job's name, before it touches a path. */
export function checkJobId(id: string): void {
  if (isJobId(id)) return;
  throw new LexiscopeError("invalid_input", `${JSON.stringify(id.slice(0, 80))} is no job's id`, {
    field: "id",
    hint: "ids look like 20261123-034500-train-ab12cd; the list of jobs has them",
  });
}
